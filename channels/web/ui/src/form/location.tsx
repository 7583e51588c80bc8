import { useState } from "preact/hooks";
import { Icon } from "../lib/icons.tsx";
import { lazy } from "../lib/lazy.tsx";
import { Spot } from "../place/spot.tsx";
import { useSpeech } from "../texts/texts.ts";
import { idOf, useFilling } from "./context.ts";
import { describedBy, type FieldProps } from "./field.tsx";
import { pathKey } from "./schema.ts";

const PlaceDialog = lazy(() => import("../place/dialog.tsx").then((m) => m.PlaceDialog));

interface Place {
  lat?: number;
  lon?: number;
  address?: string;
}

// LocationField takes an address, a point on the map, or both.
export function LocationField({ path, value }: FieldProps) {
  const { t } = useSpeech();
  const { set, wrong } = useFilling();
  const [picking, setPicking] = useState(false);
  const [failed, setFailed] = useState(false);
  const place = (value ?? {}) as Place;
  const id = `${idOf(path)}-address`;
  const point = place.lat !== undefined && place.lon !== undefined ? { lat: place.lat, lon: place.lon } : undefined;
  return (
    <>
      <label for={id}>{t("formAddress")}</label>
      <input
        id={id} value={place.address ?? ""} maxLength={200} autocomplete="street-address" aria-invalid={wrong.has(pathKey(path))} aria-describedby={describedBy(path)}
        onInput={(e) => set(path, { ...place, address: e.currentTarget.value || undefined })}
      />
      {point && <Spot at={point} tiles="" />}
      <div class="acts">
        <button type="button" class="second" aria-haspopup="dialog" onClick={() => { setFailed(false); setPicking(true); }}><Icon name="place" />{t("formOnMap")}</button>
        {point && <button type="button" class="second" onClick={() => set(path, { ...place, lat: undefined, lon: undefined })}>{t("formNoPoint")}</button>}
      </div>
      {failed && <p class="wrong" role="alert">{t("errNetwork")}</p>}
      {picking && (
        <PlaceDialog
          tiles="" close={() => setPicking(false)} failed={() => { setPicking(false); setFailed(true); }}
          send={(p) => set(path, { ...place, lat: p.lat, lon: p.lon })}
        />
      )}
    </>
  );
}
