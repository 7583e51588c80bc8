import type { Message, Pending } from "./types.ts";

// Entry is a line to show: stored by the city, or still on its way.
export type Entry = { key: string; line: Message; pending?: undefined } | { key: string; pending: Pending; line?: undefined };

// Timeline holds the lines of a chat. Each is in it once, by its id and its number, however often it arrives.
export class Timeline {
  private lines: Message[] = []; // by seq, rising
  private readonly ids = new Set<string>();
  private readonly seqs = new Set<number>();

  get all(): readonly Message[] {
    return this.lines;
  }

  get first(): number {
    return this.lines[0]?.seq ?? 0;
  }

  // add takes lines in any order and gives those that were new.
  add(lines: readonly Message[]): Message[] {
    const fresh = lines.filter((m) => this.take(m));
    if (fresh.length === 0) return fresh;
    const last = this.lines.at(-1)?.seq ?? 0;
    this.lines = [...this.lines, ...fresh];
    if (fresh.some((m, i) => m.seq < (fresh[i - 1]?.seq ?? last))) this.lines.sort((a, b) => a.seq - b.seq);
    return fresh;
  }

  private take(m: Message): boolean {
    const id = `${m.from === "you" ? "you" : "city"} ${m.id}`; // the page makes ids of its own lines, the city of the others
    if (this.ids.has(id) || this.seqs.has(m.seq)) return false;
    this.ids.add(id);
    this.seqs.add(m.seq);
    return true;
  }

  has(pending: Pending): boolean {
    return this.ids.has(`you ${pending.id}`);
  }

  clear(): void {
    this.lines = [];
    this.ids.clear();
    this.seqs.clear();
  }

  // entries gives what is to be shown: stored lines by number, among them what was taken but has not come back, then what waits.
  entries(queue: readonly Pending[]): Entry[] {
    const open = queue.filter((p) => !this.has(p) && !p.ref);
    const out: Entry[] = this.lines.map((line) => ({ key: line.from === "you" ? line.id : `s${line.seq}`, line }));
    for (const pending of open.filter((p) => p.sent !== undefined)) {
      const at = out.findIndex((e) => (e.line?.seq ?? e.pending!.sent!) > pending.sent!);
      out.splice(at < 0 ? out.length : at, 0, { key: pending.id, pending });
    }
    for (const pending of open.filter((p) => p.sent === undefined)) out.push({ key: pending.id, pending });
    return out;
  }
}
