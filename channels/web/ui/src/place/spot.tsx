import { useEffect, useMemo, useState } from "preact/hooks";
import { useSpeech } from "../texts/texts.ts";
import type { Location } from "../chat/types.ts";
import { pathOf, Projection, tileAt, type View } from "./projection.ts";
import { loadWards, wardAt, type Ward } from "./wards.ts";

const view: View = { x: -4000, y: -2500, w: 8000, h: 5000 }; // about 8 km wide

// Spot shows a place among the wards around it. Its words are there before the map is, and without it.
export function Spot({ at, tiles }: { at: Location; tiles: string }) {
  const { t, lang } = useSpeech();
  const [wards, setWards] = useState<Ward[]>([]);
  useEffect(() => {
    let gone = false;
    loadWards().then((w) => { if (!gone) setWards(w); }).catch(() => undefined);
    return () => { gone = true; };
  }, []);
  const ward = useMemo(() => wardAt(wards, at.lon, at.lat), [wards, at.lon, at.lat])?.name[lang];
  const words = [at.label, ward].filter((w, i, all) => w && !all.slice(0, i).some((b) => b?.includes(w))).join(", ");
  const where = `${at.lat.toFixed(5)}, ${at.lon.toFixed(5)}`;
  const { projection, around } = useMemo(() => {
    const projection = new Projection(at.lon, at.lat);
    return { projection, around: wards.filter((w) => close(w, at)).map((w) => ({ ...w, path: pathOf(w.rings, projection) })) };
  }, [wards, at.lon, at.lat]);
  return (
    <figure class="spot">
      {wards.length > 0 && (
        <svg class="map" viewBox={`${view.x} ${view.y} ${view.w} ${view.h}`} preserveAspectRatio="xMidYMid slice" role="img" aria-label={`${t("placeOn")}: ${words || where}`}>
          {tiles && projection.tiles(view, 320).map((i) => (
            <image key={i.key} href={tileAt(tiles, i)} x={i.left} y={i.top} width={i.side} height={i.side} />
          ))}
          <g class={tiles ? "wards over" : "wards"}>
            {around.map((w) => <path key={w.code} d={w.path} class={w.name[lang] === ward ? "here" : ""} />)}
          </g>
          <path class="pin" d="M0 0c-170-280-210-560 0-560s170 280 0 560z" />
        </svg>
      )}
      <figcaption><strong>{words || t("placeShared")}</strong><span class="hint">{where}</span></figcaption>
    </figure>
  );
}

// close tells whether a ward may be seen on the small map.
function close(w: Ward, at: Location): boolean {
  let west = 180, east = -180, south = 90, north = -90;
  for (const [lon, lat] of w.rings.flat()) {
    west = Math.min(west, lon); east = Math.max(east, lon); south = Math.min(south, lat); north = Math.max(north, lat);
  }
  const far = 0.06;
  return west < at.lon + far && east > at.lon - far && south < at.lat + far && north > at.lat - far;
}
