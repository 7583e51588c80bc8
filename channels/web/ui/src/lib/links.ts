// Part is a piece of a text: words, or an address when href is there.
export interface Part {
  text: string;
  href?: string;
}

const address = /https?:\/\/[^\s<>"]*[^\s<>".,;:!?)\]}'”’»]/g;

// parts splits a text at its addresses.
export function parts(text: string): Part[] {
  const out: Part[] = [];
  let from = 0;
  for (const m of text.matchAll(address)) {
    if (m.index > from) out.push({ text: text.slice(from, m.index) });
    out.push({ text: m[0], href: m[0] });
    from = m.index + m[0].length;
  }
  if (from < text.length) out.push({ text: text.slice(from) });
  return out;
}

// safe gives an address that may be followed, or undefined: scripts and data are not.
export function safe(url: string, base: string): string | undefined {
  try {
    const u = new URL(url, base);
    return ["https:", "http:", "tel:", "mailto:", "sms:"].includes(u.protocol) ? u.href : undefined;
  } catch {
    return undefined;
  }
}

// safePicture gives the address of a picture or film, or undefined.
export function safePicture(url: string, base: string): string | undefined {
  try {
    const u = new URL(url, base);
    return ["https:", "http:", "blob:"].includes(u.protocol) ? u.href : undefined;
  } catch {
    return undefined;
  }
}
