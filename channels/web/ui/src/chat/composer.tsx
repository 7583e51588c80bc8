import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Icon } from "../lib/icons.tsx";
import { lazy } from "../lib/lazy.tsx";
import { useSpeech } from "../texts/texts.ts";
import { Waiting } from "./bubble.tsx";
import type { Chat } from "./chat.ts";
import { accepted, take } from "./files.ts";
import type { Config, PendingFile } from "./types.ts";

const PlaceDialog = lazy(() => import("../place/dialog.tsx").then((m) => m.PlaceDialog));
const tellLeft = 200; // characters before the end at which the visitor is told

// Composer is where the visitor writes, and adds photos and a place.
export function Composer({ chat, config }: { chat: Chat; config: Config }) {
  const { t, lang } = useSpeech();
  const [text, setText] = useState("");
  const [files, setFiles] = useState<PendingFile[]>([]);
  const [wrong, setWrong] = useState<string[]>([]);
  const [placing, setPlacing] = useState(false);
  const box = useRef<HTMLTextAreaElement>(null);
  const id = useId();

  useLayoutEffect(() => {
    const b = box.current!;
    b.style.height = "auto";
    b.style.height = `${Math.min(b.scrollHeight + 2, 160)}px`;
  }, [text]);
  useEffect(() => { if (matchMedia("(hover: hover)").matches) box.current?.focus({ preventScroll: true }); }, []);

  const send = () => {
    const said = text.trim();
    if (!said && files.length === 0) return;
    void chat.say({ text: said || undefined, files: files.length ? files : undefined });
    setText("");
    setFiles([]);
    setWrong([]);
    box.current?.focus();
  };
  const key = (e: KeyboardEvent) => {
    if (e.key !== "Enter" || e.shiftKey || e.isComposing || e.keyCode === 229) return; // 229: a letter is still being put together
    e.preventDefault();
    send();
  };
  const choose = async (e: { currentTarget: HTMLInputElement }) => {
    const input = e.currentTarget, chosen = [...(input.files ?? [])];
    input.value = "";
    const taken = await take(chosen, files.length, config, lang);
    setFiles([...files, ...taken.files]);
    setWrong(taken.wrong);
  };
  const left = config.maxText - [...text].length;
  return (
    <>
      <form class="composer" id="composer" onSubmit={(e) => { e.preventDefault(); send(); }}>
        <div role="alert">{wrong.map((w, i) => <p key={i} class="wrong"><Icon name="alert" small />{w}</p>)}</div>
        {files.length > 0 && (
          <ul class="strip" aria-label={t("files")}>
            {files.map((f) => (
              <li key={f.id}>
                <Waiting file={f} />
                <button type="button" aria-label={t("removeFile", { name: f.name })} onClick={() => setFiles(files.filter((x) => x !== f))}><Icon name="close" small /></button>
              </li>
            ))}
          </ul>
        )}
        <div class="write">
          <label class="tool" title={t("photo")}>
            <Icon name="photo" /><span class="sr">{t("photo")}</span>
            <input type="file" accept={accepted} multiple data-testid="photo" onChange={choose} />
          </label>
          <button type="button" class="tool" title={t("place")} aria-label={t("place")} aria-haspopup="dialog" data-testid="place" onClick={() => setPlacing(true)}><Icon name="place" /></button>
          <label class="sr" for={id}>{t("composer")}</label>
          <textarea
            ref={box} id={id} class="text" rows={1} value={text} placeholder={t("placeholder")} enterkeyhint="send" autocomplete="off" data-testid="text"
            onInput={(e) => setText(e.currentTarget.value)} onKeyDown={key}
          />
          <button type="submit" class="send" aria-label={t("send")} title={t("send")} data-testid="send" disabled={left < 0 || (!text.trim() && files.length === 0)}><Icon name="send" /></button>
        </div>
        <p class={left < 0 ? "left wrong" : "left hint"} role="status">{left < tellLeft && t("left", { n: left })}</p>
      </form>
      {placing && (
        <PlaceDialog
          tiles={config.tiles} close={() => setPlacing(false)}
          failed={() => { setPlacing(false); setWrong([t("errNetwork")]); }}
          send={({ lat, lon, label }) => chat.say({ place: { lat, lon, label: label || undefined } })} write={(address) => chat.say({ text: address })}
        />
      )}
    </>
  );
}
