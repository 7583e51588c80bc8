import { useEffect, useRef, useState } from "preact/hooks";
import { newId } from "../lib/ids.ts";
import { Icon } from "../lib/icons.tsx";
import { clock } from "../lib/time.ts";
import { useSpeech } from "../texts/texts.ts";
import { Problem, type Gateway, type LinkOffer } from "./graphql.ts";
import { useCountdown, wordsOf } from "./signin.tsx";

// Warning comes before anything is asked of the visitor: a link from a stranger must lead nowhere.
export function Warning({ go, stop }: { go: () => void; stop: () => void }) {
  const { t } = useSpeech();
  return (
    <section class="panel warn" aria-labelledby="warn">
      <h2 id="warn"><Icon name="alert" />{t("linkWarnTitle")}</h2>
      <p>{t("linkWarn")}</p>
      <div class="acts">
        <button type="button" class="primary" onClick={go}>{t("linkGo")}</button>
        <button type="button" class="second" onClick={stop}>{t("linkStop")}</button>
      </div>
    </section>
  );
}

// Link opens the signed link for who is signed in, as soon as they are: they have said that they asked for it. It shows the code that proves the other side.
export function Link({ gateway, token, who }: { gateway: Gateway; token: string; who: string }) {
  const { t } = useSpeech();
  const [offer, setOffer] = useState<LinkOffer>();
  const [wrong, setWrong] = useState("");
  const key = useRef(newId());
  const open = async () => {
    setWrong("");
    try {
      setOffer(await gateway.openLink(token, key.current));
    } catch (e) {
      setWrong(wordsOf(e, t));
      if (e instanceof Problem) key.current = newId();
    }
  };
  useEffect(() => { void open(); }, []);
  if (offer) return <Offer offer={offer} who={who} again={() => { key.current = newId(); setOffer(undefined); void open(); }} />;
  if (!wrong) return <p class="hint" role="status">{t("loading")}</p>;
  return (
    <section class="panel">
      <p class="wrong" role="alert">{wrong}</p>
      <button type="button" class="second" onClick={open}>{t("retry")}</button>
    </section>
  );
}

function Offer({ offer, who, again }: { offer: LinkOffer; who: string; again: () => void }) {
  const { t, lang } = useSpeech();
  const [copied, setCopied] = useState(false);
  const left = useCountdown(offer.expiresAt);
  const copy = () => navigator.clipboard?.writeText(offer.code).then(() => setCopied(true), () => undefined);
  return (
    <section class="panel" aria-labelledby="offer">
      <h2 id="offer">{t("linkWho")}</h2>
      <dl class="facts">
        <div><dt>{t("linkNetwork")}</dt><dd>{offer.name}</dd></div>
        <div><dt>{t("linkAccount")}</dt><dd>{who}</dd></div>
      </dl>
      {offer.conflict && <p class="caution"><Icon name="alert" small />{t("linkConflict", { name: offer.name })}</p>}
      {left > 0 ? (
        <>
          <h2>{t("linkCode")}</h2>
          <output class="bigcode" aria-label={[...offer.code.replace(/\W/g, "")].join(" ")}>{offer.code}</output>
          <p>{t("linkCodeHow")}</p>
          <p class="hint">{t("linkUntil", { time: clock(offer.expiresAt, lang) })}</p>
          <p class="caution"><Icon name="alert" small />{t("linkWarnTitle")}.</p>
          {navigator.clipboard && <button type="button" class="second" onClick={copy}>{t("copy")}</button>}
          <p role="status" class="hint">{copied && t("copied")}</p>
        </>
      ) : <><p class="wrong" role="alert">{t("linkOver")}</p><button type="button" class="second" onClick={again}>{t("retry")}</button></>}
    </section>
  );
}
