// The networks' own pages, each behind the same few acts: say, tap, photo, place, answer. What a person does with them knows no network.
import { chromium } from 'playwright-core';

export const launch = () => chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'] });

const width = 360;

// Driver is one person with a small phone. A network's own says where the city's messages stand and how the page takes things.
class Driver {
  // open shows a page to somebody new. What goes wrong in it unasked is kept in errors, but for what is expected.
  async open(browser, name, limit, url, expected = []) {
    this.name = name;
    this.errors = [];
    const note = (text) => { if (!expected.some((e) => e.test(text))) this.errors.push(`${name}: ${text}`); };
    this.context = await browser.newContext({ viewport: { width, height: 740 }, hasTouch: true, locale: 'vi-VN' });
    this.page = await this.context.newPage();
    this.page.setDefaultTimeout(limit);
    this.page.on('pageerror', (e) => note(e.message));
    this.page.on('console', (m) => m.type() === 'error' && note(`${m.text()} ${m.location().url}`));
    await this.page.goto(url);
    await this.ready();
    return this;
  }

  get = (id) => this.page.getByTestId(id);

  // city gives the city's messages: the words of each, and its buttons.
  city = () => this.page.$$eval(this.message, (all, said) => all.map((m) => ({
    text: [...m.querySelectorAll(said)].map((s) => s.innerText).join('\n'),
    buttons: [...m.querySelectorAll('button, .buttons > *')].map((b) => b.innerText.trim().split('\n')[0]),
  })), this.said);

  // until waits until the city has said something, later than what it had said before, that holds the pattern in its words or buttons.
  async until(pattern, before = 0) {
    const found = await this.page.waitForFunction(([message, source, n]) => {
      const all = [...document.querySelectorAll(message)].slice(n);
      return all.map((m) => m.innerText).find((t) => new RegExp(source, 'iu').test(t));
    }, [this.message, pattern.source, before], { polling: 50 }).catch((e) => { throw new Error(`${pattern} did not come: ${e.message.split('\n')[0]}`); });
    return found.jsonValue();
  }

  // answer does something and gives the city's answer to it.
  async answer(act, pattern) {
    const before = (await this.city()).length;
    await act();
    const text = await this.until(pattern, before);
    const wide = await this.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (wide > 0) this.errors.push(`${this.name}: ${wide} px too wide`);
    return text;
  }

  // tap takes an answer to the newest question: by its button, which may be numbered and cut short, or by its number where there is no button for it.
  async tap(label) {
    const all = await this.city(), last = all.findLastIndex((m) => m.buttons.length);
    const { text, buttons } = all[last];
    const i = buttons.findIndex((b) => b === label || label.startsWith(b.replace(/^\d+\. /, '').replace(/…$/, '')));
    if (i >= 0) return this.page.locator(this.message).nth(last).locator('button, .buttons > *').nth(i).click();
    const number = text.split('\n').map((l) => l.match(/^(\d+)\. (.*)$/)).find((m) => m && (m[2] === label || m[2].startsWith(`${label} – `)))?.[1];
    if (!number) throw new Error(`“${label}” is no answer to: ${text} [${buttons}]`);
    return this.say(number);
  }
}

// FakePhone is the page of a stand-in: Zalo's and Messenger's are the same.
export class FakePhone extends Driver {
  message = '#log .message[data-from=city]';
  said = '.said';

  ready = () => this.page.waitForFunction((n) => document.querySelector('#user').value === n && document.querySelector('#account').textContent.length > 1, this.name);

  async say(text) {
    await this.get('composer').fill(text);
    await this.get('composer').press('Enter');
  }

  async photo(file) {
    await this.get('attach-photo').setInputFiles(file);
    await this.page.waitForFunction(() => [...document.querySelectorAll('.message[data-from=citizen] img')].some((i) => i.naturalWidth > 0));
  }

  async place(ward) {
    await this.get('open-map').tap();
    await this.get('ward-list').selectOption({ label: ward });
    await this.page.waitForFunction((w) => document.querySelector('#ward').textContent.includes(w), ward);
    await this.get('send-place').tap();
  }
}

// WebPage is the city's own chat.
export class WebPage extends Driver {
  message = '.line:not(.you)';
  said = '.said, .card';

  ready = () => this.get('text').waitFor();

  async say(text) {
    await this.get('text').fill(text);
    await this.get('text').press('Enter');
  }

  async photo(file) {
    await this.get('photo').setInputFiles(file);
    await this.page.locator('.strip img').waitFor();
    await this.get('send').tap();
    await this.page.waitForFunction(() => [...document.querySelectorAll('.line.you[data-seq] img')].some((i) => i.naturalWidth > 0));
  }

  async place(ward) {
    await this.get('place').tap();
    await this.page.getByLabel('Phường, xã').selectOption({ label: ward });
    await this.page.getByText(`Ghim ở ${ward}`).waitFor();
    await this.page.getByRole('button', { name: 'Gửi vị trí này' }).tap();
  }

  // lines gives what is shown: each with its number, who speaks, whether it has arrived, and its words.
  lines = () => this.page.$$eval('.line', (all) => all.map((l) => ({
    id: l.dataset.id, seq: Number(l.dataset.seq) || 0, from: l.dataset.from, state: l.dataset.state, text: [...l.querySelectorAll('.said')].map((s) => s.textContent).join('\n'),
  })));
}
