import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Blocks } from "../chat/blocks.tsx";
import { newId } from "../lib/ids.ts";
import { useSpeech } from "../texts/texts.ts";
import { Problem, type Done, type Draft, type Gateway } from "../account/graphql.ts";
import { wordsOf } from "../account/signin.tsx";
import { FillingContext, idOf, setAt } from "./context.ts";
import { Fields } from "./field.tsx";
import { check, labelOf, pathKey, resolve, settled, type Path, type Schema, type Wrong } from "./schema.ts";

interface Props {
  gateway: Gateway;
  token: string;
}

// Codes of a form that cannot be filled in: it is another's, its time is over, or it was sent.
const over = ["NOT_FOUND", "CONFLICT"];

// FilledForm loads what was begun in the chat.
export function FilledForm({ gateway, token }: Props) {
  const { t, lang } = useSpeech();
  const [draft, setDraft] = useState<Draft>();
  const [wrong, setWrong] = useState<{ text: string; over: boolean }>();
  const load = () => {
    setWrong(undefined);
    gateway.draft(token).then((d) => (d ? setDraft(d) : setWrong({ text: t("formGone"), over: true })), (e: unknown) => {
      const ended = e instanceof Problem && over.includes(e.code);
      setWrong({ text: ended ? e.message || t("formGone") : wordsOf(e, t), over: ended });
    });
  };
  useEffect(load, [lang]); // its title is in the visitor's language
  if (wrong) {
    return (
      <div class="panel">
        <p class={wrong.over ? "" : "wrong"} role="alert">{wrong.text}</p>
        {wrong.over ? <a class="second" href="/chat">{t("toChat")}</a> : <button type="button" class="second" onClick={load}>{t("retry")}</button>}
      </div>
    );
  }
  if (draft === undefined) return <p class="hint" role="status">{t("loading")}</p>;
  return <Form key={token} gateway={gateway} token={token} draft={draft} />;
}

function Form({ gateway, token, draft }: Props & { draft: Draft }) {
  const { t } = useSpeech();
  const [answers, setAnswers] = useState<Record<string, unknown>>(draft.input ?? {});
  const [wrongs, setWrongs] = useState<Wrong[]>([]);
  const [trouble, setTrouble] = useState("");
  const [busy, setBusy] = useState(false);
  const [done, setDone] = useState<Done>();
  const summary = useRef<HTMLDivElement>(null);
  const sent = useRef({ input: "", key: "" }); // a repeat of the same answers is the same submission
  const root = draft.schema;

  const filling = useMemo(() => ({
    root, gateway, draft, answers,
    wrong: new Map(wrongs.map((w) => [pathKey(w.path), w.text])),
    set: (path: Path, value: unknown) => {
      setAnswers((a) => setAt(a, path, value) as Record<string, unknown>);
      setWrongs((ws) => ws.filter((w) => !pathKey(w.path).startsWith(pathKey(path))));
    },
  }), [answers, wrongs]);

  const report = (found: Wrong[]) => {
    setWrongs(found);
    requestAnimationFrame(() => summary.current?.focus());
  };
  const submit = async () => {
    const input = (settled(root, root, answers) ?? {}) as Record<string, unknown>;
    setAnswers(input); // empty entries of lists are gone: what is wrong is counted without them
    setTrouble("");
    const found = check(root, root, input, t);
    if (found.length) return report(found);
    const text = JSON.stringify(input);
    if (sent.current.input !== text) sent.current = { input: text, key: newId() };
    setBusy(true);
    try {
      setDone(await gateway.submit(token, input, sent.current.key));
    } catch (e) {
      sent.current = e instanceof Problem ? { input: "", key: "" } : sent.current;
      const placed = e instanceof Problem ? e.errors.filter((x) => x.path.length > 0).map((x) => ({ path: inside(x.path), text: x.message })) : [];
      if (placed.length) report(placed);
      else setTrouble(wordsOf(e, t));
    }
    setBusy(false);
  };
  if (done) return <Finished done={done} />;
  return (
    <FillingContext.Provider value={filling}>
      <form class="panel" noValidate aria-label={draft.title} onSubmit={(e) => { e.preventDefault(); if (!busy) void submit(); }}>
        <h2>{draft.title}</h2>
        <p class="hint">{t("formFrom")}</p>
        {wrongs.length > 0 && <Summary wrongs={wrongs} root={root} box={summary} />}
        <Fields schema={root} path={[]} value={answers} />
        <p class="wrong" role="alert">{trouble}</p>
        <button type="submit" class="primary" disabled={busy}>{t(busy ? "formSubmitting" : "formSubmit")}</button>
      </form>
    </FillingContext.Provider>
  );
}

// inside gives a path of the mutation's input as one of the form: the server may count from the outer object.
const inside = (path: string[]): string[] => (path[0] === "input" ? path.slice(1) : path);

// Summary lists what is wrong, each leading to its field.
function Summary({ wrongs, root, box }: { wrongs: Wrong[]; root: Schema; box: { current: HTMLDivElement | null } }) {
  const { t, lang } = useSpeech();
  const go = (path: Path) => {
    for (let p = [...path]; p.length; p = p.slice(0, -1)) {
      const e = document.getElementById(idOf(p));
      if (!e) continue;
      const target = e.matches("fieldset") ? (e.querySelector<HTMLElement>("input, select, textarea, button") ?? e) : e;
      target.focus();
      return e.scrollIntoView({ block: "center" });
    }
  };
  return (
    <div class="summary" ref={box} tabIndex={-1} role="alert">
      <p>{t("formWrong", { n: wrongs.length })}</p>
      <ul>
        {wrongs.map((w) => (
          <li key={pathKey(w.path)}><button type="button" class="linkish" onClick={() => go(w.path)}>{nameOf(root, w.path, lang)}: {w.text}</button></li>
        ))}
      </ul>
    </div>
  );
}

// nameOf gives the label of the field at path.
function nameOf(root: Schema, path: Path, lang: "vi" | "en"): string {
  let s: Schema = root, name = "";
  for (const step of path) {
    s = resolve(s, root);
    const next = s.properties?.[step];
    if (!next && s.items) {
      s = s.items;
      continue; // one of a list is named by the list
    }
    s = resolve(next ?? {}, root);
    name = labelOf(s, step, lang);
  }
  return name;
}

function Finished({ done }: { done: Done }) {
  const { t } = useSpeech();
  const box = useRef<HTMLElement>(null);
  useEffect(() => box.current?.focus(), []);
  return (
    <section class="panel result" ref={box} tabIndex={-1} aria-labelledby="done">
      <h2 id="done">{t("formDone")}</h2>
      <Blocks blocks={done.blocks ?? []} tiles="" />
      <a class="second" href="/chat">{t("toChat")}</a>
    </section>
  );
}
