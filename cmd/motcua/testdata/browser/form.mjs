// Begins a report in the chat and finishes it on the page that the chat's link opens, in Chromium, and prints what it saw as one JSON object.
// Usage: node form.mjs <citizens' port> <stand-ins> <a photo> <milliseconds for one answer>
import { violations } from './access.mjs';
import { launch, WebPage } from './drivers.mjs';

const [city, standIns, photo, patience] = process.argv.slice(2);
const browser = await launch(), seen = { failure: '', errors: [], violations: [], refused: [] };
const codeOf = (text) => text.match(/\b[0-9A-HJKMNP-TV-Z]{3}(?:-[0-9A-HJKMNP-TV-Z]{3}){2}\b/)?.[0] ?? '';

// digits gives the newest one-time code that a phone received, other than the one before.
async function digits(phone, before) {
  for (const end = Date.now() + Number(patience); Date.now() < end; await new Promise((next) => setTimeout(next, 100))) {
    const list = await (await fetch(`${standIns}/sms/messages?phone=${encodeURIComponent(`+84${phone.slice(1)}`)}`)).json();
    const code = list.at(-1)?.text.match(/\d{6}/)?.[0];
    if (code && list.length > before) return code;
  }
  throw new Error(`no code came to ${phone}`);
}

// begun is the chat: a report with all that it needs, up to the summary, and then the wish to go on elsewhere. It gives the link.
async function begun() {
  const p = await new WebPage().open(browser, 'chat', Number(patience), `${city}/chat`);
  await p.answer(() => p.say('đèn đường hỏng trước số 12 Lạch Tray'), /Sự việc ở chỗ nào/);
  await p.answer(() => p.place('Phường Hồng Bàng'), /lĩnh vực nào/);
  await p.answer(() => p.tap('Đèn đường không sáng'), /Gửi phản ánh này chứ/);
  await p.answer(() => p.photo(photo), /Gửi phản ánh này chứ/);
  seen.violations.push(...await violations(p.page, 'chat'));
  await p.answer(() => p.say('làm tiếp trên web'), /Làm tiếp/);
  const link = await p.page.locator('a.link', { hasText: 'Làm tiếp' }).getAttribute('href');
  seen.errors.push(...p.errors);
  await p.context.close();
  return link;
}

// Phone is somebody's phone with a browser that knows nobody yet.
class Phone {
  constructor(number) {
    this.number = number;
  }

  async open(link) {
    this.context ??= await browser.newContext({ viewport: { width: 360, height: 740 }, hasTouch: true, locale: 'vi-VN' });
    this.page = await this.context.newPage();
    this.page.setDefaultTimeout(Number(patience));
    this.page.on('pageerror', (e) => seen.errors.push(`${this.number}: ${e.message}`));
    this.page.on('console', (m) => m.type() === 'error' && !/net::ERR/.test(m.text()) && seen.errors.push(`${this.number}: ${m.text()} ${m.location().url}`));
    this.page.on('request', (r) => { this.authorization = r.headers().authorization ?? this.authorization; });
    await this.page.goto(link);
    return this.page;
  }

  async signIn(look) {
    const { page, number } = this, before = (await (await fetch(`${standIns}/sms/messages?phone=${encodeURIComponent(`+84${number.slice(1)}`)}`)).json()).length;
    await page.getByLabel('Số điện thoại').fill(number);
    if (look) seen.violations.push(...await violations(page, 'phone'));
    await page.getByRole('button', { name: 'Gửi mã cho tôi' }).click();
    await page.getByLabel('Mã gồm 6 chữ số').fill(await digits(number, before));
    if (look) seen.violations.push(...await violations(page, 'code'));
    await page.getByRole('button', { name: 'Đăng nhập' }).click();
    await page.getByText('Đang đăng nhập').waitFor();
  }

  // mine gives the codes of all reports of whoever is signed in.
  async mine() {
    const answer = await fetch(`${city}/graphql`, {
      method: 'POST', headers: { 'Content-Type': 'application/json', Authorization: this.authorization },
      body: JSON.stringify({ query: '{ myFeedback(first: 9) { edges { node { code } } } }' }),
    });
    return (await answer.json()).data.myFeedback.edges.map((e) => e.node.code);
  }

  refusal = async (words) => seen.refused.push(await this.page.getByRole('alert').filter({ hasText: words }).innerText());
}

// filled gives what the form shows.
async function filled(page) {
  await page.waitForFunction(() => document.querySelector('#field-category')?.selectedOptions[0]?.value && !/^[a-z-]+$/.test(document.querySelector('#field-category').selectedOptions[0].textContent));
  await page.getByText('Phường Hồng Bàng').waitFor();
  return page.evaluate(() => ({
    description: document.querySelector('#field-description').value, category: document.querySelector('#field-category').selectedOptions[0].textContent,
    place: document.querySelector('[data-path=place] figcaption').innerText, photos: document.querySelectorAll('[data-path=photos] .strip li').length,
  }));
}

const submit = (page) => page.getByRole('button', { name: 'Gửi', exact: true }).click();

async function finish(link) {
  const mai = new Phone('0912345678'), page = await mai.open(link);
  await mai.signIn(true);
  seen.form = await filled(page);
  seen.violations.push(...await violations(page, 'form'));
  const storage = await mai.context.storageState();
  await page.reload();
  seen.again = await filled(page);

  const stranger = new Phone('0987654321');
  await stranger.open(link);
  await stranger.signIn();
  await stranger.refusal('tài khoản khác');
  seen.violations.push(...await violations(stranger.page, 'refused'));

  const other = new Phone('0912345678'); // the same person on another device, who has the form open as well
  other.context = await browser.newContext({ viewport: { width: 360, height: 740 }, locale: 'vi-VN', storageState: { ...storage, origins: [] } });
  const second = await other.open(link);
  await other.signIn();
  await filled(second);

  await page.route('**/graphql', async (route) => { // the city has it, but nobody hears that
    await route.fetch();
    await route.abort('connectionreset');
  }, { times: 1 });
  await submit(page);
  await page.getByText('Không có mạng').waitFor();
  await submit(page);
  await page.getByRole('heading', { name: 'Đã gửi' }).waitFor();
  seen.code = codeOf(await page.locator('.result').innerText());
  seen.violations.push(...await violations(page, 'sent'));

  await submit(second);
  await second.getByRole('heading', { name: 'Đã gửi' }).waitFor(); // the same answers: the same report
  seen.second = codeOf(await second.locator('.result').innerText());
  await page.reload();
  await mai.refusal('đã được gửi rồi');
  seen.mine = await mai.mine();
}

// changed has the form open on two devices, and sends other answers from the second.
async function changed(link) {
  const lan = new Phone('0976543210'), page = await lan.open(link);
  await lan.signIn();
  await filled(page);
  const second = await lan.context.newPage();
  await second.goto(link);
  lan.page = second;
  await lan.signIn();
  await filled(second);
  await submit(page);
  await page.getByRole('heading', { name: 'Đã gửi' }).waitFor();
  seen.changed = codeOf(await page.locator('.result').innerText());
  await second.locator('#field-description').fill('đèn đường hỏng trước số 14 Lạch Tray');
  await submit(second);
  await lan.refusal('đã được gửi rồi');
  seen.mineChanged = await lan.mine();
}

try {
  const [one, two] = await Promise.all([begun(), begun()]);
  seen.link = one;
  await Promise.all([finish(one), changed(two)]);
} catch (e) {
  seen.failure = e.stack;
}
await browser.close();
console.log(JSON.stringify(seen));
