import { useId, useState } from "preact/hooks";
import { Dialog } from "../lib/dialog.tsx";
import { useSpeech } from "../texts/texts.ts";
import { Picker, type Picked } from "./picker.tsx";

interface Props {
  tiles: string;
  send: (p: Picked) => void;
  write?: (address: string) => void; // without it only a place can be picked
  close: () => void;
}

// PlaceDialog asks where something is. Who cannot use a map writes the address.
export function PlaceDialog({ tiles, send, write, close }: Props) {
  const { t } = useSpeech();
  const [picked, setPicked] = useState<Picked>();
  const [address, setAddress] = useState("");
  const id = useId();
  return (
    <Dialog title={t("placeTitle")} close={close} wide>
      <Picker tiles={tiles} picked={setPicked} />
      <button type="button" class="primary" disabled={!picked} onClick={() => { if (picked) { send(picked); close(); } }}>
        {t(write ? "placeSend" : "placeUse")}
      </button>
      {write && (
        <form class="address" onSubmit={(e) => { e.preventDefault(); if (address.trim()) { write(address.trim()); close(); } }}>
          <label for={id}>{t("placeAddress")}</label>
          <div class="row">
            <input id={id} value={address} maxLength={200} autocomplete="street-address" placeholder={t("placeAddressHint")} onInput={(e) => setAddress(e.currentTarget.value)} />
            <button type="submit" class="second" disabled={!address.trim()}>{t("placeSendAddress")}</button>
          </div>
        </form>
      )}
    </Dialog>
  );
}
