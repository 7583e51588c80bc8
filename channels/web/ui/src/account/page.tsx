import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { Emblem } from "../lib/icons.tsx";
import { useSpeech, type Key, type Lang } from "../texts/texts.ts";
import { Api } from "../chat/api.ts";
import { FilledForm } from "../form/form.tsx";
import { Gateway, type Who } from "./graphql.ts";
import { Link, Warning } from "./link.tsx";
import { SignIn, wordsOf } from "./signin.tsx";

interface Props {
  token: string;
  setLang: (l: Lang) => void;
}

// LinkPage links a chat with an account.
export function LinkPage({ token, setLang }: Props) {
  const { t } = useSpeech();
  const [meant, setMeant] = useState<boolean>();
  return (
    <Sheet title="linkTitle" setLang={setLang}>
      <Living of="links" token={token}>
        {meant === undefined && <Warning go={() => setMeant(true)} stop={() => setMeant(false)} />}
        {meant === false && <p class="panel" role="status">{t("linkStopped")}</p>}
        {meant && <Signed>{(gateway, who) => <Link gateway={gateway} token={token} who={who} />}</Signed>}
      </Living>
    </Sheet>
  );
}

// FormPage goes on with what was begun in a chat.
export function FormPage({ token, setLang }: Props) {
  return (
    <Sheet title="formTitle" setLang={setLang}>
      <Living of="forms" token={token}><Signed>{(gateway) => <FilledForm gateway={gateway} token={token} />}</Signed></Living>
    </Sheet>
  );
}

function Sheet({ title, setLang, children }: { title: Key; setLang: (l: Lang) => void; children: ComponentChildren }) {
  const { t, lang } = useSpeech();
  const other: Lang = lang === "vi" ? "en" : "vi";
  useEffect(() => { document.title = t(title); }, [lang]);
  return (
    <>
      <header class="head sheethead">
        <Emblem />
        <div class="title"><h1>{t(title)}</h1></div>
        <button type="button" class="tool lang" lang={other} onClick={() => setLang(other)}>{t("switchShort")}<span class="sr">: {t("switchLanguage")}</span></button>
      </header>
      <main class="sheet">{children}</main>
    </>
  );
}

// Living shows its content unless the city says that the link has ended: nobody is asked to sign in for that. What cannot be found out is told later.
function Living({ of, token, children }: { of: "links" | "forms"; token: string; children: ComponentChildren }) {
  const { t, lang } = useSpeech();
  const [ended, setEnded] = useState<string | null>(); // what the city says of it; null: it has not
  useEffect(() => {
    new Api(() => lang).lives(of, token).then((l) => setEnded(l.open ? null : l.message || t("errUnknown")), () => setEnded(null));
  }, [lang]);
  if (ended === undefined) return <p class="hint" role="status">{t("loading")}</p>;
  if (ended === null) return <>{children}</>;
  return <section class="panel"><p role="alert">{ended}</p><p><a class="second" href="/chat">{t("toChat")}</a></p></section>;
}

// Signed shows its content to who is signed in, and asks others to.
function Signed({ children }: { children: (g: Gateway, who: string) => ComponentChildren }) {
  const speech = useSpeech(), { t, lang } = speech;
  const now = useMemo(() => ({ lang }), []);
  now.lang = lang;
  const gateway = useMemo(() => new Gateway(() => now.lang), []);
  const [who, setWho] = useState<Who | null>(); // null: nobody
  const [wrong, setWrong] = useState("");
  const resume = () => {
    setWrong("");
    gateway.resume().then((w) => setWho(w ?? null), (e: unknown) => setWrong(wordsOf(e, t)));
  };
  useEffect(resume, []);
  if (wrong) return <div class="panel"><p class="wrong" role="alert">{wrong}</p><button type="button" class="second" onClick={resume}>{t("retry")}</button></div>;
  if (who === undefined) return <p class="hint" role="status">{t("loading")}</p>;
  if (who === null) return <SignIn gateway={gateway} done={setWho} />;
  const name = who.displayName || who.maskedPhone || "✓";
  return (
    <>
      <p class="who-in"><span>{t("signedAs", { who: name })}</span>
        <button type="button" class="linkish" onClick={() => gateway.signOut().then(() => setWho(null))}>{t("signOut")}</button></p>
      {children(gateway, name)}
    </>
  );
}
