import type { Lang } from "../texts/texts.ts";

export type Ring = [lon: number, lat: number][];

export interface Ward {
  code: string;
  name: Record<Lang, string>;
  rings: Ring[];
}

interface Feature {
  properties: Record<string, unknown>;
  geometry: { type: "Polygon"; coordinates: Ring[] } | { type: "MultiPolygon"; coordinates: Ring[][] };
}

// parse takes the city's outlines apart: GeoJSON features with code, fullName and fullNameEn, or name and nameEn.
export function parse(collection: { features: Feature[] }): Ward[] {
  const text = (p: Record<string, unknown>, ...names: string[]) => String(names.map((n) => p[n]).find((v) => v) ?? "");
  return collection.features.map(({ properties: p, geometry: g }) => ({
    code: text(p, "code"),
    name: { vi: text(p, "fullName", "name"), en: text(p, "fullNameEn", "nameEn", "fullName", "name") },
    rings: g.type === "Polygon" ? g.coordinates : g.coordinates.flat(),
  }));
}

// crossings gives the longitudes at which a parallel crosses the border of a ward, from west to east.
export function crossings(rings: Ring[], lat: number): number[] {
  const out: number[] = [];
  for (const ring of rings) {
    let before = ring.at(-1);
    for (const at of ring) {
      if (before && at[1] > lat !== before[1] > lat) out.push(at[0] + ((lat - at[1]) / (before[1] - at[1])) * (before[0] - at[0]));
      before = at;
    }
  }
  return out.sort((a, b) => a - b);
}

// wardAt gives the ward that a point lies in, by the even-odd rule.
export function wardAt(wards: Ward[], lon: number, lat: number): Ward | undefined {
  return wards.find((w) => crossings(w.rings, lat).filter((x) => x < lon).length % 2 === 1);
}

// inside gives a point well inside a ward: the middle of its widest part half-way up.
export function inside(ward: Ward): [lon: number, lat: number] {
  const lats = ward.rings.flat().map((p) => p[1]);
  const lat = (lats.reduce((a, b) => Math.min(a, b), 90) + lats.reduce((a, b) => Math.max(a, b), -90)) / 2;
  const xs = crossings(ward.rings, lat);
  let best: [number, number] = [xs[0] ?? 0, xs[1] ?? 0];
  for (let i = 2; i + 1 < xs.length; i += 2) if (xs[i + 1]! - xs[i]! > best[1] - best[0]) best = [xs[i]!, xs[i + 1]!];
  return [(best[0] + best[1]) / 2, lat];
}

let loading: Promise<Ward[]> | undefined;

// loadWards gives the outlines; they are asked for once, when a map is first shown.
export function loadWards(): Promise<Ward[]> {
  loading ??= fetch("/chat/v1/wards.geojson", { credentials: "omit" })
    .then((r) => (r.ok ? r.json() : Promise.reject(new Error(String(r.status)))))
    .then(parse)
    .catch((e: unknown) => { loading = undefined; throw e; });
  return loading;
}
