// The city's chat on another site: <script src="https://city/chat/widget.js" data-lang="vi" async></script>. data-ref names an action to begin
// with, data-side="left" moves the button.
export {};

const script = document.currentScript as HTMLScriptElement | null;

const texts = {
  vi: { open: "Trò chuyện với thành phố", close: "Đóng khung trò chuyện", unread: "{n} tin chưa đọc" },
  en: { open: "Chat with the city", close: "Close the chat", unread: "{n} unread" },
};

const css = `:host{all:initial}
*{box-sizing:border-box}
button{position:fixed;bottom:20px;inset-inline-end:20px;z-index:2147483646;width:60px;height:60px;padding:0;border:0;border-radius:50%;background:#0b5a78;color:#fff;cursor:pointer;box-shadow:0 4px 16px #0005;display:grid;place-items:center}
button:hover{background:#094a63}
button:focus-visible{outline:3px solid #fff;box-shadow:0 0 0 6px #0b5a78}
svg{width:30px;height:30px;fill:none;stroke:currentColor;stroke-width:1.8;stroke-linecap:round;stroke-linejoin:round}
.badge{position:absolute;top:-4px;inset-inline-end:-4px;min-width:24px;height:24px;padding:0 6px;border-radius:12px;background:#b3261e;color:#fff;font:700 14px/24px system-ui,sans-serif}
[hidden]{display:none!important}
.box{position:fixed;bottom:92px;inset-inline-end:20px;z-index:2147483647;width:min(400px,calc(100vw - 24px));height:min(640px,calc(100dvh - 112px));border-radius:18px;overflow:hidden;box-shadow:0 8px 40px #0006;background:#eef3f6}
iframe{width:100%;height:100%;border:0;display:block}
.left button,.left .box{inset-inline:20px auto}
@media (max-width:480px),(max-height:480px){.box,.left .box{inset:0;width:100%;height:100%;border-radius:0}}
@media print{button,.box{display:none}}`;

// styled puts the style into the shadow, in a way that the site's own policy allows where the browser can.
function styled(root: ShadowRoot): void {
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    root.adoptedStyleSheets = [sheet];
  } catch {
    root.append(make("style", { textContent: css }));
  }
}

function make<K extends keyof HTMLElementTagNameMap>(tag: K, props: Partial<HTMLElementTagNameMap[K]>): HTMLElementTagNameMap[K] {
  return Object.assign(document.createElement(tag), props);
}

function start(from: HTMLScriptElement): void {
  const city = new URL(from.src), { lang: asked = document.documentElement.lang, ref, side } = from.dataset;
  const lang = asked.startsWith("en") ? "en" : "vi", say = texts[lang];
  const host = document.createElement("motcua-chat"), root = host.attachShadow({ mode: "open" });
  styled(root);
  const all = make("div", { className: side === "left" ? "left" : "", lang });
  const box = make("div", { className: "box", hidden: true, id: "box" });
  box.setAttribute("role", "dialog");
  box.setAttribute("aria-label", say.open);
  const button = make("button", { type: "button" });
  button.setAttribute("aria-haspopup", "dialog");
  button.innerHTML = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M4 5h16v11H11l-5 4v-4H4zM8 9.5h8M8 12.5h5"/></svg><span class="badge" hidden></span>';
  const badge = button.lastElementChild as HTMLElement;
  let frame: HTMLIFrameElement | undefined, unread = 0;

  const tell = (word: "open" | "closed") => frame?.contentWindow?.postMessage({ motcua: word }, city.origin);
  const draw = () => {
    button.setAttribute("aria-expanded", String(!box.hidden));
    const news = unread ? ` (${say.unread.replace("{n}", String(unread))})` : "";
    button.setAttribute("aria-label", box.hidden ? say.open + news : say.close);
    badge.hidden = unread === 0 || !box.hidden;
    badge.textContent = unread > 99 ? "99+" : String(unread);
  };
  const load = () => {
    const page = new URL("/chat", city);
    page.search = new URLSearchParams({ embed: "1", lang, ...(ref ? { ref } : {}) }).toString();
    frame = make("iframe", { src: page.href, title: say.open, allow: `geolocation ${city.origin}; clipboard-write ${city.origin}` });
    box.append(frame);
  };
  const open = (yes: boolean) => {
    box.hidden = !yes;
    if (yes && !frame) load();
    else tell(yes ? "open" : "closed");
    (yes ? frame : button)?.focus();
    draw();
  };

  button.onclick = () => open(box.hidden !== false);
  addEventListener("keydown", (e) => { if (e.key === "Escape" && !box.hidden) open(false); });
  addEventListener("message", (e: MessageEvent<{ motcua?: string; n?: number } | undefined>) => {
    if (e.origin !== city.origin || !frame || e.source !== frame.contentWindow) return;
    const { motcua: word, n } = e.data ?? {};
    if (word === "ready") tell(box.hidden ? "closed" : "open");
    else if (word === "close") open(false);
    else if (word === "unread") {
      unread = Math.max(0, Math.trunc(Number(n) || 0));
      draw();
    }
  });
  draw();
  all.append(button, box);
  root.append(all);
  document.body.append(host);
}

if (script) {
  if (document.body) start(script);
  else addEventListener("DOMContentLoaded", () => start(script));
}
