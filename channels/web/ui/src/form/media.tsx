import { useRef, useState } from "preact/hooks";
import { acceptedPhotos, acceptedVideos, take } from "../chat/files.ts";
import type { PendingFile } from "../chat/types.ts";
import { Waiting } from "../chat/bubble.tsx";
import { wordsOf } from "../account/signin.tsx";
import { Icon } from "../lib/icons.tsx";
import { useSpeech } from "../texts/texts.ts";
import { useFilling } from "./context.ts";
import type { FieldProps } from "./field.tsx";
import { resolve } from "./schema.ts";

const limits = { maxPhoto: 12 << 20, maxVideo: 50 << 20 }; // bytes, as createMediaUpload takes them

// MediaField uploads photos or films, and keeps their ids as the answer.
export function MediaField({ schema, path, value, many }: FieldProps & { many: boolean }) {
  const { t, lang } = useSpeech();
  const { root, gateway, set } = useFilling();
  const [files, setFiles] = useState<Record<string, PendingFile>>({}); // by id: those of this visit
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState<string[]>([]);
  const format = many ? resolve(schema.items ?? {}, root).format : schema.format, video = format === "video";
  const ids = many ? ((value ?? []) as string[]) : typeof value === "string" && value ? [value] : [];
  const max = many ? (schema.maxItems ?? 5) : 1;
  const latest = useRef(ids);
  latest.current = ids;

  const put = (next: string[]) => {
    latest.current = next;
    set(path, many ? next : next[0]);
  };
  const choose = async (e: { currentTarget: HTMLInputElement }) => {
    const input = e.currentTarget, taken = await take([...(input.files ?? [])].slice(0, max - ids.length), 0, limits, lang);
    input.value = "";
    setWrong(taken.wrong);
    setBusy(true);
    for (const f of taken.files) {
      try {
        const id = await gateway.upload(f.blob, f.name);
        setFiles((all) => ({ ...all, [id]: f }));
        put([...latest.current, id]);
      } catch (e) {
        setWrong((w) => [...w, `${f.name}: ${wordsOf(e, t)}`]);
      }
    }
    setBusy(false);
  };
  return (
    <>
      {ids.length > 0 && (
        <ul class="strip">
          {ids.map((id, i) => (
            <li key={id}>
              {files[id] ? <Waiting file={files[id]} /> : <span class="bubble picture film"><Icon name="photo" />{t("formHas")}</span>}
              <button type="button" aria-label={t("formRemove", { n: i + 1 })} onClick={() => put(ids.filter((x) => x !== id))}><Icon name="close" small /></button>
            </li>
          ))}
        </ul>
      )}
      {ids.length < max && (
        <label class="second upload">
          <Icon name={video ? "film" : "photo"} />{t(busy ? "sending" : video ? "formAddVideo" : "formAddPhoto")}
          <input type="file" accept={video ? acceptedVideos : acceptedPhotos} multiple={many} disabled={busy} onChange={choose} />
        </label>
      )}
      <div role="alert">{wrong.map((w, i) => <p key={i} class="wrong">{w}</p>)}</div>
    </>
  );
}
