import { Alarm, backoff } from "../lib/backoff.ts";
import { EventParser, type ServerEvent } from "../lib/sse.ts";

export type Link = "idle" | "connecting" | "online" | "offline";

const silence = 45_000; // milliseconds without a byte after which the line counts as dead; the city speaks every 20 s

interface Options {
  open: (signal: AbortSignal) => Promise<Response>;
  event: (e: ServerEvent) => void;
  link: (l: Link) => void;
  refused: (status: number) => Promise<boolean>; // whether to try again
}

// Stream keeps a connection to the city open, and opens another whenever it ends.
export class Stream {
  private readonly alarm = new Alarm();
  private tries = 0;
  private stopped = false;
  private abort: AbortController | undefined;

  constructor(private readonly o: Options) {}

  async run(): Promise<void> {
    while (!this.stopped) {
      const again = await this.once();
      if (!again || this.stopped) return;
      this.o.link(navigator.onLine ? "connecting" : "offline");
      await this.alarm.wait(backoff(this.tries++));
    }
  }

  // wake tries at once: the network is said to be back.
  wake(): void {
    this.tries = 0;
    this.alarm.ring();
  }

  // drop gives up the present connection: the network is said to be gone, or there is another session.
  drop(): void {
    this.abort?.abort();
  }

  stop(): void {
    this.stopped = true;
    this.drop();
    this.alarm.ring();
  }

  private async once(): Promise<boolean> {
    const abort = new AbortController();
    this.abort = abort;
    let timer = setTimeout(() => abort.abort(), silence);
    try {
      const res = await this.o.open(abort.signal);
      if (!res.ok || !res.body) return await this.o.refused(res.status);
      this.o.link("online");
      const parser = new EventParser(), decoder = new TextDecoder(), reader = res.body.getReader();
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return true;
        this.tries = 0;
        clearTimeout(timer);
        timer = setTimeout(() => abort.abort(), silence);
        for (const e of parser.push(decoder.decode(value, { stream: true }))) this.o.event(e);
      }
    } catch {
      return true; // the network, or we ourselves, ended it
    } finally {
      clearTimeout(timer);
      abort.abort();
    }
  }
}
