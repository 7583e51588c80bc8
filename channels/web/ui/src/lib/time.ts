import type { Lang } from "../texts/texts.ts";

const timeZone = "Asia/Ho_Chi_Minh"; // the city's clock, wherever the phone is
const locales: Record<Lang, string> = { vi: "vi-VN", en: "en-GB" };

export function clock(at: string, lang: Lang): string {
  return new Intl.DateTimeFormat(locales[lang], { hour: "2-digit", minute: "2-digit", timeZone }).format(new Date(at));
}

export function day(at: string, lang: Lang): string {
  return new Intl.DateTimeFormat(locales[lang], { weekday: "long", day: "2-digit", month: "2-digit", year: "numeric", timeZone }).format(new Date(at));
}

// dayKey tells days apart by the city's calendar.
export function dayKey(at: string): string {
  return new Intl.DateTimeFormat("en-CA", { year: "numeric", month: "2-digit", day: "2-digit", timeZone }).format(new Date(at));
}
