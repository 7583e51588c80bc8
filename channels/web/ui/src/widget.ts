// The city's chat on another site: <script src="https://city/chat/widget.js" data-lang="vi" async></script>. data-ref names an action to begin
// with, data-side="left" moves the button.
import { Box } from "./widget/box.ts";
import { labelled, make, picture, styled } from "./widget/dom.ts";
import { texts } from "./widget/texts.ts";

const script = document.currentScript as HTMLScriptElement | null;

function start(from: HTMLScriptElement): void {
  const { lang: asked = document.documentElement.lang, ref, side } = from.dataset, lang = asked.startsWith("en") ? "en" : "vi", say = texts[lang];
  const page = new URL("/chat", from.src);
  page.search = new URLSearchParams({ lang, ...(ref ? { ref } : {}) }).toString();
  const host = document.createElement("motcua-chat"), root = host.attachShadow({ mode: "open" });
  styled(root);
  const badge = make("span", { className: "badge" });
  const button = make("button", { type: "button", className: "launch" }, picture("M4 5h16v11H11l-5 4v-4H4zM8 9.5h8M8 12.5h5"), badge);
  button.setAttribute("aria-haspopup", "dialog");
  let unread = 0;

  const box = new Box(page, say, () => { draw(); button.focus(); });
  const draw = () => {
    const news = unread ? ` (${say.unread.replace("{n}", String(unread))})` : "";
    button.setAttribute("aria-expanded", String(box.isOpen));
    labelled(button, box.isOpen ? say.close : say.open + news);
    badge.hidden = unread === 0 || box.isOpen;
    badge.textContent = unread > 99 ? "99+" : String(unread);
  };

  button.onclick = () => {
    if (box.isOpen) return box.close();
    box.open();
    draw();
  };
  addEventListener("keydown", (e) => { if (e.key === "Escape" && box.isOpen) box.close(); });
  addEventListener("message", (e: MessageEvent<{ motcua?: string; n?: number } | undefined>) => {
    if (!box.hears(e)) return;
    const { motcua: word, n } = e.data ?? {};
    if (word === "ready") box.ready();
    else if (word === "close") box.close();
    else if (word === "unread") {
      unread = Math.max(0, Math.trunc(Number(n) || 0));
      draw();
    }
  });
  draw();
  root.append(make("div", { className: side === "left" ? "left" : "", lang }, button, box.element));
  document.body.append(host);
}

if (script) {
  if (document.body) start(script);
  else addEventListener("DOMContentLoaded", () => start(script));
}
