import { useEffect, useState } from "preact/hooks";
import { Dialog } from "../lib/dialog.tsx";
import { Icon } from "../lib/icons.tsx";
import { useSpeech, type Key } from "../texts/texts.ts";
import { Refused } from "./api.ts";
import type { Chat } from "./chat.ts";
import { pushState, turnOff, turnOn, watchPush, type PushState } from "./push.ts";

// why says how things stand, by the state.
const why: Record<Exclude<PushState, "none">, Key> = {
  off: "bellWhy", on: "bellIsOn", denied: "bellDenied", lapsed: "bellLapsed", unsupported: "bellUnsupported", install: "bellInstall",
};

// Bell explains notifications before the browser asks, turns them off again, and says why there are none where that is so.
export function Bell({ chat, vapidKey, known }: { chat: Chat; vapidKey: string; known: boolean }) {
  const { t } = useSpeech();
  const [state, setState] = useState<PushState>("none");
  const [open, setOpen] = useState(false);
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState("");
  useEffect(() => {
    const look = () => void pushState(chat).then(setState, () => undefined);
    look();
    return watchPush(look);
  }, [vapidKey, known]);
  if (state === "none") return null;

  const turn = async (how: (c: Chat) => Promise<PushState>) => {
    setBusy(true);
    setWrong("");
    try {
      const now = await how(chat);
      setState(now);
      if (now === "on" || how === turnOff) setOpen(false);
      else if (now === "off") setWrong(t("bellUndecided"));
    } catch (e) {
      if (e instanceof DOMException && e.name === "NotAllowedError") setState("denied");
      else setWrong(reason(e, t));
    }
    setBusy(false);
  };
  const on = state === "on", can = on || state === "off" || state === "lapsed";
  return (
    <>
      <button type="button" class="tool" aria-label={t(on ? "bellNowOn" : "bell")} title={t("bell")} aria-haspopup="dialog" data-testid="bell" data-state={state} onClick={() => { setWrong(""); setOpen(true); }}><Icon name={on ? "bellOn" : "bell"} /></button>
      {open && (
        <Dialog title={t("bellTitle")} close={() => setOpen(false)}>
          <p role={state === "denied" ? "alert" : undefined}>{t(why[state])}</p>
          {(state === "off" || state === "lapsed") && <p class="hint">{t("bellNext")}</p>}
          <p class="wrong" role="alert">{wrong}</p>
          <div class="acts">
            {can && <button type="button" class="primary" disabled={busy} onClick={() => turn(on ? turnOff : turnOn)}>{t(on ? "bellOff" : "bellOn")}</button>}
            <button type="button" class="second" onClick={() => setOpen(false)}>{t(state === "off" ? "later" : "close")}</button>
          </div>
        </Dialog>
      )}
    </>
  );
}

// reason says what went wrong: the city's words, the browser's push service, or the network.
function reason(e: unknown, t: ReturnType<typeof useSpeech>["t"]): string {
  if (e instanceof Refused) return e.message || t("bellFailed");
  if (e instanceof DOMException && e.name === "AbortError") return t(navigator.onLine ? "bellService" : "errNetwork");
  return t(e instanceof TypeError ? "errNetwork" : "bellFailed");
}
