import { Emblem } from "../lib/icons.tsx";
import { useSpeech } from "../texts/texts.ts";
import type { Chat } from "./chat.ts";

// Welcome stands where nothing has been said yet.
export function Welcome({ chat }: { chat: Chat }) {
  const { t } = useSpeech();
  return (
    <div class="welcome">
      <Emblem />
      <h2>{t("welcomeTitle")}</h2>
      <p>{t("welcome")}</p>
      <div class="starters">
        <button type="button" class="choice" onClick={() => chat.say({ text: t("welcomeServicesSay") })}>{t("welcomeServices")}</button>
        <button type="button" class="choice" onClick={() => chat.say({ text: t("welcomeHelpSay") })}>{t("welcomeHelp")}</button>
      </div>
      <p class="hint">{t("privacy")}</p>
    </div>
  );
}
