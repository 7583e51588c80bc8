import { newId } from "../lib/ids.ts";
import type { ServerEvent } from "../lib/sse.ts";
import { local, session } from "../lib/storage.ts";
import { Store } from "../lib/store.ts";
import { say, type Lang } from "../texts/texts.ts";
import { Api, Refused } from "./api.ts";
import { Outbox } from "./outbox.ts";
import { alone, Sender } from "./sender.ts";
import { Stream, type Link } from "./stream.ts";
import { Timeline, type Entry } from "./timeline.ts";
import type { Config, Message, Pending, PendingFile } from "./types.ts";

export interface State {
  entries: Entry[];
  link: Link;
  typing: boolean;
  known: boolean; // whether there is anything that this browser could forget
  loaded: boolean; // whether what was said before is there
  older: "no" | "yes" | "loading"; // lines before the first one
  unread: number;
  marker: number; // lines after this one came while the visitor was away; 0 when there is nothing to mark
  config: Config;
}

// Said is one thing that the visitor says.
export type Said = Pick<Pending, "text" | "choice" | "ref" | "place"> & { files?: PendingFile[] };

const tokenKey = "motcua.chat", renewedKey = "motcua.chat.renewed", readKey = "motcua.chat.read", configKey = "motcua.chat.config";
const personal = ["motcua.push", "motcua.device", "motcua.refresh"]; // what notifications and the signed pages keep here
const page = 40; // lines that are loaded at a time
const renewal = 24 * 3600_000; // milliseconds after which a visit gets a new token: one that is not used ends some day
const typingEnds = 30_000; // milliseconds after which nobody is typing any more, whatever was said

const defaults: Config = { city: { vi: "", en: "" }, vapidKey: "", tiles: "", maxPhoto: 12 << 20, maxVideo: 50 << 20, maxText: 4000 };

// Chat is one visitor's conversation. It asks for a session when there is something to say, not before.
export class Chat {
  readonly store: Store<State>;
  readonly api: Api;
  lang: Lang;
  watching = true; // whether the visitor has the newest line before their eyes
  private readonly timeline = new Timeline();
  private readonly outbox = new Outbox();
  private readonly sender: Sender;
  private stream: Stream | undefined;
  private queue: Pending[] = [];
  private token = local.get(tokenKey);
  private configured = false;
  private opening: Promise<string> | undefined;
  private read = Number(local.get(readKey)) || 0;
  private typingTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(lang: Lang) {
    this.lang = lang;
    this.api = new Api(() => this.lang);
    this.store = new Store<State>({
      entries: [], link: "idle", typing: false, known: Boolean(this.token), loaded: !this.token, older: "no", unread: 0, marker: 0, config: keptConfig(),
    });
    this.sender = new Sender({
      outbox: this.outbox, alone,
      deliver: (p, progress) => this.deliver(p, progress),
      changed: (p) => this.changed(p),
      explain: (e) => e.message || say(this.lang, e.status === 413 ? "errTooLarge" : "errUnknown"),
      renew: () => this.forget(),
    });
  }

  async start(): Promise<void> {
    addEventListener("online", () => this.wake());
    addEventListener("offline", () => { this.stream?.drop(); this.store.set({ link: "offline" }); });
    addEventListener("storage", (e) => { if (e.key === tokenKey) this.heard(e.newValue ?? undefined); });
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.wake());
    void this.configure();
    this.queue = await this.outbox.all();
    if (this.token) this.listen();
    this.draw();
    if (this.queue.length) this.sender.kick();
  }

  // say puts something into the queue; it is shown at once.
  async say(said: Said): Promise<void> {
    const p = await this.outbox.add({ ...said, id: newId(), at: new Date().toISOString() });
    this.queue = [...this.queue, p];
    this.store.set({ marker: 0 });
    this.draw();
    this.sender.kick();
  }

  // again sends what was refused once more, as the same message with its files.
  async again(p: Pending): Promise<void> {
    const open = { ...fresh(p), failed: undefined };
    await this.outbox.put(open);
    this.changed(open);
    this.sender.kick();
  }

  async discard(p: Pending): Promise<void> {
    await this.outbox.remove(p.n);
    this.queue = this.queue.filter((q) => q.n !== p.n);
    this.draw();
  }

  // loadOlder shows what came before the first line.
  async loadOlder(): Promise<void> {
    if (!this.token || this.store.value.older !== "yes") return;
    this.store.set({ older: "loading" });
    try {
      const lines = await this.api.log(this.token, this.timeline.first, page);
      this.timeline.add(lines);
      this.store.set({ older: lines.length < page ? "no" : "yes" });
      this.draw();
    } catch {
      this.store.set({ older: "yes" });
    }
  }

  // seen notes that the visitor has everything before their eyes.
  seen(): void {
    const last = this.timeline.all.at(-1)?.seq ?? 0;
    if (last <= this.read) return;
    this.read = last;
    local.set(readKey, String(last));
    this.draw();
  }

  // speak goes on in another language: the page at once, the city as soon as it hears of it.
  speak(lang: Lang): void {
    this.lang = lang;
    if (!this.token && this.queue.length === 0) return;
    void this.say({ text: say(lang, "speakLanguage") });
    const { token } = this;
    if (token) this.renew(token); // it only says in which language to refuse
  }

  // session gives the token, and asks for one first if need be.
  session(): Promise<string> {
    if (this.token) return Promise.resolve(this.token);
    this.opening ??= this.api.session().then((token) => this.opened(token)).finally(() => { this.opening = undefined; });
    return this.opening;
  }

  // leave makes this browser forget the conversation, and all that it keeps of who had it. What the city has stays there.
  async leave(): Promise<void> {
    await this.outbox.clear();
    for (const key of personal) {
      local.remove(key);
      session.remove(key);
    }
    local.remove(tokenKey); // last: other windows follow
    await this.follow();
  }

  // heard notes the token that another window has left: another one of the same visitor, or not.
  private heard(token: string | undefined): void {
    if (token && this.token && visitor(token) === visitor(this.token)) this.token = token;
    else if (token !== this.token) void this.follow();
  }

  // follow goes on as another window of this browser has left things.
  private async follow(): Promise<void> {
    this.queue = await this.outbox.all();
    await this.forget();
  }

  private keep(token: string): void {
    this.token = token;
    local.set(tokenKey, token);
    local.set(renewedKey, String(Date.now()));
  }

  // renew gets another token for the same visitor. The one that is there stays good meanwhile.
  private renew(token: string): void {
    this.api.session(token).then((t) => { if (this.token === token) this.keep(t); }, () => undefined);
  }

  private opened(token: string): string {
    this.keep(token);
    this.store.set({ known: true, loaded: true });
    this.listen();
    return token;
  }

  // forget ends a session that the city does not know any more. Another window may have got a new one already.
  private async forget(): Promise<void> {
    const other = local.get(tokenKey);
    this.stream?.stop();
    this.stream = undefined;
    this.timeline.clear();
    this.read = 0;
    local.remove(readKey);
    this.token = other === this.token ? undefined : other;
    if (!this.token) for (const key of [tokenKey, renewedKey]) local.remove(key);
    this.typing(false);
    this.store.set({ link: "idle", loaded: !this.token, older: "no", marker: 0 });
    this.draw();
    for (const p of await this.outbox.all()) if (p.files) await this.outbox.put(fresh(p));
    if (this.token) this.listen();
  }

  private listen(): void {
    const token = this.token!;
    this.stream?.stop();
    const stream = new Stream({
      open: (signal) => this.connect(this.token ?? token, signal),
      event: (e) => this.take(e),
      link: (link) => { if (this.stream === stream) this.linked(link); },
      refused: async (status) => { if (status === 401 && this.stream === stream) await this.forget(); return status !== 401; },
    });
    this.stream = stream;
    this.store.set({ link: navigator.onLine ? "connecting" : "offline" });
    void stream.run();
  }

  private linked(link: Link): void {
    this.store.set(link === "online" ? { link } : { link, typing: false });
    if (link !== "online") return;
    if (this.queue.length) this.sender.kick();
    if (!this.configured) void this.configure();
    const age = Date.now() - (Number(local.get(renewedKey)) || 0);
    if (this.token && (age < 0 || age > renewal)) this.renew(this.token);
  }

  // connect loads the newest lines the first time, and then follows what comes after the last line that is there.
  private async connect(token: string, signal: AbortSignal): Promise<Response> {
    try {
      if (!this.store.value.loaded) await this.load(token);
    } catch (e) {
      if (e instanceof Refused) return new Response(null, { status: e.status });
      throw e;
    }
    const after = this.timeline.all.at(-1)?.seq ?? 0;
    return fetch(`/chat/v1/events?after=${after}`, {
      headers: { ...this.api.headers(token), Accept: "text/event-stream" }, signal, credentials: "omit", cache: "no-store",
    });
  }

  private async load(token: string): Promise<void> {
    const lines = await this.api.log(token, 0, page);
    this.timeline.add(lines);
    const last = lines.at(-1)?.seq ?? 0;
    this.store.set({ loaded: true, older: lines.length < page ? "no" : "yes", marker: this.read > 0 && this.read < last ? this.read : 0 });
    this.draw();
  }

  private take(e: ServerEvent): void {
    if (e.event === "typing") return this.typing((JSON.parse(e.data) as { on: boolean }).on);
    if (e.event !== "message") return;
    const m = JSON.parse(e.data) as Message;
    const before = this.store.value.unread;
    if (this.timeline.add([m]).length === 0) return;
    if (m.from !== "you") {
      this.typing(false);
      if (before === 0 && !this.watching) this.store.set({ marker: this.read });
    }
    this.queue = this.queue.filter((p) => p.sent === undefined || !this.timeline.has(p));
    this.draw();
  }

  private typing(on: boolean): void {
    clearTimeout(this.typingTimer);
    if (on) this.typingTimer = setTimeout(() => this.store.set({ typing: false }), typingEnds);
    if (on !== this.store.value.typing) this.store.set({ typing: on });
  }

  private async deliver(p: Pending, progress: (part: number) => void): Promise<number> {
    const token = await this.session();
    const files = p.files ?? [];
    for (const [i, f] of files.entries()) {
      if (f.uploaded) continue;
      f.uploaded = await this.api.upload(token, f, (part) => progress((i + part) / files.length));
      await this.outbox.put(p);
    }
    return this.api.send(token, p);
  }

  private changed(p: Pending): void {
    this.queue = this.queue.map((q) => (q.n === p.n ? p : q)).filter((q) => q.sent === undefined || !(q.ref || this.timeline.has(q)));
    this.draw();
  }

  private draw(): void {
    const unread = this.timeline.all.filter((m) => m.from !== "you" && m.seq > this.read).length;
    this.store.set({ entries: this.timeline.entries(this.queue), unread, known: this.token !== undefined || this.queue.length > 0 });
  }

  private wake(): void {
    if (this.token && !this.stream) this.listen();
    this.stream?.wake();
    if (this.queue.length) this.sender.kick();
  }

  private async configure(): Promise<void> {
    try {
      const config = { ...defaults, ...(await this.api.config()) };
      local.set(configKey, JSON.stringify(config));
      this.configured = true;
      this.store.set({ config });
    } catch { /* the kept one will do */ }
  }
}

// fresh gives p with its files still to be uploaded: the city knows an upload as that of one visitor, and not for ever.
function fresh(p: Pending): Pending {
  return { ...p, files: p.files?.map((f) => ({ ...f, uploaded: undefined })) };
}

// visitor gives the part of a token that stays when it is renewed.
function visitor(token: string): string {
  return token.split(".", 1)[0]!;
}

function keptConfig(): Config {
  try {
    return { ...defaults, ...(JSON.parse(local.get(configKey) ?? "{}") as Partial<Config>) };
  } catch {
    return defaults;
  }
}
