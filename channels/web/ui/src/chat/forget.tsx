import { useState } from "preact/hooks";
import { Dialog } from "../lib/dialog.tsx";
import { Icon } from "../lib/icons.tsx";
import { useSpeech } from "../texts/texts.ts";
import type { Chat } from "./chat.ts";
import { forgetPush } from "./push.ts";

// Forget makes this device forget the conversation, once the visitor has said that they mean it.
export function Forget({ chat, known }: { chat: Chat; known: boolean }) {
  const { t } = useSpeech();
  const [open, setOpen] = useState(false);
  const [busy, setBusy] = useState(false);
  const [done, setDone] = useState(false);
  const forget = async () => {
    setBusy(true);
    await forgetPush(chat).catch(() => undefined); // a browser that forbids workers has none
    await chat.leave();
    setBusy(false);
    setOpen(false);
    setDone(true);
    requestAnimationFrame(() => document.querySelector<HTMLElement>(".composer .text")?.focus());
  };
  return (
    <>
      {known && <button type="button" class="tool" aria-label={t("forget")} title={t("forget")} aria-haspopup="dialog" data-testid="forget" onClick={() => { setDone(false); setOpen(true); }}><Icon name="bin" /></button>}
      <p class="sr" role="status">{done && !known && t("forgotten")}</p>
      {open && (
        <Dialog title={t("forgetTitle")} close={() => setOpen(false)}>
          <p>{t("forgetWhat")}</p>
          <p>{t("forgetKept")}</p>
          <div class="acts">
            <button type="button" class="primary danger" disabled={busy} onClick={forget}>{t("forget")}</button>
            <button type="button" class="second" onClick={() => setOpen(false)}>{t("forgetNo")}</button>
          </div>
        </Dialog>
      )}
    </>
  );
}
