import { Alarm, backoff } from "../lib/backoff.ts";
import { Refused } from "./api.ts";
import type { Outbox } from "./outbox.ts";
import type { Pending } from "./types.ts";

interface Options {
  outbox: Outbox;
  deliver: (p: Pending, progress: (part: number) => void) => Promise<number>; // one try
  changed: (p: Pending) => void;
  explain: (e: Refused) => string;
  alone: (work: () => Promise<void>) => Promise<void>; // keeps another window from doing the same at a time
  renew: () => Promise<void>; // the session has ended: forget it
}

// Sender brings what waits to the city, one after the other in the order in which it was said. A repeat has the same id, so that it counts once.
export class Sender {
  private readonly alarm = new Alarm();
  private running = false;
  private more = false;
  private stopped = false;
  private tries = 0;

  constructor(private readonly o: Options) {}

  // kick goes on sending: there is something new, or the network is back.
  kick(): void {
    this.tries = 0;
    this.more = true;
    this.alarm.ring();
    if (!this.running) void this.run();
  }

  stop(): void {
    this.stopped = true;
    this.alarm.ring();
  }

  private async run(): Promise<void> {
    this.running = true;
    while (this.more && !this.stopped) {
      this.more = false;
      await this.o.alone(() => this.drain());
    }
    this.running = false;
  }

  private async drain(): Promise<void> {
    for (const p of await this.o.outbox.all()) {
      if (p.failed !== undefined) continue;
      if (!(await this.one(p))) {
        this.more = true; // from the first one that is still there
        return;
      }
    }
  }

  // one tells whether p is done with, for good or ill.
  private async one(p: Pending): Promise<boolean> {
    if (this.stopped) return false;
    try {
      p.sent = await this.o.deliver(p, (progress) => this.o.changed({ ...p, progress }));
      await this.o.outbox.remove(p.n);
      this.o.changed({ ...p, progress: undefined });
      this.tries = 0;
      return true;
    } catch (e) {
      return this.trouble(p, e);
    }
  }

  private async trouble(p: Pending, e: unknown): Promise<boolean> {
    if (e instanceof Refused && e.status === 401) {
      await this.o.renew();
      if (this.tries++ > 0) await this.rest(0);
      return false;
    }
    if (e instanceof Refused && !e.passing) {
      p.failed = this.o.explain(e);
      await this.o.outbox.put(p);
      this.o.changed({ ...p, progress: undefined });
      return true;
    }
    this.o.changed({ ...p, progress: undefined });
    await this.rest(e instanceof Refused ? e.retryAfter * 1000 : 0);
    return false;
  }

  // rest waits before the next try, at least as long as the city asked for, in milliseconds.
  private async rest(least: number): Promise<void> {
    const notBefore = Date.now() + least;
    await this.alarm.wait(Math.max(least, backoff(this.tries++)));
    while (!this.stopped && Date.now() < notBefore) await this.alarm.wait(notBefore - Date.now());
  }
}

// alone keeps two windows of one browser from sending the same queue at a time, where the browser can tell. The ids make it safe either way. In a frame of
// another site a browser that forbids storage there refuses locks as well.
export async function alone(work: () => Promise<void>, locks: Pick<LockManager, "request"> | null = navigator.locks): Promise<void> {
  let begun = false;
  try {
    await locks?.request("motcua-chat-outbox", () => { begun = true; return work(); });
  } catch (e) {
    if (begun) throw e;
  }
  if (!begun) await work();
}
