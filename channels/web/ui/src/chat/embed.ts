// The page inside the frame that widget.js makes. It answers the site that greeted it, and nobody else.
export interface Frame {
  tell: (what: "close" | "unread", n?: number) => void;
}

interface Word {
  motcua?: string;
}

// framed listens to the surrounding site. shown is called when the frame is shown or hidden.
export function framed(shown: (open: boolean) => void): Frame {
  let origin: string | undefined;
  addEventListener("message", (e: MessageEvent<Word | undefined>) => {
    if (e.source !== parent || typeof e.data !== "object") return;
    const word = e.data?.motcua;
    if (word !== "open" && word !== "closed") return;
    origin ??= e.origin;
    if (e.origin !== origin) return;
    shown(word === "open");
  });
  return {
    tell: (what, n) => { if (origin) parent.postMessage({ motcua: what, n }, origin); },
  };
}

// greet says that the page is there; it holds nothing that a stranger could use.
export function greet(): void {
  parent.postMessage({ motcua: "ready" }, "*");
}
