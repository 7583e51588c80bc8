import assert from "node:assert/strict";
import test from "node:test";
import { Refused } from "./api.ts";
import type { Outbox } from "./outbox.ts";
import { alone, Sender } from "./sender.ts";
import { Timeline } from "./timeline.ts";
import type { From, Message, Pending } from "./types.ts";

const line = (seq: number, from: From = "bot", id = `m${seq}`): Message => ({ seq, id, from, at: "2026-03-02T01:00:00Z" });
const waiting = (n: number, more: Partial<Pending> = {}): Pending => ({ n, id: `p${n}`, at: "2026-03-02T01:00:00Z", ...more });

test("each line is there once and in order", () => {
  const t = new Timeline();
  assert.equal(t.add([line(5), line(6)]).length, 2);
  assert.equal(t.add([line(6), line(7), line(3), line(4), line(6, "staff", "other")]).length, 3);
  assert.deepEqual(t.all.map((m) => m.seq), [3, 4, 5, 6, 7]);
  assert.equal(t.add([line(9, "bot", "m7")]).length, 0, "the same id under another number");
  assert.equal(t.add([line(8, "you", "m7")]).length, 1, "an id of the page is not one of the city");
});

test("what waits comes last, what was taken where it belongs, what has come back once", () => {
  const t = new Timeline();
  t.add([line(1), line(2, "you", "p1"), line(4)]);
  const keys = t.entries([waiting(1, { sent: 2 }), waiting(2, { sent: 3 }), waiting(3), waiting(4, { ref: "a.b" }), waiting(5, { sent: 5 })]).map((e) => e.key);
  assert.deepEqual(keys, ["s1", "p1", "p2", "s4", "p5", "p3"]);
});

class Memory {
  constructor(public list: Pending[]) {}
  all = async () => this.list.map((p) => ({ ...p }));
  put = async (p: Pending) => { this.list = this.list.map((q) => (q.n === p.n ? p : q)); };
  remove = async (n: number) => { this.list = this.list.filter((q) => q.n !== n); };
}

// drained sends a queue to a city that answers as told, and gives what it was sent.
async function drained(list: Pending[], answers: (unknown | number)[]): Promise<{ sent: string[]; left: Pending[]; renewed: number }> {
  const sent: string[] = [], outbox = new Memory(list);
  let renewed = 0;
  await new Promise<void>((done) => {
    const sender: Sender = new Sender({
      outbox: outbox as unknown as Outbox,
      deliver: async (p) => {
        sent.push(p.id);
        const a = answers.shift();
        setTimeout(() => (outbox.list.every((q) => q.failed !== undefined) ? done() : sender.kick()), 1);
        if (typeof a !== "number") throw a;
        return a;
      },
      changed: () => undefined, alone: (work) => work(), explain: (e) => e.message, renew: async () => { renewed++; },
    });
    sender.kick();
  });
  return { sent, left: outbox.list, renewed };
}

test("messages are sent in order, again under the same id until they are taken", async () => {
  const { sent, left } = await drained([waiting(1), waiting(2)], [new TypeError("network"), new Refused(503, "UNAVAILABLE", ""), 1, 2]);
  assert.deepEqual(sent, ["p1", "p1", "p1", "p2"]);
  assert.deepEqual(left, []);
});

test("a refused message is kept with the reason and holds up nobody", async () => {
  const { sent, left } = await drained([waiting(1), waiting(2)], [new Refused(400, "INVALID", "dài quá"), 1]);
  assert.deepEqual(sent, ["p1", "p2"]);
  assert.deepEqual(left.map((p) => p.failed), ["dài quá"]);
});

test("a session that has ended is renewed", async () => {
  const { sent, renewed } = await drained([waiting(1)], [new Refused(401, "UNAUTHORIZED", ""), 1]);
  assert.deepEqual([sent, renewed], [["p1", "p1"], 1]);
});

test("work is done once, with a lock, without one, and where the browser refuses it", async () => {
  const refuse = { request: async () => { throw new DOMException("The request was denied.", "SecurityError"); } };
  const give = { request: (_: string, work: () => Promise<void>) => work() };
  for (const locks of [give, null, refuse] as (LockManager | null)[]) {
    let done = 0;
    await alone(async () => { done++; }, locks);
    assert.equal(done, 1);
  }
  let tries = 0;
  await assert.rejects(alone(async () => { tries++; throw new Error("its own"); }, give as unknown as LockManager), /its own/);
  assert.equal(tries, 1, "work that fails is not done again");
});
