import { labelled, make, picture, small } from "./dom.ts";
import type { Say } from "./texts.ts";

// How long the chat may take before the visitor is told that it cannot be opened, in milliseconds. A browser does not tell a page that a frame
// was refused; it says of it, too, that it has loaded.
const untilLoaded = 15_000, untilReady = 5000;

// Box holds the chat in a frame. A cover with a button of its own lies over the frame until the chat has said that it is there: nobody is left
// with a frame that cannot be closed. Where the box fills the page it is modal, so that the focus does not go under it.
export class Box {
  readonly element: HTMLDialogElement;
  private readonly cover: HTMLElement;
  private readonly status = make("p", {});
  private readonly link: HTMLAnchorElement;
  private frame: HTMLIFrameElement | undefined;
  private timer = 0;

  // page is the chat's address for people; closed is called each time the box was closed.
  constructor(private readonly page: URL, private readonly say: Say, closed: () => void) {
    const shut = labelled(make("button", { type: "button", className: "shut", onclick: () => this.close() }, picture("M6 6l12 12M18 6L6 18")), say.close);
    this.status.setAttribute("role", "status");
    this.link = make("a", { className: "tab", href: page.href, target: "_blank", rel: "noopener", textContent: say.tab });
    this.cover = make("div", { className: "cover" }, make("div", { className: "bar" }, make("span", { textContent: say.open }), shut), this.status, this.link);
    this.element = labelled(make("dialog", { className: "box" }, this.cover), say.open);
    this.element.onclose = () => {
      if (this.isOpen) return; // again, meanwhile
      this.tell("closed");
      closed();
    };
  }

  get isOpen(): boolean {
    return this.element.open;
  }

  open(): void {
    if (!this.frame) this.load();
    if (matchMedia(small).matches) this.element.showModal();
    else this.element.show();
    if (this.cover.hidden) this.enter();
  }

  close(): void {
    this.element.close();
  }

  // hears tells whether a message comes from the chat in the frame.
  hears(e: MessageEvent): boolean {
    return e.origin === this.page.origin && !!this.frame && e.source === this.frame.contentWindow;
  }

  // ready uncovers the chat. The focus goes there if it waited for that.
  ready(): void {
    clearTimeout(this.timer);
    const waited = this.cover.contains((this.cover.getRootNode() as ShadowRoot).activeElement);
    this.cover.hidden = true;
    if (waited) this.enter();
    else this.tell(this.isOpen ? "open" : "closed");
  }

  private enter(): void {
    this.frame?.focus();
    this.tell("open");
  }

  private load(): void {
    const page = new URL(this.page), origin = page.origin;
    page.searchParams.set("embed", "1");
    this.cover.hidden = false;
    this.link.hidden = true;
    this.status.textContent = this.say.opening;
    this.frame = make("iframe", { src: page.href, title: this.say.open, allow: `geolocation ${origin}; clipboard-write ${origin}` });
    this.frame.onload = () => this.wait(untilReady);
    this.element.append(this.frame);
    this.wait(untilLoaded);
  }

  private wait(ms: number): void {
    clearTimeout(this.timer);
    if (!this.cover.hidden) this.timer = setTimeout(() => this.giveUp(), ms);
  }

  // giveUp offers the chat on the city's own page. The next time that the box is opened all is tried anew.
  private giveUp(): void {
    this.frame?.remove();
    this.frame = undefined;
    this.link.hidden = false;
    this.status.textContent = this.say.failed;
  }

  private tell(word: "open" | "closed"): void {
    this.frame?.contentWindow?.postMessage({ motcua: word }, this.page.origin);
  }
}
