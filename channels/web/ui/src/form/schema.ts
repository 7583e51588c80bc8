import { inLang, type Bilingual, type Key, type Lang, type Values } from "../texts/texts.ts";

// Schema is the part of JSON Schema 2020-12, with the city's own words, that a form is made from. What it does not cover the server checks.
export interface Schema {
  $ref?: string;
  $defs?: Record<string, Schema>;
  type?: string | string[];
  format?: string;
  title?: string;
  const?: unknown;
  enum?: unknown[];
  oneOf?: Schema[];
  anyOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  minItems?: number;
  maxItems?: number;
  uniqueItems?: boolean;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  multipleOf?: number;
  default?: unknown;
  "x-label"?: Bilingual;
  "x-prompt"?: Bilingual;
  "x-order"?: number;
  "x-ask"?: "always" | "offer" | "never";
  "x-options"?: string;
  "x-sensitive"?: boolean;
}

export type Path = readonly string[];
export type Kind = "text" | "long" | "number" | "boolean" | "choice" | "options" | "date" | "phone" | "media" | "location" | "object" | "list" | "medialist" | "unknown";

// Wrong is one thing that is wrong with the answers.
export interface Wrong {
  path: Path;
  text: string;
}

// resolve follows references within the form; what stands beside a reference counts too.
export function resolve(s: Schema, root: Schema): Schema {
  for (let hop = 0; s.$ref && hop < 16; hop++) {
    const { $ref, ...beside } = s;
    s = { ...root.$defs?.[$ref.replace("#/$defs/", "")], ...beside };
  }
  return s;
}

export const labelOf = (s: Schema, name: string, lang: Lang): string => inLang(s["x-label"], lang) || inLang(s["x-prompt"], lang) || s.title || name;

// promptOf is the question, where it says more than the label.
export function promptOf(s: Schema, lang: Lang): string {
  return s["x-label"] ? inLang(s["x-prompt"], lang) : "";
}

// choicesOf gives the answers that the form itself declares.
export function choicesOf(s: Schema, lang: Lang): { value: unknown; label: string }[] | undefined {
  if (s.enum) return s.enum.map((value) => ({ value, label: String(value) }));
  const options = s.oneOf ?? s.anyOf;
  if (!options?.length || !options.every((o) => "const" in o)) return undefined;
  return options.map((o) => ({ value: o.const, label: labelOf(o, String(o.const), lang) }));
}

export function kindOf(s: Schema, root: Schema): Kind {
  if (s["x-options"] && s.type !== "array") return "options";
  if (choicesOf(s, "vi")) return "choice";
  const type = Array.isArray(s.type) ? s.type[0] : s.type;
  switch (s.format) {
    case "location": return "location";
    case "photo": case "video": return "media";
    case "date": return "date";
    case "phone": return "phone";
  }
  switch (type) {
    case "boolean": return "boolean";
    case "number": case "integer": return "number";
    case "object": return "object";
    case "array": return s.items && kindOf(resolve(s.items, root), root) === "media" ? "medialist" : "list";
    case "string": return !s.format && !s.pattern && (s.maxLength ?? 1000) > 160 ? "long" : "text";
  }
  return s.properties ? "object" : "unknown";
}

// fieldsOf gives the fields to show, in the order in which a dialogue would ask. One that is never asked for is shown only when that is because
// it is too sensitive for a chat.
export function fieldsOf(s: Schema, root: Schema): [name: string, field: Schema][] {
  return Object.entries(s.properties ?? {})
    .map(([name, field]): [string, Schema] => [name, resolve(field, root)])
    .filter(([, f]) => !("const" in f) && (f["x-ask"] !== "never" || f["x-sensitive"] === true))
    .filter(([, f]) => kindOf(f, root) !== "unknown")
    .sort(([, a], [, b]) => (a["x-order"] ?? 0) - (b["x-order"] ?? 0));
}

// settled gives the answers as they are to be sent: without what was left empty, with what can only have one value.
export function settled(s: Schema, root: Schema, value: unknown): unknown {
  s = resolve(s, root);
  if (Array.isArray(value)) return value.map((v) => settled(s.items ?? {}, root, v)).filter((v) => v !== undefined);
  if (typeof value === "string") return value.trim() === "" ? undefined : value;
  if (value === null || typeof value !== "object") return value ?? undefined;
  const out: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(s.properties ?? {})) {
    const f = resolve(field, root), given = (value as Record<string, unknown>)[name];
    const v = "const" in f && s.required?.includes(name) ? f.const : settled(f, root, given);
    if (v !== undefined && !(Array.isArray(v) && v.length === 0 && !s.required?.includes(name))) out[name] = v;
  }
  return Object.keys(out).length ? out : undefined;
}

type Say = (key: Key, values?: Values) => string;

const phone = /^\+?[0-9](?:[ .-]?[0-9]){7,14}$/;
const formats: Record<string, [RegExp, Key]> = {
  phone: [phone, "vPhone"],
  email: [/^[^\s@]+@[^\s@]+$/, "vFormat"],
  uuid: [/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, "vFormat"],
  uri: [/^[a-z][a-z0-9+.-]*:\S+$/i, "vFormat"],
};

// check gives what is wrong with settled answers, in the order of the form. It mirrors the server, which has the last word.
export function check(s: Schema, root: Schema, value: unknown, t: Say, path: Path = []): Wrong[] {
  s = resolve(s, root);
  const wrong = (key: Key, values?: Values): Wrong[] => [{ path, text: t(key, values) }];
  if ("const" in s) return [];
  const choices = choicesOf(s, "vi");
  if (choices) return choices.some((c) => c.value === value) ? [] : wrong("vChoice");
  if (s.format === "location") return isPlace(value) ? [] : wrong("vLocation");
  if (Array.isArray(value)) return checkList(s, root, value, t, path);
  if (typeof value === "string") return checkText(s, value, wrong);
  if (typeof value === "number") return checkNumber(s, value, wrong);
  if (value !== null && typeof value === "object") return checkObject(s, root, value as Record<string, unknown>, t, path);
  return [];
}

type WrongIs = (key: Key, values?: Values) => Wrong[];

function checkText(s: Schema, v: string, wrong: WrongIs): Wrong[] {
  if (s.type === "number" || s.type === "integer") return wrong("vNumber");
  const got = [...v].length;
  if (got < (s.minLength ?? 0)) return wrong("vShort", { min: s.minLength! });
  if (got > (s.maxLength ?? Infinity)) return wrong("vLong", { max: s.maxLength!, got });
  if (s.format === "date") return isDate(v) ? [] : wrong("vDate");
  const format = formats[s.format ?? ""];
  if (format && !format[0].test(v)) return wrong(format[1]);
  return s.pattern && !matches(s.pattern, v) ? wrong("vPattern") : [];
}

// matches leaves a pattern that this browser does not know to the server.
function matches(pattern: string, v: string): boolean {
  try {
    return new RegExp(pattern, "u").test(v);
  } catch {
    return true;
  }
}

function isDate(v: string): boolean {
  const d = new Date(`${v}T00:00:00Z`);
  return /^\d{4}-\d{2}-\d{2}$/.test(v) && !Number.isNaN(d.getTime()) && d.toISOString().startsWith(v);
}

function isPlace(v: unknown): boolean {
  const p = v as { lat?: number; lon?: number; address?: string } | undefined;
  return p?.lat !== undefined && p.lon !== undefined ? Math.abs(p.lat) <= 90 && Math.abs(p.lon) <= 180 : Boolean(p?.address?.trim());
}

function checkNumber(s: Schema, v: number, wrong: WrongIs): Wrong[] {
  if (s.type === "integer" && !Number.isInteger(v)) return wrong("vInteger");
  if (v < (s.minimum ?? -Infinity)) return wrong("vMin", { min: s.minimum! });
  if (v > (s.maximum ?? Infinity)) return wrong("vMax", { max: s.maximum! });
  if (s.exclusiveMinimum !== undefined && v <= s.exclusiveMinimum) return wrong("vAbove", { min: s.exclusiveMinimum });
  if (s.exclusiveMaximum !== undefined && v >= s.exclusiveMaximum) return wrong("vBelow", { max: s.exclusiveMaximum });
  const steps = s.multipleOf ? v / s.multipleOf : 0;
  return Math.abs(steps - Math.round(steps)) > 1e-9 ? wrong("vMultiple", { step: s.multipleOf! }) : [];
}

function checkList(s: Schema, root: Schema, v: unknown[], t: Say, path: Path): Wrong[] {
  const wrong = (key: Key, values?: Values): Wrong[] => [{ path, text: t(key, values) }];
  if (v.length < (s.minItems ?? 0)) return wrong("vFew", { min: s.minItems! });
  if (v.length > (s.maxItems ?? Infinity)) return wrong("vMany", { max: s.maxItems! });
  if (s.uniqueItems && new Set(v.map((x) => JSON.stringify(x))).size < v.length) return wrong("vRepeated");
  return v.flatMap((x, i) => check(s.items ?? {}, root, x, t, [...path, String(i)]));
}

function checkObject(s: Schema, root: Schema, v: Record<string, unknown>, t: Say, path: Path): Wrong[] {
  return Object.entries(s.properties ?? {})
    .map(([name, f]): [string, Schema] => [name, resolve(f, root)])
    .sort(([, a], [, b]) => (a["x-order"] ?? 0) - (b["x-order"] ?? 0))
    .flatMap(([name, f]) => {
      if (v[name] === undefined) return s.required?.includes(name) ? missing(f, root, t, [...path, name]) : [];
      return check(f, root, v[name], t, [...path, name]);
    });
}

// missing names the fields that are wanted inside a missing object, so that the words stand beside them.
function missing(s: Schema, root: Schema, t: Say, path: Path): Wrong[] {
  if (kindOf(s, root) === "object" && s.required?.length) return check(s, root, {}, t, path);
  return [{ path, text: t("vRequired") }];
}

export const pathKey = (path: Path): string => path.join("/");
