// Plays conversations on the stand-in phone in Chromium, as wide as a small phone, and prints what it saw as one JSON object.
// Usage: node chat.mjs <stand-ins> <operators' port> <a photo> <seconds for one answer>
// The office is played by whoever starts it: reports are to be assigned and resolved while this runs, with "Đã thay bóng mới." as the reason.
import { setTimeout as pause } from 'node:timers/promises';
import { chromium } from 'playwright-core';

const [standIns, operators, photo, patience] = process.argv.slice(2);
const limit = Number(patience) * 1000, width = 360;
const codeOf = (text) => text?.match(/\b[0-9A-HJKMNP-TV-Z]{3}(?:-[0-9A-HJKMNP-TV-Z]{3}){2}\b/)?.[0] ?? '';
const seen = { errors: [], wide: [], failures: [], people: {}, switches: {} };
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'] });

// The ways to somebody's phone: by the address, by the switch in its head, and by the panel for somebody new.
const byAddress = (page, name) => page.goto(`${standIns}/zalo/#${encodeURIComponent(name)}`);
async function bySwitch(page, name) {
  await page.goto(`${standIns}/zalo/`);
  await page.getByTestId('user').selectOption(name);
}
async function byPanel(page, name) {
  await page.goto(`${standIns}/zalo/`);
  await page.getByTestId('toggle-panel').tap();
  await page.getByTestId('new-user').fill(name);
  await page.getByTestId('add-user').tap();
  await page.getByTestId('close-panel').tap();
}

// Phone is one citizen's phone.
class Phone {
  static async of(name, become = byAddress) {
    const phone = new Phone();
    phone.name = name;
    const context = await browser.newContext({ viewport: { width, height: 740 }, hasTouch: true, locale: 'vi-VN' }); // connections are counted per context
    phone.page = await context.newPage();
    phone.page.setDefaultTimeout(limit);
    phone.page.on('pageerror', (e) => seen.errors.push(`${name}: ${e.message}`));
    phone.page.on('console', (m) => m.type() === 'error' && seen.errors.push(`${name}: ${m.text()} ${m.location().url}`));
    await become(phone.page, name);
    await phone.page.waitForFunction((n) => document.querySelector('#user').value === n && document.querySelector('#link').textContent.includes('chính thức'), name);
    return phone;
  }

  get = (id) => this.page.getByTestId(id);

  // lines gives the chat: who said what, with which buttons, and what became of it.
  lines = () => this.page.$$eval('#log .message', (all) => all.map((m) => ({
    from: m.dataset.from, kind: m.dataset.kind, state: m.dataset.state, staff: Boolean(m.querySelector('.bubble .hint')),
    text: m.querySelector('.said')?.textContent ?? '', buttons: [...m.querySelectorAll('.buttons > *')].map((b) => b.textContent),
  })));
  city = async () => (await this.lines()).filter((m) => m.from === 'city');

  // looks notes where the page can be scrolled sideways.
  async looks(where) {
    const wide = await this.page.evaluate((w) => [document.documentElement, ...document.querySelectorAll('#log, #panel, #place, #composer')]
      .filter((e) => (e === document.documentElement || e.checkVisibility()) && (e.scrollWidth > e.clientWidth || e.getBoundingClientRect().right > w)).map((e) => e.id || 'page'), width);
    for (const id of wide) seen.wide.push(`${this.name}, ${where}: ${id}`);
  }

  // until waits until the city has said something, later than what it had said before, that holds the pattern in its words or buttons.
  async until(pattern, before) {
    const h = await this.page.waitForFunction(([source, n]) => {
      const all = [...document.querySelectorAll('#log .message[data-from=city]')].slice(n);
      return all.map((m) => m.innerText).find((t) => new RegExp(source, 'iu').test(t));
    }, [pattern.source, before], { polling: 50 }).catch((e) => { throw new Error(`${pattern} did not come: ${e.message.split('\n')[0]}`); });
    return h.jsonValue();
  }

  // answer does something and waits for the city's answer to it.
  async answer(act, pattern) {
    const before = (await this.city()).length;
    await act();
    const text = await this.until(pattern, before);
    await this.looks(pattern.source);
    return text;
  }

  async say(text) {
    await this.get('composer').fill(text);
    await this.get('composer').press('Enter');
  }

  // choose takes a choice of the newest question: by its button, or by its number where the buttons did not suffice. Notices have no buttons.
  async choose(pattern) {
    const last = (await this.city()).findLast((m) => m.buttons.length);
    const title = last.buttons.find((b) => pattern.test(b));
    if (title) return this.get('button').and(this.page.getByText(title, { exact: true })).last().click();
    const number = last.text.split('\n').map((l) => l.match(/^(\d+)\. (.*)$/)).find((m) => m && pattern.test(m[2].split(' – ')[0]))?.[1]; // a hint may follow
    if (!number) throw new Error(`${pattern} is no choice of: ${last.text} [${last.buttons}]`);
    return this.say(number);
  }

  // photo attaches a picture and waits until it is shown in the chat.
  async photo() {
    await this.get('attach-photo').setInputFiles(photo);
    await this.page.waitForFunction(() => [...document.querySelectorAll('.message[data-from=citizen] img')].some((i) => i.naturalWidth > 0));
  }

  // place puts the pin into a ward by a tap on its outline, or by the list, and sends it.
  async place(ward, byList) {
    await this.get('open-map').tap();
    await this.page.waitForSelector('#map path');
    await this.looks('map');
    if (byList) await this.get('ward-list').selectOption({ label: ward });
    else await this.page.touchscreen.tap(...await this.page.$$eval('#map path', inside, ward));
    await this.page.waitForFunction((w) => document.querySelector('#ward').textContent.includes(w), ward);
    await this.looks('map with a pin');
    await this.get('send-place').tap();
  }

  async set(name, on) {
    await this.panel(async () => {
      const box = this.get(`switch-${name}`);
      const [res] = await Promise.all([this.page.waitForResponse((r) => r.url().endsWith('/control/faults') && r.request().method() === 'POST'), box.setChecked(on)]);
      if (!res.ok()) throw new Error(`switch ${name}: ${res.status()}`);
    });
  }

  async panel(act) {
    await this.get('toggle-panel').tap();
    await this.looks('panel');
    await act();
    await this.get('close-panel').tap();
  }

  // taken waits until the program has acknowledged the newest message.
  taken = () => this.page.waitForFunction(() => ['delivered', 'seen'].includes([...document.querySelectorAll('.message[data-from=citizen]')].at(-1)?.dataset.state));
}

// inside runs in the page: it gives a point of the screen that lies in a ward.
function inside(paths, ward) {
  const path = paths.find((p) => p.textContent === ward), box = path.getBoundingClientRect(), back = path.getScreenCTM().inverse();
  for (let n = 2; n < 64; n *= 2) {
    for (let i = 1; i < n; i++) {
      for (let j = 1; j < n; j++) {
        const at = [box.left + (box.width * i) / n, box.top + (box.height * j) / n];
        if (path.isPointInFill(new DOMPoint(...at).matrixTransform(back))) return at;
      }
    }
  }
  throw new Error(`no point of ${ward} is on the map`);
}

const ward = 'Phường Hồng Bàng', about = (number) => `đèn đường hỏng trước số ${number} Lạch Tray`;
const anything = /./, skip = /^(Bỏ qua|Skip)$/, send = /^(Gửi|Send)$/, cancellable = /Hủy|Cancel/, skippable = /Bỏ qua|Skip/, ready = /Gửi phản ánh này chứ|Send this report\?/;

// submit agrees to the summary and gives the tracking code.
async function submit(p) {
  return codeOf(await p.answer(() => p.choose(send), /\b\w{3}-\w{3}-\w{3}\b[^]*(Danh mục|Menu)/));
}

// told waits for what the office does with a report, and gives all that was said about it.
async function told(p, code) {
  await p.until(new RegExp(`${code}[^]*Đã thay bóng mới`), 0);
  return (await p.city()).filter((m) => m.text.includes(code)).map((m) => m.text);
}

// report tells what and where, and leaves the rest to the office.
async function report(p, text) {
  await p.answer(() => p.say(text), cancellable);
  await p.answer(() => p.place(ward, true), skippable);
  await p.answer(() => p.choose(skip), ready);
}

const conversations = {
  text: [bySwitch, 'Mai', async (p, out) => {
    await p.answer(() => p.say(about(12)), cancellable);
    await p.answer(() => p.place(ward, false), skippable);
    await p.answer(() => p.choose(skip), ready);
    await p.answer(() => p.photo(), ready);
    out.code = await submit(p);
    out.told = await told(p, out.code);
  }],
  photo: [byPanel, 'Cô Hạnh', async (p, out) => {
    await p.answer(() => p.photo(), cancellable);
    await report(p, about(14));
    out.code = await submit(p);
    out.told = await told(p, out.code);
  }],
  place: [byAddress, 'place', async (p, out) => {
    await p.answer(() => p.place(ward, true), /Biển tên đường gần đây/); // more than one service takes a place
    await p.answer(() => p.choose(/^Gửi phản ánh$/), cancellable);
    await p.answer(() => p.say(about(16)), skippable);
    await p.answer(() => p.choose(skip), ready);
    await p.answer(() => p.photo(), ready);
    out.code = await submit(p);
    out.told = await told(p, out.code);
  }],
  cancel: [byAddress, 'cancel', async (p, out) => {
    await p.answer(() => p.say(about(18)), cancellable);
    await p.answer(() => p.place(ward, true), skippable);
    out.back = await p.answer(() => p.say('quay lại'), anything); // to the place
    out.cancelled = [await p.answer(() => p.say('hủy'), anything)];
    await report(p, about(20));
    out.cancelled.push(await p.answer(() => p.choose(/^Hủy$/), anything));
    out.mine = await p.answer(() => p.say('phản ánh của tôi'), anything);
    await report(p, about(22));
    out.code = await submit(p);
  }],
  english: [byAddress, 'english', async (p, out) => {
    await report(p, 'the street light is broken in front of 12 Lach Tray');
    await p.answer(() => p.photo(), ready);
    out.code = await submit(p);
    out.told = await told(p, out.code);
  }],
  asked: [byAddress, 'asked', async (p) => {
    await p.answer(() => p.say('English'), /Tiếng Việt/);
    await p.answer(() => p.choose(/^Send a report$/), cancellable);
    await p.answer(() => p.say('cancel'), anything);
  }],
  change: [byAddress, 'change', async (p, out) => {
    await p.answer(() => p.say(about(24)), cancellable);
    await p.answer(() => p.place(ward, true), skippable);
    out.first = await p.answer(() => p.choose(/^Ổ gà/), ready);
    await p.answer(() => p.say('sửa'), /Lĩnh vực/);
    await p.answer(() => p.choose(/^Lĩnh vực/), /Đèn đường không sáng/);
    out.second = await p.answer(() => p.choose(/^Đèn đường không sáng/), ready);
    out.code = await submit(p);
  }],
  silence: [byAddress, 'silence', async (p) => {
    await p.answer(() => p.say('xin chào'), anything);
    await p.answer(() => p.panel(() => p.get('switch-console').tap()), /Cán bộ trực/);
    await p.say('cảm ơn cán bộ, đèn đường vẫn hỏng');
    await p.taken();
  }],
};

// play holds one conversation and keeps what went wrong with what was said.
async function play(what, [become, name, part]) {
  const out = {};
  seen.people[what] = out;
  let p;
  try {
    p = await Phone.of(name, become);
    await part(p, out);
  } catch (e) {
    seen.failures.push(`${what}: ${e.message}`);
  }
  out.lines = await p?.lines();
  return p;
}

const stats = async () => (await fetch(`${standIns}/zalo/control/stats`)).json();

// refusedOnce waits until the program has tried to send something in vain.
async function refusedOnce() {
  const tried = /^motcua_chat_messages_total\{.*outcome="later".*\} [1-9]/m;
  for (const end = Date.now() + limit; Date.now() < end;) {
    if (tried.test(await (await fetch(`${operators}/metrics`)).text())) return;
    await pause(20);
  }
  throw new Error('nothing was sent in vain');
}

// The switches are those of the network: they are tried when nobody else speaks.
async function outage(p, out, over) {
  await p.answer(() => p.say('menu'), anything);
  const before = (await p.city()).length;
  await p.set('outage', true);
  await p.say('trợ giúp');
  await p.taken();
  await refusedOnce();
  out.kept = (await p.lines()).at(-1);
  await p.set('outage', false);
  over(); // the answer takes its time: others may go on
  await p.until(anything, before);
  out.answers = () => p.city().then((all) => all.length - before);
}

async function webhooks(p, out) {
  await p.set('duplicate', true);
  await report(p, about(26));
  out.duplicate = await submit(p);
  await p.set('duplicate', false);

  await p.set('reorder', true);
  const before = (await p.city()).length;
  await p.say(about(28));
  await p.place(ward, true);
  await p.until(skippable, before);
  await p.set('reorder', false);
  await p.answer(() => p.choose(skip), ready);
  out.reorder = await submit(p);
}

async function clock(p, out) {
  const { issued } = (await stats()).tokens; // before the switch: whoever speaks next makes the city renew its token
  await p.set('clock', true);
  await p.answer(() => p.say('menu'), anything);
  out.issued = (await stats()).tokens.issued - issued;
  await p.set('clock', false);
}

async function slow(p, out) {
  await p.set('slow', true);
  const begin = Date.now();
  await p.answer(() => p.say('menu'), anything);
  out.slow = Date.now() - begin;
  await p.set('slow', false);
}

const phones = {}, out = seen.switches;
await Promise.all(Object.entries(conversations).map(async ([what, how]) => { phones[what] = await play(what, how); }));
await new Promise((over) => {
  phones.outage = play('outage', [byAddress, 'outage', (p) => outage(p, out, over).finally(over)]);
});
await play('clock', [byAddress, 'clock', (p) => clock(p, out)]);
await play('webhooks', [byAddress, 'webhooks', (p) => webhooks(p, out)]);
await play('slow', [byAddress, 'slow', (p) => slow(p, out)]);
await phones.outage;
out.answers = await out.answers?.();
out.stats = await stats();
seen.people.silence.lines = await phones.silence?.lines(); // again: everybody else has been answered since
await browser.close();
console.log(JSON.stringify(seen));
