import { useEffect, useId, useRef, useState } from "preact/hooks";
import { newId } from "../lib/ids.ts";
import { useSpeech } from "../texts/texts.ts";
import { Problem, type Challenge, type Gateway, type Who } from "./graphql.ts";

// wordsOf says what went wrong.
export function wordsOf(e: unknown, t: ReturnType<typeof useSpeech>["t"]): string {
  return e instanceof Problem ? e.message || t("errUnknown") : t("errNetwork");
}

// SignIn proves a phone number by a one-time code.
export function SignIn({ gateway, done }: { gateway: Gateway; done: (who: Who) => void }) {
  const { t } = useSpeech();
  const [phone, setPhone] = useState("");
  const [challenge, setChallenge] = useState<Challenge>();
  const [code, setCode] = useState("");
  const [wrong, setWrong] = useState("");
  const [busy, setBusy] = useState(false);
  const key = useRef(newId()); // of the code that is asked for: a repeat after a lost answer sends none anew
  const field = useRef<HTMLInputElement>(null);
  const id = useId();
  const wait = useCountdown(challenge?.resendAfter);

  const attempt = async (act: () => Promise<void>) => {
    setBusy(true);
    setWrong("");
    try {
      await act();
    } catch (e) {
      setWrong(wordsOf(e, t));
      if (e instanceof Problem) key.current = newId();
    }
    setBusy(false);
    field.current?.focus();
  };
  const ask = () => {
    if (!/\d{6,}/.test(phone.replace(/\D/g, ""))) return setWrong(t("signPhoneBad"));
    return attempt(async () => {
      setChallenge(await gateway.requestCode(phone, key.current));
      key.current = newId();
      setCode("");
    });
  };
  const check = () => {
    if (!/^\d{6}$/.test(code)) return setWrong(t("signCodeBad"));
    return attempt(async () => done(await gateway.signIn(challenge!.id, code)));
  };
  const bad = { "aria-invalid": wrong !== "", "aria-describedby": `${id}-hint ${id}-wrong` };
  return (
    <form class="panel" noValidate onSubmit={(e) => { e.preventDefault(); if (!busy) void (challenge ? check() : ask()); }}>
      <h2>{t("signTitle")}</h2>
      {challenge ? (
        <>
          <label for={id}>{t("signCode")}</label>
          <p class="hint" id={`${id}-hint`}>{t("signCodeSent", { phone })}</p>
          <input
            key="code" ref={field} id={id} class="code" name="code" inputMode="numeric" autocomplete="one-time-code" maxLength={6} value={code} {...bad}
            onInput={(e) => setCode(e.currentTarget.value.replace(/\D/g, ""))}
          />
        </>
      ) : (
        <>
          <p class="hint">{t("signWhy")}</p>
          <label for={id}>{t("signPhone")}</label>
          <p class="hint" id={`${id}-hint`}>{t("signPhoneHint")}</p>
          <input key="phone" ref={field} id={id} name="phone" type="tel" inputMode="tel" autocomplete="tel" maxLength={30} value={phone} {...bad} onInput={(e) => setPhone(e.currentTarget.value)} />
        </>
      )}
      <p class="wrong" id={`${id}-wrong`} role="alert">{wrong}</p>
      <button type="submit" class="primary" disabled={busy}>{t(challenge ? "signCheck" : "signSend")}</button>
      {challenge && (
        <div class="acts">
          <button type="button" class="second" disabled={busy || wait > 0} onClick={ask}>{wait > 0 ? t("signResendIn", { n: wait }) : t("signResend")}</button>
          <button type="button" class="second" disabled={busy} onClick={() => { setChallenge(undefined); setWrong(""); }}>{t("signOther")}</button>
        </div>
      )}
    </form>
  );
}

// useCountdown gives the whole seconds until a moment, 0 when it has passed.
export function useCountdown(until: string | undefined): number {
  const left = () => (until ? Math.max(0, Math.ceil((Date.parse(until) - Date.now()) / 1000)) : 0);
  const [n, setN] = useState(left);
  useEffect(() => {
    setN(left());
    const timer = setInterval(() => setN(left()), 1000);
    return () => clearInterval(timer);
  }, [until]);
  return n;
}
