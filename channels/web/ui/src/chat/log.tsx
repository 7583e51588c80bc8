import { Fragment } from "preact";
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Guard } from "../lib/guard.tsx";
import { Icon } from "../lib/icons.tsx";
import { clock, day, dayKey } from "../lib/time.ts";
import { useSpeech } from "../texts/texts.ts";
import { Bubble, speaker } from "./bubble.tsx";
import type { Chat, State } from "./chat.ts";
import type { Entry } from "./timeline.ts";
import { Welcome } from "./welcome.tsx";

const near = 60; // pixels from an end that count as being there

const saidAt = (e: Entry) => (e.line ?? e.pending!).at;
const hasChoices = (e: Entry) => Boolean(e.line?.blocks?.some((b) => b?.choices || b?.card?.actions?.length));

const together = (a: Entry, b: Entry) => speaker(a) === speaker(b) && a.line?.name === b.line?.name;

// answered gives, for each line with choices, the choice that the visitor made after it.
function answered(entries: Entry[]): Map<Entry, string | undefined> {
  const out = new Map<Entry, string | undefined>();
  let asked: Entry | undefined;
  for (const e of entries) {
    const said = e.line ?? e.pending!;
    if (speaker(e) === "you") {
      if (asked && !out.has(asked)) out.set(asked, said.choice);
    } else if (hasChoices(e)) {
      if (asked && !out.has(asked)) out.set(asked, undefined);
      asked = e;
    }
  }
  return out;
}

// Log is the conversation. It stays at its end while the visitor is there, and where they read otherwise.
export function Log({ chat, state, shown }: { chat: Chat; state: State; shown: boolean }) {
  const { t, lang } = useSpeech();
  const box = useRef<HTMLDivElement>(null);
  const [away, setAway] = useState(false); // from the end
  const atEnd = useRef(true);
  const rest = useRef(0); // where the log stood when it was last at its end
  const height = useRef(0);
  const older = useRef(state.older);
  const { entries, marker, unread } = state;
  const last = entries.at(-1), first = entries[0]?.key;

  const toEnd = useCallback(() => {
    const b = box.current;
    if (!b) return;
    b.scrollTop = b.scrollHeight;
    rest.current = b.scrollTop;
    atEnd.current = true;
  }, []);
  const watch = (end: boolean) => {
    chat.watching = end && document.visibilityState === "visible" && shown;
    if (chat.watching) chat.seen();
  };
  const look = useCallback(() => {
    const b = box.current!;
    const ended = b.scrollHeight - b.scrollTop - b.clientHeight < near;
    if (!ended && atEnd.current && b.scrollTop >= rest.current) toEnd(); // nobody scrolled up: a map or picture made lines taller in between
    else atEnd.current = ended;
    if (ended) rest.current = b.scrollTop;
    setAway(!atEnd.current);
    watch(atEnd.current);
    if (b.scrollTop < near && b.scrollHeight > b.clientHeight) void chat.loadOlder();
  }, [chat, shown, toEnd]);

  // Older lines come in above: what the visitor reads stays where it is.
  const firstBefore = useRef(first);
  useLayoutEffect(() => {
    const b = box.current!;
    if (firstBefore.current !== undefined && first !== firstBefore.current && older.current !== "no") b.scrollTop += b.scrollHeight - height.current;
    firstBefore.current = first;
    older.current = state.older;
    height.current = b.scrollHeight;
  }, [entries]);

  useLayoutEffect(() => {
    if (atEnd.current || last?.pending) toEnd();
  }, [last?.key, state.typing, last?.line?.seq]);

  // Pictures that arrive later make lines taller.
  useEffect(() => {
    const inner = box.current!.firstElementChild!;
    const sizes = new ResizeObserver(() => { if (atEnd.current) toEnd(); });
    sizes.observe(inner);
    sizes.observe(box.current!);
    document.addEventListener("visibilitychange", look);
    return () => { sizes.disconnect(); document.removeEventListener("visibilitychange", look); };
  }, [look, toEnd]);
  useEffect(() => watch(atEnd.current), [entries, shown]);

  const choices = answered(entries);
  const unseen = marker > 0 ? entries.find((e) => e.line !== undefined && e.line.seq > marker && e.line.from !== "you") : undefined;
  return (
    <div class="logframe">
      <div ref={box} class="log" role="log" aria-live="polite" aria-label={t("log")} aria-busy={!state.loaded || state.older === "loading"} tabIndex={0} onScroll={look}>
        <div class="lines">
          {state.older !== "no" && (
            <button type="button" class="older" disabled={state.older === "loading"} onClick={() => chat.loadOlder()}>
              {t(state.older === "loading" ? "loadingOlder" : "older")}
            </button>
          )}
          {!state.loaded && <p class="note">{t("loading")}</p>}
          {state.loaded && entries.length === 0 && <Welcome chat={chat} />}
          {entries.map((e, i) => {
            const before = entries[i - 1];
            const newDay = !before || dayKey(saidAt(before)) !== dayKey(saidAt(e));
            const mark = e === unseen;
            const next = entries[i + 1];
            const same = before && together(before, e);
            return (
              <Fragment key={e.key}>
                {newDay && <p class="note"><time dateTime={dayKey(saidAt(e))}>{day(saidAt(e), lang)}</time></p>}
                {mark && <p class="note unread">{t("unread")}</p>}
                <Guard><Bubble
                  entry={e} first={newDay || mark || !same} timed={!next || !together(e, next) || clock(saidAt(next), lang) !== clock(saidAt(e), lang)} old={choices.has(e)} chosen={choices.get(e)} tiles={state.config.tiles} online={state.link !== "offline"}
                  choose={(c) => chat.say({ text: c.label, choice: c.value })} again={(p) => chat.again(p)} discard={(p) => chat.discard(p)}
                /></Guard>
              </Fragment>
            );
          })}
          <div class="typing" role="status">
            {state.typing && <><span class="dots" aria-hidden="true"><i /><i /><i /></span><span class="sr">{t("typing")}</span></>}
          </div>
        </div>
      </div>
      {away && (
        <button type="button" class="newest" onClick={() => { toEnd(); look(); }}>
          <Icon name="down" small />{unread > 0 ? t("newest", { n: unread }) : <span class="sr">{t("toNewest")}</span>}
        </button>
      )}
    </div>
  );
}
