import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { useSpeech } from "../texts/texts.ts";
import { Icon } from "./icons.tsx";

interface Props {
  title: string;
  close: () => void;
  wide?: boolean;
  children: ComponentChildren;
}

// Dialog stands over the page until it is closed: by its button, by Esc, or by whoever shows it. The browser keeps the focus inside, and gives
// it back to what opened it.
export function Dialog({ title, close, wide, children }: Props) {
  const { t } = useSpeech();
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useLayoutEffect(() => {
    const before = document.activeElement;
    const d = ref.current!;
    d.showModal();
    return () => {
      d.close(); // what is outside can take the focus again
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog ref={ref} class={wide ? "wide" : ""} aria-labelledby={id} onCancel={(e) => { e.preventDefault(); close(); }}>
      <div class="bar">
        <h2 id={id}>{title}</h2>
        <button type="button" class="plain" aria-label={t("close")} onClick={close}><Icon name="close" /></button>
      </div>
      {children}
    </dialog>
  );
}
