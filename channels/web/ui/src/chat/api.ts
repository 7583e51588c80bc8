import type { Lang } from "../texts/texts.ts";
import type { Config, Message, Pending, PendingFile } from "./types.ts";

// Refused is what the city answered instead of what was asked.
export class Refused extends Error {
  constructor(readonly status: number, readonly code: string, message: string, readonly retryAfter = 0) {
    super(message); // in the visitor's language
  }

  // passing tells whether the same request may work later, and so soon that what was said after it can wait.
  get passing(): boolean {
    return (this.status === 429 && this.retryAfter <= longest) || this.status === 408 || this.status >= 500;
  }
}

const longest = 600; // seconds that anything is held up by a limit
const patience = 20_000; // milliseconds for one short answer

// Api speaks with the city. Whatever it throws that is not Refused is the network's fault.
export class Api {
  constructor(private readonly lang: () => Lang) {}

  headers(token?: string): Record<string, string> {
    return { "Accept-Language": this.lang(), ...(token ? { Authorization: `Chat ${token}` } : {}) };
  }

  config(): Promise<Config> {
    return this.ask("GET", "config");
  }

  // session gives a token: for a new visitor, or another one for the same visitor in another language.
  async session(token?: string): Promise<string> {
    return (await this.ask<{ token: string }>("POST", "session", token, { lang: this.lang() })).token;
  }

  async send(token: string, p: Pending): Promise<number> {
    const { id, text, choice, ref, place } = p;
    const uploads = p.files?.map((f) => f.uploaded);
    return (await this.ask<{ seq: number }>("POST", "messages", token, { id, text, choice, ref, place, uploads })).seq;
  }

  // lives tells whether the link of a page can still be opened, and in what words it cannot.
  lives(of: "links" | "forms", token: string): Promise<{ open: boolean; message?: string }> {
    return this.ask("GET", `${of}/${encodeURIComponent(token)}`);
  }

  // log gives older lines than before, or the newest ones when it is 0; the newest comes last.
  log(token: string, before: number, limit: number): Promise<Message[]> {
    return this.ask("GET", `log?${before ? `before=${before}&` : ""}limit=${limit}`, token);
  }

  subscribe(token: string, subscription: PushSubscriptionJSON): Promise<void> {
    const { endpoint, keys } = subscription;
    return this.ask("POST", "push", token, { subscription: { endpoint, keys } });
  }

  unsubscribe(token: string, endpoint: string): Promise<void> {
    return this.ask("DELETE", `push?endpoint=${encodeURIComponent(endpoint)}`, token);
  }

  // upload sends one file and says how far it is, 0 to 1.
  upload(token: string, file: PendingFile, progress: (part: number) => void): Promise<string> {
    return new Promise((resolve, reject) => {
      const x = new XMLHttpRequest(); // fetch does not say how far an upload is
      x.open("POST", `/chat/v1/uploads?id=${encodeURIComponent(file.id)}`);
      for (const [name, value] of Object.entries(this.headers(token))) x.setRequestHeader(name, value);
      x.setRequestHeader("Content-Type", file.blob.type || "application/octet-stream");
      x.upload.onprogress = (e) => e.lengthComputable && progress(e.loaded / e.total);
      x.onload = () => {
        if (x.status >= 300) return reject(refusal(x.status, x.getResponseHeader("Retry-After"), x.responseText));
        try {
          resolve((JSON.parse(x.responseText) as { id: string }).id);
        } catch (e) {
          reject(e);
        }
      };
      x.onerror = x.ontimeout = x.onabort = () => reject(new TypeError("network"));
      x.timeout = 5 * 60_000;
      x.send(file.blob);
    });
  }

  private async ask<T>(method: string, path: string, token?: string, body?: unknown): Promise<T> {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), patience);
    try {
      const headers = this.headers(token);
      if (body !== undefined) headers["Content-Type"] = "application/json";
      const res = await fetch(`/chat/v1/${path}`, {
        method, headers, body: body === undefined ? undefined : JSON.stringify(body), signal: stop.signal, credentials: "omit", cache: "no-store",
      });
      const text = await res.text();
      if (!res.ok) throw refusal(res.status, res.headers.get("Retry-After"), text);
      return (text ? JSON.parse(text) : undefined) as T;
    } finally {
      clearTimeout(timer);
    }
  }
}

function refusal(status: number, retryAfter: string | null, body: string): Refused {
  let code = "", message = "";
  try {
    const { error } = JSON.parse(body) as { error?: { code?: string; message?: string } };
    code = error?.code ?? "";
    message = error?.message ?? "";
  } catch { /* not the city's words: a proxy's */ }
  return new Refused(status, code, message, Math.max(0, Number(retryAfter) || 0));
}
