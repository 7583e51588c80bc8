import { useEffect, useState } from "preact/hooks";
import type { Choice } from "../chat/types.ts";
import { useSpeech } from "../texts/texts.ts";
import { idOf, useFilling } from "./context.ts";
import { describedBy, type FieldProps } from "./field.tsx";
import { choicesOf, pathKey, type Kind, type Path } from "./schema.ts";

// useControl gives what every single control has.
export function useControl(path: Path, required: boolean) {
  const { wrong } = useFilling();
  return { id: idOf(path), "aria-invalid": wrong.has(pathKey(path)), "aria-describedby": describedBy(path), "aria-required": required };
}

// Look is how a control is shown. All these types are text boxes to a screen reader.
interface Look {
  type: "text" | "tel" | "date" | "email" | "time" | "url";
  autocomplete?: string;
}

export function TextField({ schema, path, value, required, kind }: FieldProps & { kind: Kind }) {
  const { t } = useSpeech();
  const { set } = useFilling();
  const control = useControl(path, required);
  const [shown, setShown] = useState(false);
  const text = typeof value === "string" ? value : "";
  const input = (e: { currentTarget: { value: string } }) => set(path, e.currentTarget.value);
  if (kind === "long") return <textarea {...control} rows={4} value={text} onInput={input} />;
  if (schema["x-sensitive"]) {
    const digits = /^\^\[0-9\]|^\^\\d/.test(schema.pattern ?? "");
    return (
      <div class="row secret">
        <input {...control} type={(shown ? "text" : "password") as "password"} inputMode={digits ? "numeric" : undefined} autocomplete="off" spellcheck={false} value={text} onInput={input} />
        <button type="button" class="second" aria-pressed={shown} aria-controls={control.id} onClick={() => setShown(!shown)}>{t(shown ? "formHide" : "formShow")}</button>
      </div>
    );
  }
  const kinds: Record<string, Look> = { phone: { type: "tel", autocomplete: "tel" }, date: { type: "date" } };
  const formats: Record<string, Look> = { email: { type: "email", autocomplete: "email" }, time: { type: "time" }, uri: { type: "url" } };
  return <input {...control} {...((kinds[kind] ?? formats[schema.format ?? ""] ?? { type: "text" }) as { type: "text" })} value={text} onInput={input} />;
}

// NumberField takes a comma for a decimal point, as people write here.
export function NumberField({ schema, path, value, required }: FieldProps) {
  const { set } = useFilling();
  const control = useControl(path, required);
  const [text, setText] = useState(value === undefined ? "" : String(value));
  const input = (e: { currentTarget: HTMLInputElement }) => {
    const typed = e.currentTarget.value, n = Number(typed.trim().replace(",", "."));
    setText(typed);
    set(path, typed.trim() === "" ? undefined : Number.isFinite(n) ? n : typed);
  };
  return <input {...control} class="short" inputMode={schema.type === "integer" ? "numeric" : "decimal"} autocomplete="off" value={text} onInput={input} />;
}

interface Radios {
  path: Path;
  options: { value: unknown; label: string }[];
  value: unknown;
}

function Radio({ path, options, value }: Radios) {
  const { set, wrong } = useFilling();
  return (
    <div class="radios">
      {options.map((o, i) => (
        <label key={i} class="radio">
          <input type="radio" name={idOf(path)} checked={o.value === value} aria-invalid={wrong.has(pathKey(path))} onChange={() => set(path, o.value)} />
          <span>{o.label}</span>
        </label>
      ))}
    </div>
  );
}

export function BooleanField({ path, value }: FieldProps) {
  const { t } = useSpeech();
  return <Radio path={path} value={value} options={[{ value: true, label: t("formYes") }, { value: false, label: t("formNo") }]} />;
}

const few = 6; // choices up to which all are shown at once

export function ChoiceField({ schema, path, value, required }: FieldProps) {
  const { t, lang } = useSpeech();
  const { set } = useFilling();
  const control = useControl(path, required);
  const options = choicesOf(schema, lang) ?? [];
  if (options.length <= few) return <Radio path={path} options={options} value={value} />;
  return (
    <select {...control} id={`${control.id}-choice`} aria-label={t("formChoose")} value={options.findIndex((o) => o.value === value)} onChange={(e) => set(path, options[Number(e.currentTarget.value)]?.value)}>
      <option value={-1}>{t("formChoose")}</option>
      {options.map((o, i) => <option key={i} value={i}>{o.label}</option>)}
    </select>
  );
}

const most = 500; // choices that are loaded to find the one that was made
const calm = 500; // milliseconds without a change after which the choices are asked for anew

// OptionsField offers what the service offers under the answers so far.
export function OptionsField({ path, value, required }: FieldProps) {
  const { t } = useSpeech();
  const { gateway, draft, answers, set } = useFilling();
  const control = useControl(path, required);
  const [choices, setChoices] = useState<Choice[]>([]);
  const [after, setAfter] = useState<string | null>(null);
  const [failed, setFailed] = useState(false);
  const others = JSON.stringify({ ...answers, [path[0] ?? ""]: undefined });

  const load = async (from: string | null, live: () => boolean) => {
    try {
      const page = await gateway.options(draft, path, answers, from);
      if (!live()) return;
      setChoices((c) => (from ? [...c, ...page.choices.filter((p) => !c.some((x) => x.value === p.value))] : page.choices));
      setAfter(page.after || null);
      setFailed(false);
    } catch {
      if (live()) setFailed(true);
    }
  };
  useEffect(() => {
    let live = true;
    const timer = setTimeout(() => load(null, () => live), choices.length ? calm : 0);
    return () => { live = false; clearTimeout(timer); };
  }, [others]);

  const chosen = typeof value === "string" ? value : "", missing = chosen !== "" && !choices.some((c) => c.value === chosen);
  useEffect(() => { // what the chat gave may stand on a later page: it is shown by its name
    if (missing && after && choices.length < most) void load(after, () => true);
  }, [missing, after]);
  return (
    <>
      <select {...control} value={chosen} onChange={(e) => set(path, e.currentTarget.value || undefined)}>
        <option value="">{t("formChoose")}</option>
        {missing && <option value={chosen}>{chosen}</option>}
        {choices.map((c) => <option key={c.value} value={c.value}>{c.hint ? `${c.label} (${c.hint})` : c.label}</option>)}
      </select>
      {failed && <p class="wrong">{t("formOptionsFailed")} <button type="button" class="linkish" onClick={() => load(null, () => true)}>{t("retry")}</button></p>}
      {after && <button type="button" class="second" onClick={() => load(after, () => true)}>{t("formMore")}</button>}
    </>
  );
}
