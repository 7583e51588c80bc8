// small is where the box covers the whole page.
export const small = "(max-width:480px),(max-height:480px)";

const css = `:host{all:initial}
*{box-sizing:border-box}
[hidden]{display:none!important}
button{padding:0;border:1px solid #0000;border-radius:50%;color:#fff;cursor:pointer;display:grid;place-items:center}
svg{width:50%;fill:none;stroke:currentColor;stroke-width:1.8;stroke-linecap:round;stroke-linejoin:round}
.launch{position:fixed;bottom:20px;inset-inline-end:20px;z-index:2147483646;width:60px;height:60px;background:#0b5a78;box-shadow:0 4px 16px #0005}
.launch:hover{background:#094a63}
.launch:focus-visible{outline:3px solid #fff;box-shadow:0 0 0 6px #0b5a78}
.badge{position:absolute;top:-4px;inset-inline-end:-4px;min-width:24px;height:24px;padding:0 6px;border-radius:12px;background:#b3261e;color:#fff;font:700 14px/24px system-ui,sans-serif}
.box{position:fixed;inset:auto;bottom:92px;inset-inline-end:20px;z-index:2147483647;width:min(400px,calc(100vw - 24px));height:min(640px,calc(100dvh - 112px));max-width:none;max-height:none;margin:0;padding:0;border:0;border-radius:18px;overflow:hidden;box-shadow:0 8px 40px #0006;background:#eaf0f3;color:#12242d;font:16px/1.45 system-ui,sans-serif}
.left .launch,.left .box{inset-inline:20px auto}
iframe{width:100%;height:100%;border:0;display:block}
.cover{position:absolute;inset:0;overflow:auto}
.cover:not([hidden])~iframe{visibility:hidden}
.bar{display:flex;align-items:center;justify-content:space-between;gap:8px;min-height:60px;padding:8px 8px 8px 16px;background:#0b5a78;color:#fff;font-weight:700}
.shut{flex:none;width:44px;height:44px;background:none}
.shut:focus-visible{outline:3px solid #ffd27a}
p{margin:24px 16px}
.tab{display:inline-block;margin:0 16px 24px;padding:10px 20px;border:1px solid #6f8692;border-radius:24px;background:#fff;color:#0a5676;font-weight:600}
.tab:focus-visible{outline:3px solid #c25e00}
@media ${small}{.box,.left .box{inset:0;width:100%;height:100%;border-radius:0}}
@media (prefers-color-scheme:dark){.box{background:#0e181e;color:#e8f0f4}.bar{background:#10242e}.tab{background:#1b2a33;color:#8fd3ef}}
@media print{.launch,.box{display:none}}`;

// styled puts the style into the shadow, in a way that the site's own policy allows where the browser can.
export function styled(root: ShadowRoot): void {
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    root.adoptedStyleSheets = [sheet];
  } catch {
    root.append(make("style", { textContent: css }));
  }
}

export function make<K extends keyof HTMLElementTagNameMap>(tag: K, props: Partial<HTMLElementTagNameMap[K]>, ...inside: Node[]): HTMLElementTagNameMap[K] {
  const made = Object.assign(document.createElement(tag), props);
  made.append(...inside);
  return made;
}

// picture gives a drawing for a button. It says nothing by itself: the button has a label. No markup is parsed: a site may forbid that.
export function picture(lines: string): SVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg"), path = document.createElementNS(svg.namespaceURI, "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", lines);
  svg.append(path);
  return svg;
}

// labelled gives an element a name for who does not see it.
export function labelled<E extends Element>(e: E, name: string): E {
  e.setAttribute("aria-label", name);
  return e;
}
