import type { ComponentChildren } from "preact";
import { Icon } from "../lib/icons.tsx";
import { useSpeech } from "../texts/texts.ts";
import { idOf, useFilling } from "./context.ts";
import { BooleanField, ChoiceField, NumberField, OptionsField, TextField } from "./inputs.tsx";
import { ListField } from "./list.tsx";
import { LocationField } from "./location.tsx";
import { MediaField } from "./media.tsx";
import { fieldsOf, kindOf, labelOf, pathKey, promptOf, resolve, type Path, type Schema } from "./schema.ts";

export interface FieldProps {
  schema: Schema; // without references
  path: Path;
  value: unknown;
  required: boolean;
}

// Field shows one question of the form in the way that suits what is asked.
export function Field({ schema, path, value, required, name }: FieldProps & { name: string }) {
  const { root } = useFilling();
  const props = { schema, path, value, required };
  const kind = kindOf(schema, root);
  switch (kind) {
    case "object": return <Group {...props} name={name}><Fields schema={schema} path={path} value={value} /></Group>;
    case "list": return <Group {...props} name={name}><ListField {...props} /></Group>;
    case "location": return <Group {...props} name={name}><LocationField {...props} /></Group>;
    case "media": case "medialist": return <Group {...props} name={name}><MediaField {...props} many={kind === "medialist"} /></Group>;
    case "boolean": return <Group {...props} name={name}><BooleanField {...props} /></Group>;
    case "choice": return <Group {...props} name={name}><ChoiceField {...props} /></Group>;
    case "options": return <Single {...props} name={name}><OptionsField {...props} /></Single>;
    case "number": return <Single {...props} name={name}><NumberField {...props} /></Single>;
    case "unknown": return null;
    default: return <Single {...props} name={name}><TextField {...props} kind={kind} /></Single>;
  }
}

// Fields shows all of an object.
export function Fields({ schema, path, value }: Pick<FieldProps, "schema" | "path" | "value">) {
  const { root } = useFilling();
  const values = (value ?? {}) as Record<string, unknown>;
  return (
    <>
      {fieldsOf(schema, root).map(([name, s]) => (
        <Field key={name} name={name} schema={resolve(s, root)} path={[...path, name]} value={values[name]} required={schema.required?.includes(name) ?? false} />
      ))}
    </>
  );
}

// describedBy names what a screen reader reads after the label.
export const describedBy = (path: Path): string => `${idOf(path)}-hint ${idOf(path)}-wrong`;

function Title({ schema, name, required }: { schema: Schema; name: string; required: boolean }) {
  const { t, lang } = useSpeech();
  return <>{labelOf(schema, name, lang)} <small>({t(required ? "formRequired" : "formOptional")})</small></>;
}

function Notes({ schema, path }: { schema: Schema; path: Path }) {
  const { t, lang } = useSpeech();
  const { wrong } = useFilling();
  const text = wrong.get(pathKey(path)), prompt = promptOf(schema, lang);
  return (
    <>
      <div class="hint" id={`${idOf(path)}-hint`}>
        {prompt && <p>{prompt}</p>}
        {schema["x-sensitive"] && <p><Icon name="lock" small /> {t("formSensitive")}</p>}
      </div>
      <p class="wrong" id={`${idOf(path)}-wrong`}>{text && <><Icon name="alert" small /> {text}</>}</p>
    </>
  );
}

interface Frame extends FieldProps {
  name: string;
  children: ComponentChildren;
}

// Single is a question with one control.
function Single({ schema, path, name, required, children }: Frame) {
  return (
    <div class="field" data-path={pathKey(path)}>
      <label for={idOf(path)}><Title schema={schema} name={name} required={required} /></label>
      <Notes schema={schema} path={path} />
      {children}
    </div>
  );
}

// Group is a question with several controls.
function Group({ schema, path, name, required, children }: Frame) {
  return (
    <fieldset class="field" data-path={pathKey(path)} id={idOf(path)} tabIndex={-1} aria-describedby={describedBy(path)}>
      <legend><Title schema={schema} name={name} required={required} /></legend>
      <Notes schema={schema} path={path} />
      {children}
    </fieldset>
  );
}
