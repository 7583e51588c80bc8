import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Guard } from "../lib/guard.tsx";
import { Icon } from "../lib/icons.tsx";
import { parts, safe, safePicture } from "../lib/links.ts";
import { useSpeech } from "../texts/texts.ts";
import { Spot } from "../place/spot.tsx";
import type { Block, Card, Choice } from "./types.ts";

// Choose takes a choice that the visitor made.
export type Choose = (c: Choice) => void;

interface Props {
  blocks: Block[];
  choose?: Choose; // without it choices are shown, but cannot be made
  chosen?: string; // value of the choice that was made
  tiles: string;
}

// Blocks shows an answer. What the city says goes in as text, never as markup.
export function Blocks({ blocks, choose, chosen, tiles }: Props) {
  return <>{blocks.map((b, i) => <Guard key={i}><One block={b} choose={choose} chosen={chosen} tiles={tiles} /></Guard>)}</>;
}

function One({ block: b, choose, chosen, tiles }: Omit<Props, "blocks"> & { block: Block }) {
  if (b.text) return <Said text={b.text.text} />;
  if (b.choices) {
    return (
      <>
        {b.choices.text && <Said text={b.choices.text} />}
        <Buttons options={b.choices.options ?? []} choose={choose} chosen={chosen} />
        <Buttons options={b.choices.controls ?? []} choose={choose} chosen={chosen} quiet />
      </>
    );
  }
  if (b.card) return <CardBlock card={b.card} choose={choose} chosen={chosen} />;
  if (b.image) return <Picture url={b.image.url} alt={b.image.alt} />;
  if (b.qr) return <Code payload={b.qr.payload} caption={b.qr.caption} />;
  if (b.location) return <div class="bubble"><Spot at={b.location} tiles={tiles} /></div>;
  if (b.link) return <LinkBlock label={b.link.label} url={b.link.url} />;
  if (b.progress) return <ProgressBlock {...b.progress} />;
  return null;
}

export function Said({ text }: { text: string }) {
  return <p class="bubble said"><Linked text={text} /></p>;
}

export function Linked({ text }: { text: string }) {
  return <>{parts(text).map((p, i) => (p.href ? <Away key={i} url={p.href}>{p.text}</Away> : p.text))}</>;
}

// Away leads to another page, in a tab of its own so that the conversation stays.
export function Away({ url, className, children }: { url: string; className?: string; children: ComponentChildren }) {
  const { t } = useSpeech();
  const href = safe(url, location.href);
  if (!href) return <>{children}</>;
  return <a href={href} class={className} target="_blank" rel="noopener noreferrer">{children}<span class="sr"> ({t("newTab")})</span></a>;
}

function Buttons({ options, choose, chosen, quiet }: { options: Choice[]; choose?: Choose; chosen?: string; quiet?: boolean }) {
  const { t } = useSpeech();
  if (options.length === 0) return null;
  return (
    <ul class={quiet ? "choices quiet" : "choices"}>
      {options.map((o) => (
        <li key={o.value}>
          <button type="button" class={o.value === chosen ? "choice chosen" : "choice"} disabled={!choose} onClick={() => choose?.(o)}>
            <span>{o.label}{o.hint && <small>{o.hint}</small>}</span>
            {o.value === chosen && <><Icon name="check" small /><span class="sr">({t("chosen")})</span></>}
          </button>
        </li>
      ))}
    </ul>
  );
}

function CardBlock({ card, choose, chosen }: { card: Card; choose?: Choose; chosen?: string }) {
  const src = card.imageUrl && safePicture(card.imageUrl, location.href);
  return (
    <section class="bubble card" aria-label={card.title}>
      {src && <img src={src} alt="" loading="lazy" />}
      <h2>{card.title}</h2>
      {card.subtitle && <p class="subtitle"><Linked text={card.subtitle} /></p>}
      {card.facts && card.facts.length > 0 && (
        <dl>{card.facts.map((f, i) => <div key={i}><dt>{f.label}</dt><dd><Linked text={f.value} /></dd></div>)}</dl>
      )}
      <Buttons options={card.actions ?? []} choose={choose} chosen={chosen} />
    </section>
  );
}

export function Picture({ url, alt }: { url: string; alt: string }) {
  const { t } = useSpeech();
  const src = safePicture(url, location.href);
  if (!src) return null;
  return <a class="bubble picture" href={src} target="_blank" rel="noopener noreferrer"><img src={src} alt={alt || t("photoAltFrom")} loading="lazy" /></a>;
}

function LinkBlock({ label, url }: { label: string; url: string }) {
  if (!safe(url, location.href)) return <Said text={`${label}: ${url}`} />;
  return <Away url={url} className="choice link"><span>{label}</span><Icon name="open" small /></Away>;
}

function ProgressBlock({ label, done, total }: { label: string; done: number; total: number }) {
  const { t } = useSpeech();
  return (
    <div class="bubble progress">
      <span>{label} <small>{done}/{total}</small></span>
      <progress value={done} max={Math.max(1, total)} aria-label={t("step", { label, done, total })} />
    </div>
  );
}

// Code draws a QR code; its payload stands below it, for those who read it otherwise.
function Code({ payload, caption }: { payload: string; caption?: string }) {
  const { t } = useSpeech();
  const [drawn, setDrawn] = useState<{ size: number; path: string }>();
  useEffect(() => {
    let gone = false;
    import("./qr.ts").then(({ draw }) => { if (!gone) setDrawn(draw(payload)); }).catch(() => undefined); // the payload is there as text
    return () => { gone = true; };
  }, [payload]);
  return (
    <figure class="bubble qr">
      {drawn && (
        <svg viewBox={`0 0 ${drawn.size} ${drawn.size}`} role="img" aria-label={t("qr", { payload })} shape-rendering="crispEdges">
          <path class="paper" d={`M0 0h${drawn.size}v${drawn.size}H0z`} /><path class="ink" d={drawn.path} />
        </svg>
      )}
      <figcaption>{caption && <strong>{caption}</strong>}<code>{payload}</code></figcaption>
    </figure>
  );
}
