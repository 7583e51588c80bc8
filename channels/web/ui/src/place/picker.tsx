import { useEffect, useId, useState } from "preact/hooks";
import { Icon } from "../lib/icons.tsx";
import { useSpeech } from "../texts/texts.ts";
import { CityMap, type Pin } from "./map.tsx";
import { inside, loadWards, wardAt, type Ward } from "./wards.ts";

export interface Picked extends Pin {
  label: string; // the ward, and how exact the place is
}

interface Props {
  tiles: string;
  picked: (p: Picked | undefined) => void;
}

// Picker finds a place: by the phone, by a tap on the map, or by the list of wards.
export function Picker({ tiles, picked }: Props) {
  const { t, lang } = useSpeech();
  const [wards, setWards] = useState<Ward[]>();
  const [failed, setFailed] = useState(false);
  const [pin, setPin] = useState<Pin>();
  const [focus, setFocus] = useState<Pin>();
  const [note, setNote] = useState("");
  const id = useId();
  useEffect(() => { loadWards().then(setWards, () => setFailed(true)); }, []);

  const ward = wards && pin && wardAt(wards, pin.lon, pin.lat);
  const put = (p: Pin, accuracy?: number) => {
    const within = wards && wardAt(wards, p.lon, p.lat);
    setPin(p);
    setNote("");
    const exact = accuracy !== undefined && accuracy > 50 ? t("accuracy", { n: Math.round(accuracy) }) : "";
    picked({ ...p, label: [within?.name.vi, exact].filter(Boolean).join(", ") });
  };
  const go = (code: string) => {
    const w = wards?.find((x) => x.code === code);
    if (!w) return;
    const [lon, lat] = inside(w);
    const p = { lon: Number(lon.toFixed(6)), lat: Number(lat.toFixed(6)) };
    setFocus(p);
    put(p);
  };
  const here = () => {
    setNote(t("placeFinding"));
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        const p = { lon: Number(coords.longitude.toFixed(6)), lat: Number(coords.latitude.toFixed(6)) };
        setFocus(p);
        put(p, coords.accuracy);
      },
      (e) => setNote(t(e.code === e.PERMISSION_DENIED ? "placeDenied" : "placeUnknown")),
      { enableHighAccuracy: true, timeout: 15_000, maximumAge: 60_000 },
    );
  };
  return (
    <div class="picker">
      <p class="hint">{t("placeConsent")}</p>
      {"geolocation" in navigator && <button type="button" class="second" onClick={here}><Icon name="here" />{t("placeHere")}</button>}
      {failed && <p class="wrong">{t("placeMapFailed")}</p>}
      {!wards && !failed && <p class="hint" role="status">{t("loading")}</p>}
      {wards && (
        <>
          <label for={id}>{t("placeWard")}</label>
          <select id={id} value={ward?.code ?? ""} onChange={(e) => go(e.currentTarget.value)}>
            <option value="">{t("placeWardAny")}</option>
            {[...wards].sort((a, b) => a.name[lang].localeCompare(b.name[lang], lang)).map((w) => <option key={w.code} value={w.code}>{w.name[lang]}</option>)}
          </select>
          <CityMap wards={wards} tiles={tiles} pin={pin} focus={focus} drop={put} />
        </>
      )}
      <p class="pinned" role="status">
        {note || (pin ? (ward ? t("placeIn", { ward: ward.name[lang] }) : wards ? t("placeOutside") : t("placeShared")) : `${t("placeNone")} ${wards ? t("placeMapHint") : ""}`)}
      </p>
    </div>
  );
}
