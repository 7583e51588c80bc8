import assert from "node:assert/strict";
import test from "node:test";
import { backoff } from "./backoff.ts";
import { parts, safe, safePicture } from "./links.ts";
import { EventParser } from "./sse.ts";
import { clock, dayKey } from "./time.ts";

test("a stream gives the same events however it is cut", () => {
  const stream = ": there\n\nretry: 1000\n\nevent: message\nid: 7\ndata: {\"seq\":7,\ndata: \"id\":\"a\"}\n\n:\n\nevent: typing\r\ndata: {\"on\":true}\r\n\r\ndata:x\n\nevent: end\n\n";
  const want = [{ event: "message", id: "7", data: '{"seq":7,\n"id":"a"}' }, { event: "typing", id: "7", data: '{"on":true}' }, { event: "message", id: "7", data: "x" }];
  for (let at = 0; at <= stream.length; at++) {
    const p = new EventParser();
    assert.deepEqual([...p.push(stream.slice(0, at)), ...p.push(stream.slice(at))], want, `cut at ${at}`);
  }
  const p = new EventParser();
  assert.deepEqual([...stream].flatMap((c) => p.push(c)), want);
});

test("waits grow and are spread", () => {
  assert.deepEqual([0, 1, 2, 6, 50].map((n) => backoff(n, () => 1)), [500, 1000, 2000, 30_000, 30_000]);
  assert.deepEqual([0, 1, 50].map((n) => backoff(n, () => 0)), [250, 500, 15_000]);
});

test("addresses in a text become links, and nothing else does", () => {
  assert.deepEqual(parts("Xem (https://a.vn/b?c=1), rồi javascript:alert(1)."), [{ text: "Xem (" }, { text: "https://a.vn/b?c=1", href: "https://a.vn/b?c=1" }, { text: "), rồi javascript:alert(1)." }]);
  assert.deepEqual(parts("https://a.vn"), [{ text: "https://a.vn", href: "https://a.vn" }]);
  assert.deepEqual(parts(""), []);
});

test("only harmless addresses are followed", () => {
  const base = "https://city.vn/chat";
  for (const bad of ["javascript:alert(1)", " JavaScript:alert(1)", "data:text/html,x", "vbscript:x", "blob:https://city.vn/1", "https://"]) assert.equal(safe(bad, base), undefined, bad);
  for (const bad of ["javascript:alert(1)", "data:image/svg+xml,x", "file:///etc/passwd"]) assert.equal(safePicture(bad, base), undefined, bad);
  assert.equal(safe("/chat/form/x", base), "https://city.vn/chat/form/x");
  assert.equal(safe("tel:+842253000000", base), "tel:+842253000000");
  assert.equal(safePicture("blob:https://city.vn/1", base), "blob:https://city.vn/1");
});

test("times are the city's wherever the phone is", () => {
  assert.equal(clock("2026-03-02T18:30:00Z", "vi"), "01:30");
  assert.equal(dayKey("2026-03-02T18:30:00Z"), "2026-03-03");
});
