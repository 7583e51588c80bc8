// The map is drawn in Mercator's projection, in which tiles come, in units of 1/100 000 degree of longitude around a point near the city: numbers
// that a browser's 32-bit drawing holds to the centimetre.
const unit = 100_000;

export interface View {
  x: number;
  y: number;
  w: number;
  h: number;
}

const mercator = (lat: number) => (Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360)) * 180) / Math.PI;
const unmercator = (y: number) => (Math.atan(Math.exp((y * Math.PI) / 180)) * 360) / Math.PI - 90;

export class Projection {
  private readonly y0: number;

  constructor(private readonly lon0: number, lat0: number) {
    this.y0 = mercator(lat0);
  }

  to(lon: number, lat: number): [x: number, y: number] {
    return [(lon - this.lon0) * unit, (this.y0 - mercator(lat)) * unit];
  }

  from(x: number, y: number): [lon: number, lat: number] {
    return [x / unit + this.lon0, unmercator(this.y0 - y / unit)];
  }

  // tiles gives the squares of a tile map that cover a view which is so many pixels wide: at most 40.
  tiles(view: View, pixels: number): { key: string; z: number; x: number; y: number; left: number; top: number; side: number }[] {
    let z = Math.min(18, Math.max(3, Math.ceil(Math.log2(((360 * unit) / view.w) * (pixels / 256)))));
    for (; z > 3 && (view.w * view.h) / this.side(z) ** 2 > 24; z--);
    const side = this.side(z), west = (-180 - this.lon0) * unit, north = (this.y0 - 180) * unit;
    const out = [];
    for (let ty = Math.floor((view.y - north) / side); ty * side + north < view.y + view.h; ty++) {
      for (let tx = Math.floor((view.x - west) / side); tx * side + west < view.x + view.w; tx++) {
        out.push({ key: `${z}/${tx}/${ty}`, z, x: tx, y: ty, left: west + tx * side, top: north + ty * side, side });
      }
    }
    return out.slice(0, 40);
  }

  private side(z: number): number {
    return (360 * unit) / 2 ** z;
  }
}

// pathOf gives the outline of a ward as the data of a path.
export function pathOf(rings: [number, number][][], p: Projection): string {
  return rings.map((ring) => `M${ring.map(([lon, lat]) => p.to(lon, lat).map((n) => n.toFixed(1)).join(" ")).join("L")}Z`).join("");
}

const median = (list: number[]) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0;

// spread gives the middle of some points, and how far most of them lie around it: without islands far out at sea.
export function spread(points: [lon: number, lat: number][]): { lon: number; lat: number; dx: number; dy: number } {
  const lon = median(points.map((p) => p[0])), lat = median(points.map((p) => p[1]));
  return {
    lon, lat,
    dx: 3 * median(points.map((p) => Math.abs(p[0] - lon))) || 0.2,
    dy: 3 * median(points.map((p) => Math.abs(p[1] - lat))) || 0.2,
  };
}

// tileAt gives the address of one tile. Where the city names several servers by {s}, each tile has one of them: a, b or c.
export function tileAt(template: string, { z, x, y }: { z: number; x: number; y: number }): string {
  const values: Record<string, string> = { z: String(z), x: String(x), y: String(y), s: "abc"[(x + y) % 3]! };
  return template.replace(/\{([zxys])\}/g, (_, name: string) => values[name]!);
}
