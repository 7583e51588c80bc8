import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { Projection, tileAt, spread } from "./projection.ts";
import { inside, parse, wardAt } from "./wards.ts";

const wards = parse(JSON.parse(readFileSync("../../../configs/cities/haiphong/wards.geojson", "utf8")));

test("every ward of the city holds the point that stands for it", () => {
  assert.ok(wards.length > 100);
  for (const w of wards) assert.equal(wardAt(wards, ...inside(w))?.code, w.code, w.name.vi);
  assert.equal(wardAt(wards, 105.85, 21.03), undefined, "the capital");
});

test("names come in both languages, and English falls back", () => {
  const polygon = { type: "Polygon" as const, coordinates: [] };
  const [a, b] = parse({ features: [{ properties: { code: 1, fullName: "Phường A", fullNameEn: "A Ward" }, geometry: polygon }, { properties: { code: "2", name: "B" }, geometry: polygon }] });
  assert.deepEqual([a!.name, b!.name], [{ vi: "Phường A", en: "A Ward" }, { vi: "B", en: "B" }]);
});

test("a point comes back from the map to the centimetre", () => {
  const p = new Projection(106.68, 20.86);
  for (const [lon, lat] of [[106.6881, 20.8449], [107.7, 20.1], [106.1, 21.3]] as const) {
    const [x, y] = p.to(lon, lat).map(Math.fround), back = p.from(x!, y!);
    assert.ok(Math.abs(back[0] - lon) < 1e-6 && Math.abs(back[1] - lat) < 1e-6, `${back}`);
  }
});

test("tiles cover the view at a scale that is sharp", () => {
  const p = new Projection(106.68, 20.86), view = { x: -4000, y: -3000, w: 8000, h: 6000 }, tiles = p.tiles(view, 360);
  assert.ok(tiles.length > 0 && tiles.length <= 40);
  assert.ok(Math.min(...tiles.map((i) => i.left)) <= view.x && Math.max(...tiles.map((i) => i.left + i.side)) >= view.x + view.w);
  assert.ok(Math.min(...tiles.map((i) => i.top)) <= view.y && Math.max(...tiles.map((i) => i.top + i.side)) >= view.y + view.h);
  const at = tiles.find((i) => i.left <= 0 && i.left + i.side > 0 && i.top <= 0 && i.top + i.side > 0)!;
  assert.equal(at.x, Math.floor(((106.68 + 180) / 360) * 2 ** at.z));
});

test("islands far out do not make the city small", () => {
  const { lon, lat, dx } = spread([[106.6, 20.8], [106.7, 20.9], [106.65, 20.85], [107.7, 20.1]]);
  assert.ok(Math.abs(lon - 106.7) < 0.1 && Math.abs(lat - 20.85) < 0.1 && dx < 0.4);
});

test("addresses of tiles", () => {
  assert.equal(tileAt("https://t.vn/{z}/{x}/{y}.png", { z: 3, x: 5, y: 6 }), "https://t.vn/3/5/6.png");
  const hosts = [0, 1, 2, 3].map((x) => tileAt("https://{s}.t.vn/{z}/{x}/{y}", { z: 3, x, y: 0 }).slice(8, 9));
  assert.deepEqual(hosts, ["a", "b", "c", "a"]);
});
