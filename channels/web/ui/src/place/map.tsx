import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Icon } from "../lib/icons.tsx";
import { useSpeech } from "../texts/texts.ts";
import { pathOf, Projection, spread, tileAt, type View } from "./projection.ts";
import { inside, wardAt, type Ward } from "./wards.ts";

export interface Pin {
  lat: number;
  lon: number;
}

interface Props {
  wards: Ward[];
  tiles: string;
  pin?: Pin;
  focus?: Pin; // a place to go to: changes when the map is to move
  drop: (p: Pin) => void;
}

const closest = 200, farthest = 600_000; // widths of a view, in the map's units

// CityMap shows the wards. A tap drops the pin; two fingers, the wheel and the keyboard move and zoom.
export function CityMap({ wards, tiles, pin, focus, drop }: Props) {
  const { t, lang } = useSpeech();
  const svg = useRef<SVGSVGElement>(null);
  const { projection, whole, paths } = useMemo(() => {
    const middles = wards.map(inside), { lon, lat, dx, dy } = spread(middles);
    const projection = new Projection(lon, lat);
    const [x, y] = projection.to(lon - dx, lat + dy), [right, bottom] = projection.to(lon + dx, lat - dy);
    return { projection, whole: { x, y, w: right - x, h: bottom - y }, paths: wards.map((w) => pathOf(w.rings, projection)) };
  }, [wards]);
  const [view, setView] = useState<View>(whole);
  const at = useRef(view);
  at.current = view;
  const pinned = pin && wardAt(wards, pin.lon, pin.lat);

  useEffect(() => {
    if (!focus) return;
    const [x, y] = projection.to(focus.lon, focus.lat), w = 8000;
    setView({ x: x - w / 2, y: y - w / 2, w, h: w });
  }, [focus]);

  const zoom = (by: number, x?: number, y?: number) => setView((v) => {
    const f = Math.min(Math.max(by, closest / v.w), farthest / v.w), cx = x ?? v.x + v.w / 2, cy = y ?? v.y + v.h / 2;
    return { x: cx - (cx - v.x) * f, y: cy - (cy - v.y) * f, w: v.w * f, h: v.h * f };
  });
  const put = (x: number, y: number) => {
    const [lon, lat] = projection.from(x, y);
    drop({ lon: Number(lon.toFixed(6)), lat: Number(lat.toFixed(6)) });
  };
  const hands = useMemo(() => new Hands(), []);
  hands.with({ svg: () => svg.current!, zoom, put, move: (dx, dy) => setView((v) => ({ ...v, x: v.x + dx, y: v.y + dy })) });

  useEffect(() => {
    const s = svg.current!;
    const wheel = (e: WheelEvent) => { e.preventDefault(); zoom(e.deltaY > 0 ? 1.25 : 0.8, ...hands.at(e.clientX, e.clientY)); };
    s.addEventListener("wheel", wheel, { passive: false });
    return () => s.removeEventListener("wheel", wheel);
  }, []);

  const key = (e: KeyboardEvent) => {
    const { x, y, w, h } = at.current, step = 0.15;
    const moves: Record<string, [number, number]> = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    const m = moves[e.key];
    if (m) setView((v) => ({ ...v, x: v.x + m[0] * w, y: v.y + m[1] * h }));
    else if (e.key === "+" || e.key === "=") zoom(0.7);
    else if (e.key === "-") zoom(1.4);
    else if (e.key === "Enter" || e.key === " ") put(x + w / 2, y + h / 2);
    else return;
    e.preventDefault();
  };

  const [px, py] = pin ? projection.to(pin.lon, pin.lat) : [0, 0];
  const r = Math.max(view.w, view.h) / 46;
  return (
    <div class="mapframe">
      <svg
        ref={svg} class="map" viewBox={`${view.x} ${view.y} ${view.w} ${view.h}`} tabindex={0} role="application" aria-label={t("placeMap")} onKeyDown={key}
        onPointerDown={(e) => hands.down(e)} onPointerMove={(e) => hands.moved(e)} onPointerUp={(e) => hands.up(e)} onPointerCancel={(e) => hands.up(e)}
      >
        {tiles && projection.tiles(view, svg.current?.clientWidth || 360).map((i) => (
          <image key={i.key} href={tileAt(tiles, i)} x={i.left} y={i.top} width={i.side} height={i.side} />
        ))}
        <g class={tiles ? "wards over" : "wards"}>
          {wards.map((w, i) => <path key={w.code} d={paths[i]} class={w === pinned ? "here" : ""} data-ward={w.code}><title>{w.name[lang]}</title></path>)}
        </g>
        {pin && <path class="pin" d={`M${px} ${py}c${-r} ${-1.6 * r} ${-1.2 * r} ${-3.2 * r} 0 ${-3.2 * r}s${r} ${1.6 * r} 0 ${3.2 * r}z`} />}
      </svg>
      <div class="zoom">
        <button type="button" aria-label={t("zoomIn")} onClick={() => zoom(0.6)}><Icon name="plus" /></button>
        <button type="button" aria-label={t("zoomOut")} onClick={() => zoom(1.7)}><Icon name="minus" /></button>
        <button type="button" aria-label={t("zoomAll")} onClick={() => setView(whole)}><Icon name="all" /></button>
      </div>
    </div>
  );
}

interface Acts {
  svg: () => SVGSVGElement;
  zoom: (by: number, x?: number, y?: number) => void;
  move: (dx: number, dy: number) => void;
  put: (x: number, y: number) => void;
}

// Hands makes taps, drags and pinches out of what fingers and mice do.
class Hands {
  private readonly pointers = new Map<number, [x: number, y: number]>();
  private dragged = false;
  private acts!: Acts;

  with(acts: Acts): void {
    this.acts = acts;
  }

  // at gives the point of the map under a point of the window.
  at(x: number, y: number): [number, number] {
    const p = new DOMPoint(x, y).matrixTransform(this.acts.svg().getScreenCTM()!.inverse());
    return [p.x, p.y];
  }

  down(e: PointerEvent): void {
    this.acts.svg().setPointerCapture(e.pointerId);
    this.pointers.set(e.pointerId, [e.clientX, e.clientY]);
    this.dragged = this.pointers.size > 1;
  }

  moved(e: PointerEvent): void {
    const before = this.pointers.get(e.pointerId);
    if (!before) return;
    if (!this.dragged && Math.hypot(e.clientX - before[0], e.clientY - before[1]) < 6) return; // no hand is that still
    this.dragged = true;
    const other = [...this.pointers].find(([id]) => id !== e.pointerId)?.[1];
    if (other) {
      const from = Math.hypot(before[0] - other[0], before[1] - other[1]), to = Math.hypot(e.clientX - other[0], e.clientY - other[1]);
      this.acts.zoom(from / Math.max(1, to), ...this.at(...other));
    } else {
      const a = this.at(...before), b = this.at(e.clientX, e.clientY);
      this.acts.move(a[0] - b[0], a[1] - b[1]);
    }
    this.pointers.set(e.pointerId, [e.clientX, e.clientY]);
  }

  up(e: PointerEvent): void {
    if (this.pointers.delete(e.pointerId) && !this.dragged && e.type === "pointerup") this.acts.put(...this.at(e.clientX, e.clientY));
  }
}
