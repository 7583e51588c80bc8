import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ChatPage } from "./chat/page.tsx";
import { lazy } from "./lib/lazy.tsx";
import "./style/style.css";
import { firstLang, keepLang, speech, SpeechContext, type Lang } from "./texts/texts.ts";

const LinkPage = lazy(() => import("./account/page.tsx").then((m) => m.LinkPage));
const FormPage = lazy(() => import("./account/page.tsx").then((m) => m.FormPage));

// App shows the page that the address names: the chat, or what a signed link opens.
function App() {
  const [lang, setLang] = useState<Lang>(() => firstLang(new URLSearchParams(location.search).get("lang")));
  const [failed, setFailed] = useState(false);
  useEffect(() => { document.documentElement.lang = lang; }, [lang]);
  const choose = (l: Lang) => { keepLang(l); setLang(l); };
  const [, page, token] = /^\/chat\/(link|form)\/([^/]+)$/.exec(location.pathname) ?? [];
  const s = speech(lang);
  return (
    <SpeechContext.Provider value={s}>
      {failed && <p class="sheet" role="alert">{s.t("errNetwork")}</p>}
      {page === "link" ? <LinkPage token={token!} setLang={choose} failed={() => setFailed(true)} />
        : page === "form" ? <FormPage token={token!} setLang={choose} failed={() => setFailed(true)} />
        : <ChatPage setLang={choose} />}
    </SpeechContext.Provider>
  );
}

render(<App />, document.getElementById("app")!);
