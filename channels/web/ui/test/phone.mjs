// A visitor's phone: a page of Chromium as wide as a small phone, and what a test does with it.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { setTimeout as pause } from "node:timers/promises";
import { chromium } from "playwright-core";

export const width = 360, patience = 20_000; // pixels; milliseconds for one answer
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

// The smallest PNG that a browser draws.
export const png = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAoAAAAKCAIAAAACUFjqAAAAEklEQVR4nGNowAsYRqVxA5qZDQB6g+EB9bBC4wAAAABJRU5ErkJggg==", "base64");

export const launch = () => chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"] });

// Phone is one visitor with a browser of their own. What goes wrong unasked is collected in problems.
export class Phone {
  constructor(name, context, problems, expected = []) {
    Object.assign(this, { name, context, problems, expected });
  }

  static async of(browser, name, problems, { expected, ...options } = {}) {
    const context = await browser.newContext({ viewport: { width, height: 740 }, hasTouch: true, locale: "vi-VN", timezoneId: "America/New_York", ...options });
    return new Phone(name, context, problems, expected);
  }

  // open shows a page of the city.
  async open(url) {
    this.page = await this.context.newPage();
    this.page.setDefaultTimeout(patience);
    this.page.on("pageerror", (e) => this.problem(e.message));
    this.page.on("console", (m) => m.type() === "error" && this.problem(`${m.text()} ${m.location().url}`));
    await this.page.goto(url);
    await this.page.waitForSelector("#app > *");
    return this.page;
  }

  problem(text) {
    if (!this.expected.some((e) => e.test(text))) this.problems.push(`${this.name}: ${text}`);
  }

  async say(text) {
    await this.page.getByTestId("text").fill(text);
    await this.page.getByTestId("text").press("Enter");
  }

  // lines gives what is shown: each with who speaks, its number, its state and its words.
  lines = () => this.page.$$eval(".line", (all) => all.map((l) => ({
    id: l.dataset.id, seq: Number(l.dataset.seq) || 0, from: l.dataset.from, state: l.dataset.state,
    who: l.querySelector(".who").textContent, text: [...l.querySelectorAll(".said")].map((s) => s.textContent).join("\n"),
  })));

  // heard waits until the city has said something.
  heard = (text) => this.page.locator(".line:not(.you)", { hasText: text }).first().waitFor();

  // said waits until the city has taken so many lines of the visitor.
  said = (n) => this.page.waitForFunction((n) => {
    const all = [...document.querySelectorAll(".line.you")];
    return all.length >= n && all.every((l) => l.dataset.seq);
  }, n);

  // looks notes what can be scrolled sideways, and what is too small for a finger.
  async looks(where, least = 44) {
    const found = await this.page.evaluate((least) => {
      const w = document.documentElement.clientWidth, out = [];
      for (const e of [document.documentElement, ...document.querySelectorAll("body *")]) {
        const box = e.getBoundingClientRect(), name = `${e.tagName.toLowerCase()}.${e.getAttribute("class") ?? ""}`;
        if (!e.checkVisibility({ visibilityProperty: true }) || e.closest(".sr, .skip, svg, .strip")) continue;
        if (box.right > w + 1 || (e === document.documentElement && e.scrollWidth > w)) out.push(`${name} is ${Math.round(box.right)} px wide`);
        if (e.matches("button, select, a:not(.line a, p a):not(.skip), input:not([type=radio], [type=file])") && (box.height < least - 0.5 || box.width < least - 0.5)) out.push(`${name} is ${Math.round(box.width)} by ${Math.round(box.height)} px`);
      }
      return [...new Set(out)];
    }, least);
    for (const f of found) this.problems.push(`${this.name}, ${where}: ${f}`);
  }

  // accessible notes what axe finds against WCAG 2.2 AA in the page, or in a frame of it.
  async accessible(where, frame = this.page) {
    await frame.evaluate(axe);
    const found = await frame.evaluate(async () => {
      const { violations } = await globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] });
      return violations.map((v) => `${v.impact} ${v.id}: ${v.nodes.map((n) => n.target.join(" ")).join(", ")}`);
    });
    for (const f of found) this.problems.push(`${this.name}, ${where}: ${f}`);
  }

  // everyWay looks at the page in light and dark colours, each with letters as they are and of double size.
  async everyWay(where) {
    for (const colorScheme of ["light", "dark"]) {
      await this.page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      for (const size of ["", "200%"]) {
        await this.page.evaluate((size) => { document.documentElement.style.fontSize = size; }, size);
        const how = `${where}, ${colorScheme}${size && ", letters of double size"}`;
        await this.looks(how);
        await this.accessible(how);
      }
    }
    await this.page.evaluate(() => { document.documentElement.style.fontSize = ""; });
  }

  // focused names what has the focus: by its test id, its name or its element.
  focused = () => this.page.evaluate(() => {
    const e = document.activeElement;
    return e.dataset.testid || e.getAttribute("aria-label") || e.getAttribute("name") || (e.matches("a, button") ? e.textContent.trim() : e.tagName.toLowerCase());
  });

  close = () => this.context.close();
}

// check notes what is not as it should be.
export function check(problems, ok, what) {
  if (!ok) problems.push(what);
}

// until gives what ask answers once that is something; waitForFunction does not wait for promises.
export async function until(ask) {
  for (const end = Date.now() + patience; Date.now() < end; await pause(50)) {
    const got = await ask();
    if (got) return got;
  }
  throw new Error(`never came: ${ask}`);
}
