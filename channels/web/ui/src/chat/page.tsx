import { useEffect, useMemo, useState } from "preact/hooks";
import { Emblem, Icon } from "../lib/icons.tsx";
import { useStore } from "../lib/store.ts";
import { inLang, useSpeech, type Lang } from "../texts/texts.ts";
import { Bell } from "./bell.tsx";
import { Chat, type State } from "./chat.ts";
import { Composer } from "./composer.tsx";
import { framed, greet } from "./embed.ts";
import { Forget } from "./forget.tsx";
import { Log } from "./log.tsx";

const patience = 2000; // milliseconds without a connection before the visitor is told

// ChatPage is the whole conversation.
export function ChatPage({ setLang }: { setLang: (l: Lang) => void }) {
  const { t, lang } = useSpeech();
  const chat = useMemo(() => new Chat(lang), []);
  const state = useStore(chat.store);
  const embed = window !== parent;
  useEffect(() => { void begin(chat); }, []);
  const shown = useFrame(embed, state.unread);

  const city = inLang(state.config.city, lang) || t("city");
  useEffect(() => { document.title = `${state.unread ? `(${state.unread}) ` : ""}${t("chat")} · ${city}`; }, [state.unread, city, lang]);
  const other: Lang = lang === "vi" ? "en" : "vi";
  return (
    <div class={embed ? "page embed" : "page"}>
      <a class="skip" href="#composer" onClick={(e) => { e.preventDefault(); document.querySelector<HTMLElement>(".composer .text")?.focus(); }}>{t("skip")}</a>
      <header class="head">
        <Emblem />
        <div class="title">
          <h1>{city}</h1>
          <Status state={state} />
        </div>
        <button type="button" class="tool lang" lang={other} data-testid="lang" onClick={() => { setLang(other); chat.speak(other); }}>{t("switchShort")}<span class="sr">: {t("switchLanguage")}</span></button>
        <Bell chat={chat} vapidKey={state.config.vapidKey} known={state.known} />
        <Forget chat={chat} known={state.known} />
        {embed && <a class="tool" href="/chat" target="_blank" rel="noopener" aria-label={t("openInTab")} title={t("openInTab")}><Icon name="open" /></a>}
        {embed && <button type="button" class="tool" aria-label={t("close")} title={t("close")} onClick={() => frame?.tell("close")}><Icon name="close" /></button>}
      </header>
      <Banner state={state} />
      <main>
        <Log chat={chat} state={state} shown={shown} />
        <Composer chat={chat} config={state.config} />
      </main>
    </div>
  );
}

// begin loads what was said, and sends the reference that the visitor came with, once.
async function begin(chat: Chat): Promise<void> {
  const address = new URL(location.href), ref = address.searchParams.get("ref");
  await chat.start();
  if (!ref) return;
  address.searchParams.delete("ref");
  history.replaceState(null, "", address);
  if (/^[\w.:=-]{1,250}$/.test(ref)) await chat.say({ ref }); // what m.me links may carry, too
}

let frame: ReturnType<typeof framed> | undefined;

// useFrame speaks with the site around the frame: how much is unread, and that Esc was pressed. It tells whether the frame is shown.
function useFrame(embed: boolean, unread: number): boolean {
  const [shown, setShown] = useState(true);
  useEffect(() => {
    if (!embed) return;
    frame ??= framed((open) => { setShown(open); if (open) document.querySelector<HTMLElement>(".composer .text")?.focus(); });
    greet();
    const esc = (e: KeyboardEvent) => { if (e.key === "Escape" && !document.querySelector("dialog[open]")) frame?.tell("close"); };
    addEventListener("keydown", esc);
    return () => removeEventListener("keydown", esc);
  }, []);
  useEffect(() => { if (embed) frame?.tell("unread", unread); }, [unread]);
  return shown;
}

function Status({ state }: { state: State }) {
  const { t } = useSpeech();
  const key = state.link === "offline" ? "status_offline" : state.link === "connecting" ? "status_wait" : "status_online";
  return <p class="status" data-link={state.link}><span class="dot" aria-hidden="true" /><span class="assistant">{t("assistant")} · </span>{t(key)}</p>;
}

// Banner tells of a lost connection once it lasts, and of its return.
function Banner({ state }: { state: State }) {
  const { t } = useSpeech();
  const lost = state.link === "offline" || state.link === "connecting";
  const [shown, setShown] = useState<"" | "lost" | "back">("");
  useEffect(() => {
    if (!lost) return setShown((s) => (s === "lost" ? "back" : ""));
    const timer = setTimeout(() => setShown("lost"), state.link === "offline" ? 0 : patience);
    return () => clearTimeout(timer);
  }, [lost, state.link]);
  useEffect(() => {
    if (shown !== "back") return;
    const timer = setTimeout(() => setShown(""), 4000);
    return () => clearTimeout(timer);
  }, [shown]);
  return <div class="banner" role="status" data-shown={shown}>{shown === "lost" ? t(state.link === "offline" ? "offline" : "connecting") : shown === "back" ? t("online") : ""}</div>;
}
