import { newId } from "../lib/ids.ts";
import { say, type Lang } from "../texts/texts.ts";
import type { Config, PendingFile } from "./types.ts";

const photos = ["image/jpeg", "image/png", "image/webp"];
const videos = ["video/mp4", "video/quicktime", "video/webm", "video/3gpp"];

// accepted is what the button for files offers. A phone turns its own formats into these.
export const accepted = [...photos, ...videos].join(",");
export const acceptedPhotos = photos.join(",");
export const acceptedVideos = videos.join(",");

export const maxFiles = 5; // with one message
const longest = 2560; // pixels of a picture's longer side: the city keeps no larger one

// take looks at files that the visitor chose, and gives those that can be sent and what is wrong with the others.
export async function take(chosen: File[], have: number, limits: Pick<Config, "maxPhoto" | "maxVideo">, lang: Lang): Promise<{ files: PendingFile[]; wrong: string[] }> {
  const files: PendingFile[] = [], wrong: string[] = [];
  for (const f of chosen) {
    const kind = photos.includes(f.type) ? "photo" : videos.includes(f.type) ? "video" : undefined;
    if (!kind) {
      wrong.push(say(lang, "fileKind", { name: f.name }));
      continue;
    }
    const max = kind === "photo" ? limits.maxPhoto : limits.maxVideo;
    const blob = kind === "photo" && f.size > max ? await shrink(f) : f;
    if (blob.size > max) wrong.push(say(lang, "fileTooLarge", { name: f.name, max: Math.floor(max / (1 << 20)) }));
    else if (have + files.length >= maxFiles) {
      wrong.push(say(lang, "fileCount", { max: maxFiles }));
      break;
    } else files.push({ id: newId(), name: f.name, kind, blob });
  }
  return { files, wrong };
}

// shrink makes a picture small enough to send, where the browser can.
async function shrink(f: Blob): Promise<Blob> {
  try {
    const picture = await createImageBitmap(f);
    const by = Math.min(1, longest / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(picture.width * by);
    canvas.height = Math.round(picture.height * by);
    canvas.getContext("2d")!.drawImage(picture, 0, 0, canvas.width, canvas.height);
    return await new Promise((resolve) => canvas.toBlob((b) => resolve(b ?? f), "image/jpeg", 0.85));
  } catch {
    return f;
  }
}
