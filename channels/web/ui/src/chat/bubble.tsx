import { useEffect, useMemo } from "preact/hooks";
import { Icon } from "../lib/icons.tsx";
import { safePicture } from "../lib/links.ts";
import { clock } from "../lib/time.ts";
import { Spot } from "../place/spot.tsx";
import { useSpeech } from "../texts/texts.ts";
import { Blocks, Linked, type Choose } from "./blocks.tsx";
import type { Entry } from "./timeline.ts";
import type { From, Message, Pending, PendingFile, Upload } from "./types.ts";

interface Props {
  entry: Entry;
  first: boolean; // of several lines in a row by the same speaker
  timed: boolean; // whether the time is shown: the last of several lines of one minute
  choose: Choose;
  chosen?: string;
  old: boolean; // its choices have been answered
  tiles: string;
  online: boolean;
  again: (p: Pending) => void;
  discard: (p: Pending) => void;
}

export const speaker = (e: Entry): From => e.line?.from ?? "you";

// Bubble is one line: who speaks, what they say, when, and what became of it.
export function Bubble({ entry, first, timed, choose, chosen, old, tiles, online, again, discard }: Props) {
  const { lang } = useSpeech();
  const { line, pending } = entry;
  const from = speaker(entry);
  const said = line ?? pending!;
  return (
    <article class={`line ${from}${first ? " first" : ""}${old ? " old" : ""}`} data-id={said.id} data-seq={line?.seq} data-from={from} data-state={pending ? state(pending) : "sent"}>
      <Who from={from} name={line?.name} hidden={!first} />
      {line?.uploads?.map((u) => <Media key={u.id} upload={u} mine={from === "you"} />)}
      {pending?.files?.map((f) => <Waiting key={f.id} file={f} />)}
      {said.place && <div class="bubble"><Spot at={said.place} tiles={tiles} /></div>}
      {said.text && <p class="bubble said"><Linked text={said.text} /></p>}
      {line?.blocks && <Blocks blocks={line.blocks} choose={choose} chosen={chosen} tiles={tiles} />}
      <p class={timed || from === "you" ? "meta" : "meta sr"}>
        <time dateTime={said.at}>{clock(said.at, lang)}</time>
        {from === "you" && <Fate line={line} pending={pending} online={online} />}
      </p>
      {pending?.failed !== undefined && <Failed pending={pending} again={again} discard={discard} />}
    </article>
  );
}

const state = (p: Pending) => (p.failed !== undefined ? "failed" : p.sent !== undefined ? "sent" : "sending");

function Who({ from, name, hidden }: { from: From; name?: string; hidden: boolean }) {
  const { t } = useSpeech();
  const who = from === "staff" && name ? t("staffNamed", { name }) : t(from);
  return <p class={hidden ? "who sr" : "who"}>{who}<span class="sr">: </span></p>;
}

function Fate({ line, pending, online }: { line?: Message; pending?: Pending; online: boolean }) {
  const { t } = useSpeech();
  if (pending?.failed !== undefined) return null;
  if (line || pending?.sent !== undefined) return <span class="fate"><Icon name="check" small />{t("sent")}</span>;
  if (!online) return <span class="fate"><Icon name="clock" small />{t("queued")}</span>;
  if (pending?.progress === undefined) return <span class="fate"><Icon name="clock" small />{t("sending")}</span>;
  const n = Math.round(pending.progress * 100);
  return <span class="fate"><progress value={n} max={100} aria-label={t("uploading", { n })} />{t("uploading", { n })}</span>;
}

function Failed({ pending, again, discard }: { pending: Pending; again: (p: Pending) => void; discard: (p: Pending) => void }) {
  const { t } = useSpeech();
  return (
    <div class="failed">
      <p><Icon name="alert" small />{t("failed")}{pending.failed && `: ${pending.failed}`}</p>
      <button type="button" onClick={() => again(pending)}>{t("again")}</button>
      <button type="button" onClick={() => discard(pending)}>{t("discard")}</button>
    </div>
  );
}

function Media({ upload, mine }: { upload: Upload; mine: boolean }) {
  const { t } = useSpeech();
  const src = safePicture(upload.url, location.href);
  if (!src) return <p class="bubble said">{t(upload.kind === "video" ? "video" : mine ? "photoAlt" : "photoAltFrom")}</p>;
  if (upload.kind === "video") return <video class="bubble picture" src={src} controls preload="metadata" aria-label={t("video")} />;
  return (
    <a class="bubble picture" href={src} target="_blank" rel="noopener noreferrer">
      <img src={src} alt={t(mine ? "photoAlt" : "photoAltFrom")} loading="lazy" />
    </a>
  );
}

// Waiting shows a file that is still on this phone.
export function Waiting({ file }: { file: PendingFile }) {
  const { t } = useSpeech();
  const src = useMemo(() => URL.createObjectURL(file.blob), [file.blob]);
  useEffect(() => () => URL.revokeObjectURL(src), [src]);
  if (file.kind === "video") return <span class="bubble picture film"><Icon name="film" />{file.name}</span>;
  return <span class="bubble picture"><img src={src} alt={t("photoAlt")} /></span>;
}
