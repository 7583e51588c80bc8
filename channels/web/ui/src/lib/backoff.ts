const base = 500, cap = 30_000; // milliseconds

// backoff gives how long to wait before try n (0 is the first repeat), in milliseconds: doubled each time up to 30 s, and spread over its upper
// half so that phones which lost the same network do not come back in step.
export function backoff(n: number, random: () => number = Math.random): number {
  const full = Math.min(cap, base * 2 ** Math.min(n, 16));
  return Math.round(full * (0.5 + random() / 2));
}

// Alarm is a wait that can be cut short.
export class Alarm {
  private wake: (() => void) | undefined;

  // wait ends after ms milliseconds, or as soon as ring is called.
  wait(ms: number): Promise<void> {
    return new Promise((done) => {
      const timer = setTimeout(() => this.ring(), ms);
      this.wake = () => { clearTimeout(timer); done(); };
    });
  }

  ring(): void {
    this.wake?.();
    this.wake = undefined;
  }
}
