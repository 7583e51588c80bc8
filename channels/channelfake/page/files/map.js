// The map of the wards: their borders, a pin, and which ward it stands in.
const svgNS = "http://www.w3.org/2000/svg";
let wards = [];

// loadWards reads the borders: whole steps of 1/scale degrees, each point from the one before it.
export async function loadWards() {
  const file = await (await fetch("outlines.json")).json();
  wards = file.wards.map((w) => ({ ...w, rings: w.rings.map((ring) => unfold(ring, file.scale)) }));
  return wards;
}

function unfold(steps, scale) {
  const out = [];
  for (let i = 0, x = 0, y = 0; i < steps.length; i += 2) out.push([(x += steps[i]) / scale, (y += steps[i + 1]) / scale]);
  return out;
}

// crossings gives the longitudes at which a parallel crosses the borders of a ward, in order.
function crossings(rings, lat) {
  const out = [];
  for (const ring of rings) {
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
      const [x1, y1] = ring[i], [x2, y2] = ring[j];
      if (y1 > lat !== y2 > lat) out.push(x1 + ((lat - y1) / (y2 - y1)) * (x2 - x1));
    }
  }
  return out.sort((a, b) => a - b);
}

// wardAt gives the ward that a point lies in, by the even-odd rule.
export const wardAt = (lon, lat) => wards.find((w) => crossings(w.rings, lat).filter((x) => x < lon).length % 2 === 1);

// inside gives a point well inside a ward: the middle of its widest part half-way up.
function inside(ward) {
  const lats = ward.rings.flat().map((p) => p[1]);
  const lat = (Math.min(...lats) + Math.max(...lats)) / 2;
  const xs = crossings(ward.rings, lat);
  let best = [xs[0], xs[1]];
  for (let i = 2; i + 1 < xs.length; i += 2) if (xs[i + 1] - xs[i] > best[1] - best[0]) best = [xs[i], xs[i + 1]];
  return [(best[0] + best[1]) / 2, lat];
}

const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];

// CityMap draws into an svg and calls back with where the pin stands.
export class CityMap {
  constructor(svg, onPin) {
    this.svg = svg;
    this.onPin = onPin;
    this.pointers = new Map();
    this.middle = wards.length ? wards.map(inside) : [[106.68, 20.86]];
    this.flat = Math.cos((median(this.middle.map((p) => p[1])) * Math.PI) / 180);
    this.paths = wards.map((w) => this.path(w));
    this.circle = document.createElementNS(svgNS, "circle");
    this.circle.setAttribute("visibility", "hidden");
    svg.replaceChildren(...this.paths, this.circle);
    svg.addEventListener("wheel", (e) => { e.preventDefault(); this.zoom(e.deltaY > 0 ? 1.25 : 0.8, this.at(e)); }, { passive: false });
    svg.addEventListener("pointerdown", (e) => this.down(e));
    svg.addEventListener("pointermove", (e) => this.move(e));
    for (const end of ["pointerup", "pointercancel"]) svg.addEventListener(end, (e) => this.up(e));
    svg.addEventListener("keydown", (e) => this.key(e));
    this.all();
  }

  path(ward) {
    const p = document.createElementNS(svgNS, "path"), title = document.createElementNS(svgNS, "title");
    p.setAttribute("d", ward.rings.map((ring) => `M${ring.map(([x, y]) => `${(x * this.flat).toFixed(5)} ${(-y).toFixed(5)}`).join("L")}Z`).join(""));
    title.textContent = ward.name;
    p.append(title);
    return p;
  }

  // all shows the city without what lies far off its middle, such as islands out at sea.
  all() {
    const xs = this.middle.map((p) => p[0] * this.flat), ys = this.middle.map((p) => -p[1]), mx = median(xs), my = median(ys);
    const dx = 3 * median(xs.map((x) => Math.abs(x - mx))) || 0.2, dy = 3 * median(ys.map((y) => Math.abs(y - my))) || 0.2;
    this.show(mx - dx, my - dy, 2 * dx, 2 * dy);
  }

  show(x, y, w, h) {
    this.view = { x, y, w, h };
    this.svg.setAttribute("viewBox", `${x} ${y} ${w} ${h}`);
    this.circle.setAttribute("r", Math.max(w, h) / 60);
  }

  zoom(by, [x, y] = [this.view.x + this.view.w / 2, this.view.y + this.view.h / 2]) {
    const { x: left, y: top, w, h } = this.view;
    const f = Math.min(Math.max(by, 0.004 / w), 6 / w);
    this.show(x - (x - left) * f, y - (y - top) * f, w * f, h * f);
  }

  at(e) {
    const p = new DOMPoint(e.clientX, e.clientY).matrixTransform(this.svg.getScreenCTM().inverse());
    return [p.x, p.y];
  }

  down(e) {
    this.svg.setPointerCapture(e.pointerId);
    this.pointers.set(e.pointerId, [e.clientX, e.clientY]);
    this.moved = this.pointers.size > 1;
  }

  move(e) {
    const before = this.pointers.get(e.pointerId);
    if (!before) return;
    if (this.pointers.size === 1 && !this.moved && Math.hypot(e.clientX - before[0], e.clientY - before[1]) < 6) return;
    this.moved = true;
    const other = [...this.pointers].find(([id]) => id !== e.pointerId)?.[1];
    if (other) {
      const d = (p) => Math.hypot(p[0] - other[0], p[1] - other[1]);
      this.zoom(d(before) / Math.max(1, d([e.clientX, e.clientY])), this.at({ clientX: other[0], clientY: other[1] }));
    } else {
      const [x1, y1] = this.at({ clientX: before[0], clientY: before[1] }), [x2, y2] = this.at(e);
      this.show(this.view.x + x1 - x2, this.view.y + y1 - y2, this.view.w, this.view.h);
    }
    this.pointers.set(e.pointerId, [e.clientX, e.clientY]);
  }

  up(e) {
    const tapped = this.pointers.delete(e.pointerId) && !this.moved && e.type === "pointerup";
    if (!tapped) return;
    const [x, y] = this.at(e);
    this.pin(x / this.flat, -y);
  }

  key(e) {
    const { x, y, w, h } = this.view, step = 0.15;
    const moves = { ArrowLeft: [-w * step, 0], ArrowRight: [w * step, 0], ArrowUp: [0, -h * step], ArrowDown: [0, h * step] };
    if (moves[e.key]) this.show(x + moves[e.key][0], y + moves[e.key][1], w, h);
    else if (e.key === "+" || e.key === "=") this.zoom(0.7);
    else if (e.key === "-") this.zoom(1.4);
    else if (e.key === "Enter" || e.key === " ") this.pin((x + w / 2) / this.flat, -(y + h / 2));
    else return;
    e.preventDefault();
  }

  pin(lon, lat) {
    this.circle.setAttribute("cx", lon * this.flat);
    this.circle.setAttribute("cy", -lat);
    this.circle.setAttribute("visibility", "visible");
    const ward = wardAt(lon, lat);
    this.paths.forEach((p, i) => p.classList.toggle("chosen", wards[i] === ward));
    this.onPin({ lon, lat, ward: ward?.name ?? "", code: ward?.code ?? "" });
  }

  // go puts the pin into a ward and shows its surroundings.
  go(code) {
    const i = wards.findIndex((w) => w.code === code);
    if (i < 0) return;
    const [lon, lat] = this.middle[i], span = 0.12;
    this.show(lon * this.flat - span / 2, -lat - span / 2, span, span);
    this.pin(lon, lat);
  }
}
