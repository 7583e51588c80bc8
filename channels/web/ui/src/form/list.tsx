import { useSpeech } from "../texts/texts.ts";
import { useFilling } from "./context.ts";
import { Field, type FieldProps } from "./field.tsx";
import { kindOf, resolve, type Schema } from "./schema.ts";

// ListField lets answers be added one by one.
export function ListField({ schema, path, value }: FieldProps) {
  const { t } = useSpeech();
  const { root, set } = useFilling();
  const items = Array.isArray(value) ? (value as unknown[]) : [];
  const item: Schema = { ...resolve(schema.items ?? {}, root) };
  if (schema["x-options"]) item["x-options"] ??= schema["x-options"];
  const empty = kindOf(item, root) === "object" ? {} : "";
  return (
    <>
      <ol class="items">
        {items.map((v, i) => (
          <li key={i}>
            <Field name={t("formItem", { n: i + 1 })} schema={item} path={[...path, String(i)]} value={v} required />
            <button type="button" class="second" onClick={() => set(path, items.filter((_, j) => j !== i))}>{t("formRemove", { n: i + 1 })}</button>
          </li>
        ))}
      </ol>
      {items.length < (schema.maxItems ?? Infinity) && <button type="button" class="second" onClick={() => set(path, [...items, empty])}>{t("formAdd")}</button>}
    </>
  );
}
