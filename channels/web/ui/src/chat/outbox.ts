import type { Pending } from "./types.ts";

// Outbox keeps what was said until the city has it: across reloads in IndexedDB, or in memory where the browser forbids that.
export class Outbox {
  private db: Promise<IDBDatabase | undefined> | undefined;
  private memory = new Map<number, Pending>();
  private next = 1;

  // all gives everything that waits, in the order in which it was said.
  async all(): Promise<Pending[]> {
    const stored = await this.run<Pending[]>("readonly", (s) => s.getAll());
    return [...(stored ?? []), ...this.memory.values()].sort((a, b) => a.n - b.n);
  }

  // add stores p and gives it with its place in the queue.
  async add(p: Omit<Pending, "n">): Promise<Pending> {
    const n = await this.run<IDBValidKey>("readwrite", (s) => s.add(p));
    if (typeof n === "number") return { ...p, n };
    const kept = { ...p, n: this.next++ };
    this.memory.set(kept.n, kept);
    return kept;
  }

  // put changes p, unless it is there no more.
  async put(p: Pending): Promise<void> {
    if (this.memory.has(p.n)) {
      this.memory.set(p.n, p);
      return;
    }
    await this.run("readwrite", (s) => {
      const there = s.getKey(p.n);
      there.onsuccess = () => { if (there.result !== undefined) s.put({ ...p, progress: undefined }); };
      return there;
    });
  }

  async remove(n: number): Promise<void> {
    if (!this.memory.delete(n)) await this.run("readwrite", (s) => s.delete(n));
  }

  async clear(): Promise<void> {
    this.memory.clear();
    await this.run("readwrite", (s) => s.clear());
  }

  // run gives the result of one request, or undefined when the browser does not let us store.
  private async run<T>(mode: IDBTransactionMode, request: (s: IDBObjectStore) => IDBRequest): Promise<T | undefined> {
    this.db ??= open().catch(() => undefined);
    const db = await this.db;
    if (!db) return undefined;
    return new Promise((resolve) => {
      try {
        const tx = db.transaction(queue, mode);
        const r = request(tx.objectStore(queue));
        tx.oncomplete = () => resolve(r.result as T);
        tx.onerror = tx.onabort = () => resolve(undefined);
      } catch {
        resolve(undefined); // the database was closed under us
      }
    });
  }
}

const queue = "outbox";

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const r = indexedDB.open("motcua-chat", 1);
    r.onupgradeneeded = () => r.result.createObjectStore(queue, { keyPath: "n", autoIncrement: true });
    r.onsuccess = () => resolve(r.result);
    r.onerror = r.onblocked = () => reject(r.error);
  });
}
