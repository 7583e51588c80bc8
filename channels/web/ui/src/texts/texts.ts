import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { local } from "../lib/storage.ts";
import { en } from "./en.ts";
import { vi } from "./vi.ts";

export type Lang = "vi" | "en";
export type Key = keyof typeof vi;
export type Values = Record<string, string | number>;

const catalogues: Record<Lang, Record<Key, string>> = { vi, en };

// say gives a text with its values filled in.
export function say(lang: Lang, key: Key, values: Values = {}): string {
  return catalogues[lang][key].replace(/\{(\w+)\}/g, (all, name: string) => String(values[name] ?? all));
}

// Text of the city in both languages, such as a label in a schema. English may be missing.
export interface Bilingual {
  vi?: string;
  en?: string;
}

export function inLang(text: Bilingual | undefined, lang: Lang): string {
  return text?.[lang] || text?.vi || "";
}

const key = "motcua.lang";

// firstLang gives the language to begin with: asked for in the address, chosen before, Vietnamese when the phone knows it, English.
export function firstLang(asked: string | null): Lang {
  for (const l of [asked, local.get(key)]) if (l === "vi" || l === "en") return l;
  const own = navigator.languages ?? [];
  return own.length === 0 || own.some((l) => l.toLowerCase().startsWith("vi")) ? "vi" : "en";
}

export function keepLang(lang: Lang): void {
  local.set(key, lang);
}

export interface Speech {
  lang: Lang;
  t: (key: Key, values?: Values) => string;
}

export const speech = (lang: Lang): Speech => ({ lang, t: (k, values) => say(lang, k, values) });
export const SpeechContext = createContext<Speech>(speech("vi"));
export const useSpeech = (): Speech => useContext(SpeechContext);
