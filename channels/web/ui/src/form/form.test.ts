import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { say } from "../texts/texts.ts";
import { setAt } from "./context.ts";
import { check, choicesOf, fieldsOf, kindOf, labelOf, pathKey, resolve, settled, type Schema } from "./schema.ts";

const root = JSON.parse(readFileSync("testdata/form.json", "utf8")) as Schema;
const t = (key: Parameters<typeof say>[1], values?: Parameters<typeof say>[2]) => say("vi", key, values);
const found = (s: Schema, v: unknown) => check(s, s, v, t).map((w) => `${pathKey(w.path)}: ${w.text}`);

test("the fields of a form, in order, each of its kind", () => {
  assert.deepEqual(fieldsOf(root, root).map(([name, s]) => `${name} ${kindOf(s, root)}`), [
    "service choice", "day date", "room options", "people number", "contact object", "idNumber text", "early boolean", "place location", "photos medialist", "guests list", "note long",
  ]);
  const contact = resolve(root.properties!.contact!, root);
  assert.deepEqual(fieldsOf(contact, root).map(([name, s]) => `${name} ${kindOf(s, root)} ${labelOf(s, name, "en")}`), ["name text Name", "phone phone Phone"]);
  assert.deepEqual(choicesOf(root.properties!.service!, "en"), [{ value: "id", label: "Identity card" }, { value: "birth", label: "Birth certificate" }]);
});

test("a field that no chat asks for is shown when it is sensitive", () => {
  const s: Schema = { properties: { pin: { type: "string", "x-ask": "never", "x-sensitive": true }, times: { type: "integer", "x-ask": "never" } } };
  assert.deepEqual(fieldsOf(s, s).map(([name]) => name), ["pin"]);
});

test("answers are sent without what was left empty, with what can only be one value", () => {
  assert.deepEqual(settled(root, root, { service: "id", note: " ", guests: ["", "An"], photos: [], contact: { name: "", phone: "" }, place: { lat: undefined }, early: false, people: 0, lang: "xx" }),
    { service: "id", guests: ["An"], early: false, people: 0, lang: "vi" });
});

test("what is wrong, by its path", () => {
  const ok = { service: "id", day: "2026-02-28", contact: { name: "An", phone: "0912 345 678" }, idNumber: "012345678901", lang: "vi" };
  assert.deepEqual(found(root, ok), []);
  assert.deepEqual(found(root, {}), ["lang", "service", "day", "contact/name", "contact/phone", "idNumber"].map((p) => `${p}: Bà con điền giúp mục này.`));
  assert.deepEqual(found(root, { ...ok, service: "x", day: "2026-02-30", people: 2.5, contact: { name: "A", phone: "12" }, idNumber: "1", guests: ["A"], photos: ["a", "a"], place: { lat: 91, lon: 0 } }), [
    "service: Bà con chọn một trong các lựa chọn.", "day: Bà con ghi ngày hợp lệ.", "people: Mục này cần là số nguyên.", "contact/name: Cần ít nhất 2 ký tự.", "contact/phone: Bà con ghi số điện thoại hợp lệ.",
    "idNumber: Chưa đúng mẫu.", "place: Bà con chọn vị trí trên bản đồ hoặc ghi địa chỉ.", "photos: Có nội dung bị lặp lại.", "guests/0: Cần ít nhất 2 ký tự.",
  ]);
});

test("numbers and lists at their limits", () => {
  const n = (s: Schema, v: unknown) => found({ properties: { n: s } }, { n: v }).map((x) => x.slice(3));
  assert.deepEqual(n({ type: "number", minimum: 1, maximum: 2 }, 1), []);
  assert.deepEqual(n({ type: "number", minimum: 1 }, 0.9), ["Phải từ 1 trở lên."]);
  assert.deepEqual(n({ type: "number", exclusiveMaximum: 2 }, 2), ["Phải nhỏ hơn 2."]);
  assert.deepEqual(n({ type: "number", multipleOf: 0.1 }, 0.3), []);
  assert.deepEqual(n({ type: "number", multipleOf: 0.5 }, 0.7), ["Phải là bội số của 0.5."]);
  assert.deepEqual(n({ type: "number" }, "mười"), ["Mục này cần là số."]);
  assert.deepEqual(n({ type: "array", items: { type: "string" }, maxItems: 1 }, ["a", "b"]), ["Chỉ được tối đa 1 mục."]);
  assert.deepEqual(n({ type: "string", maxLength: 2 }, "👍🏽👍"), ["Chỉ được tối đa 2 ký tự (hiện có 3)."]);
  assert.deepEqual(n({ type: "string", pattern: "(?<bad" }, "x"), [], "a pattern that the browser does not know is the server's");
});

test("answers change without changing others", () => {
  const before = { a: { b: 1 }, l: [{ x: 1 }, { x: 2 }] };
  assert.deepEqual(setAt(before, ["l", "1", "x"], 3), { a: { b: 1 }, l: [{ x: 1 }, { x: 3 }] });
  assert.deepEqual(setAt({}, ["a", "b"], 1), { a: { b: 1 } });
  assert.deepEqual(before.l[1], { x: 2 });
});
