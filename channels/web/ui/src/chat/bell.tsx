import { useEffect, useState } from "preact/hooks";
import { Dialog } from "../lib/dialog.tsx";
import { Icon } from "../lib/icons.tsx";
import { useSpeech } from "../texts/texts.ts";
import type { Chat } from "./chat.ts";
import { canPush, pushState, turnOff, turnOn, type PushState } from "./push.ts";

// Bell explains notifications before the browser asks, and turns them off again.
export function Bell({ chat, vapidKey }: { chat: Chat; vapidKey: string }) {
  const { t } = useSpeech();
  const [state, setState] = useState<PushState>("none");
  const [open, setOpen] = useState(false);
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState(false);
  useEffect(() => { if (canPush(vapidKey)) void pushState(chat).then(setState); }, [vapidKey]);
  if (state === "none") return null;

  const turn = async (how: (c: Chat) => Promise<PushState>) => {
    setBusy(true);
    setFailed(false);
    try {
      const now = await how(chat);
      setState(now);
      if (now !== "denied") setOpen(false);
    } catch {
      setFailed(true);
    }
    setBusy(false);
  };
  const on = state === "on";
  return (
    <>
      <button type="button" class="tool" aria-label={t("bell")} title={t("bell")} aria-haspopup="dialog" data-testid="bell" onClick={() => setOpen(true)}><Icon name={on ? "bellOn" : "bell"} /></button>
      {open && (
        <Dialog title={t("bellTitle")} close={() => setOpen(false)}>
          <p>{t(on ? "bellIsOn" : "bellWhy")}</p>
          {state === "off" && <p class="hint">{t("bellNext")}</p>}
          {state === "denied" && <p class="wrong" role="alert">{t("bellDenied")}</p>}
          {failed && <p class="wrong" role="alert">{t("bellFailed")}</p>}
          <div class="acts">
            {state !== "denied" && <button type="button" class="primary" disabled={busy} onClick={() => turn(on ? turnOff : turnOn)}>{t(on ? "bellOff" : "bellOn")}</button>}
            <button type="button" class="second" onClick={() => setOpen(false)}>{t(state === "off" ? "later" : "close")}</button>
          </div>
        </Dialog>
      )}
    </>
  );
}
