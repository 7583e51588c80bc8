// Plays on the page with all phones in Chromium, on a wide screen and on a small phone, and prints what went wrong as a JSON array.
// Usage: node page.mjs <stand-ins> <package.json beside playwright-core> [folder for screenshots]
import { createRequire } from 'node:module';

const [standIns, beside, shots] = process.argv.slice(2);
const { chromium } = createRequire(beside)('playwright-core');
const problems = [];
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'] });

const check = (ok, what) => { if (!ok) problems.push(what); };
const shoot = async (page, name) => { if (shots) await page.screenshot({ path: `${shots}/${name}.png` }); };

async function open(width, height) {
  const context = await browser.newContext({ viewport: { width, height }, locale: 'vi-VN' });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.on('pageerror', (e) => problems.push(`${width}: ${e.message}`));
  page.on('console', (m) => m.type() === 'error' && problems.push(`${width}: ${m.text()} ${m.location().url}`));
  await page.goto(`${standIns}/`);
  const frame = (name) => page.getByTestId(`frame-${name}`).contentFrame();
  await frame('zalo').getByText('Tài khoản chính thức').waitFor();
  await frame('messenger').getByText('Trang Facebook').waitFor();
  await frame('web').getByText('Trang chat thử').waitFor();
  await frame('lock').locator('#time', { hasText: /\d/ }).waitFor();
  return { page, context, frame };
}

// fits tells whether nothing can be scrolled sideways, on the page and in its frames.
async function fits(page, where) {
  for (const f of page.frames()) {
    const wide = await f.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
    check(!wide, `${where}: ${new URL(f.url()).pathname} is wider than its window`);
  }
}

const says = (frame, from) => frame.locator(`.message[data-from=${from}] .said`);
async function say(frame, text) {
  await frame.getByTestId('composer').fill(text);
  await frame.getByTestId('send').click();
}
const json = async (path) => (await fetch(`${standIns}/${path}`)).json();

// set turns a switch of a phone's panel and waits until the stand-in says so.
async function set(phone, name, on) {
  await phone.getByTestId('toggle-panel').click();
  await phone.getByTestId(`switch-${name}`).setChecked(on);
  await phone.getByTestId('close-panel').click();
}

// profile is what the program would set on the city's page.
const profile = {
  get_started: { payload: 'GET_STARTED' }, greeting: [{ locale: 'default', text: 'Kính chào bà con' }],
  persistent_menu: [{ locale: 'default', call_to_actions: [{ type: 'postback', title: 'Gửi phản ánh', payload: 'feedback.send' }] }],
};

async function messenger({ page, frame }) {
  const phone = frame('messenger');
  await phone.getByTestId('welcome').getByText('Kính chào bà con').waitFor();
  await phone.getByTestId('welcome').getByText('Bắt đầu', { exact: true }).click();
  await phone.getByText('Đã bắt đầu trò chuyện').waitFor();
  check(!await phone.getByTestId('welcome').isVisible(), 'the welcome stays after the beginning');
  await say(phone, 'đèn đường hỏng');
  await says(phone, 'city').getByText('Đã nhận: đèn đường hỏng').waitFor();
  await phone.locator('.chips').getByText('Cảm ơn').last().click();
  await says(phone, 'city').getByText('Đã nhận: Cảm ơn').waitFor();
  await phone.getByTestId('open-map').click();
  await phone.getByTestId('ward-list').selectOption({ index: 1 });
  await phone.getByTestId('send-place').click();
  await phone.locator('.message[data-kind=place][data-state=delivered]').waitFor();
  await phone.getByTestId('open-menu').click();
  await phone.getByTestId('menu').getByText('Gửi phản ánh').click();
  await says(phone, 'citizen').getByText('Gửi phản ánh').waitFor();
  await set(phone, 'duplicate', true);
  check((await json('messenger/control/faults')).duplicate === 2, 'duplicate is not on');
  await say(phone, 'hai lần');
  await says(phone, 'city').getByText('Đã nhận: hai lần').nth(1).waitFor();
  await set(phone, 'duplicate', false);
  check((await json('messenger/control/faults')).duplicate === 0, 'duplicate is not off');
  await phone.getByTestId('toggle-panel').click();
  await phone.getByTestId('form-referral').fill('feedback.send');
  await phone.getByTestId('do-referral').click();
  await phone.getByText('Đã bắt đầu trò chuyện: feedback.send').waitFor();
  await shoot(page, 'panel');
  await phone.getByTestId('close-panel').click();
}

async function zalo({ frame }) {
  const phone = frame('zalo');
  await say(phone, 'xin chào');
  await phone.locator('.message[data-from=citizen][data-state=delivered]').waitFor();
  await phone.getByTestId('toggle-panel').click();
  for (const [act, note] of [['follow', 'Đã quan tâm'], ['unfollow', 'Đã bỏ quan tâm'], ['info', 'Đã chia sẻ thông tin'], ['withdraw', 'Đã yêu cầu xóa']]) {
    await phone.getByTestId(`act-${act}`).click();
    await phone.getByTestId('note').getByText(note).waitFor();
  }
  await phone.getByTestId('close-panel').click();
}

const push = (token, text) => fetch(`${standIns}/fcm/v1/projects/motcua-dev/messages:send`, {
  method: 'POST', body: JSON.stringify({ message: { token, notification: { title: 'HP-7K3M', body: text }, data: { link: '/r/HP-7K3M' }, android: { notification: { tag: 'case-1' } } } }),
});

async function lock({ page, context, frame }) {
  const phone = frame('lock'), notes = phone.getByTestId('note');
  await phone.getByTestId('toggle-panel').click();
  await phone.getByTestId('install-name').fill('Máy của Lan');
  await phone.getByTestId('install').click();
  await phone.getByTestId('device-row').waitFor();
  const token = await phone.getByTestId('token').inputValue();
  await phone.getByTestId('subscribe-name').fill('Trình duyệt của Lan');
  await phone.getByTestId('subscribe').click();
  await phone.getByTestId('device-row').nth(1).waitFor();
  check(JSON.parse(await phone.getByTestId('token').inputValue()).endpoint?.startsWith(`${standIns}/push/`), 'a browser has no endpoint here');
  await phone.getByTestId('close-panel').click();
  check((await push(token, 'đã tiếp nhận')).ok && (await push(token, 'đã xử lý xong')).ok, 'a notification is refused');
  await notes.getByText('đã xử lý xong').waitFor();
  check(await notes.count() === 1, 'the second notification does not take the place of the first');
  await fetch(`${standIns}/sms/messages`, { method: 'POST', headers: { Authorization: 'Bearer t' }, body: JSON.stringify({ id: '1', to: '+84912345678', text: 'Mã của bạn: 123456' }) });
  await phone.locator('.code', { hasText: '123456' }).waitFor();
  const [opened] = await Promise.all([context.waitForEvent('page'), notes.getByText('đã xử lý xong').click()]);
  await opened.waitForURL('**/r/HP-7K3M');
  await opened.close();
  await phone.locator('[data-opened]').waitFor();
  await shoot(page, 'wide');
  await phone.getByTestId('toggle-panel').click();
  await phone.getByTestId('kill').click();
  await phone.getByTestId('revive').waitFor();
  check((await push(token, 'không đến')).status === 404, 'a dead token is taken');
  await shoot(page, 'lock-panel');
  await phone.getByTestId('close-panel').click();
}

// strip tries what moves all networks.
async function strip({ page }) {
  const out = page.locator('[data-outage=messenger]');
  await out.click();
  await page.getByText('Đang mất kết nối: Messenger.').waitFor();
  check((await json('messenger/control/faults')).outage === 'refuse', 'Messenger is not out');
  await out.click();
  await page.getByText('Không có tin nào được gửi ra ngoài').waitFor();
  check((await json('messenger/control/faults')).outage === '', 'Messenger is still out');
  const off = page.locator('[data-outage=web]');
  await off.click();
  await page.getByTestId('web-off').waitFor();
  check(!page.frames().some((f) => f.url().endsWith('/chat?embed=1')), 'the chat is open without a net');
  await shoot(page, 'wide-off');
  await off.click();
  await page.getByTestId('frame-web').contentFrame().getByText('Trang chat thử').waitFor();
  for (const name of ['zns', 'fcm', 'webpush', 'sms']) {
    const button = page.locator(`[data-outage=${name}]`);
    await button.click();
    await page.getByText(`Đang mất kết nối: ${await button.getAttribute('data-name')}.`).waitFor();
    check((await json('control/state')).outage_s[name] > 590, `${name} is not out`);
    await button.click();
    await page.getByText('Không có tin nào được gửi ra ngoài').waitFor();
  }
  const moved = page.waitForResponse((r) => r.url().endsWith('/control/clock'));
  await page.getByTestId('clock').selectOption('90000');
  await moved;
  check((await json('zalo/control/faults')).clock_offset_s === 90000 && (await json('messenger/control/faults')).clock_offset_s === 90000, 'the clocks do not move together');
  const mended = page.waitForResponse((r) => r.url().endsWith('/control/faults') && r.request().method() === 'DELETE');
  await page.getByTestId('mend').click();
  await mended;
  check((await json('control/state')).clock_s === 0, 'the clocks are not set back');
}

// streams looks at what the page keeps open: one stream for each network, and none while nobody sees it.
async function streams({ page }) {
  const live = new Set();
  const isStream = (r) => r.url().endsWith('/stream');
  page.on('request', (r) => isStream(r) && live.add(r));
  for (const end of ['requestfinished', 'requestfailed']) page.on(end, (r) => live.delete(r));
  await page.reload();
  await page.getByTestId('frame-messenger').contentFrame().getByText('Trang Facebook').waitFor();
  await page.getByTestId('frame-zalo').contentFrame().getByText('Tài khoản chính thức').waitFor();
  check(live.size === 2, `${live.size} streams are open, want one for each network`);
  const hide = (hidden) => Promise.all(page.frames().map((f) => f.evaluate((h) => {
    Object.defineProperty(document, 'hidden', { value: h, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden)));
  const ended = page.waitForEvent('requestfailed', isStream);
  await hide(true);
  await ended;
  for (let i = 0; i < 50 && live.size; i++) await page.waitForTimeout(20);
  check(live.size === 0, `${live.size} streams are open in a page that nobody sees`);
  const again = page.waitForEvent('request', isStream);
  await hide(false);
  await again;
}

async function wide() {
  const set = await fetch(`${standIns}/messenger/graph/v25.0/100000000000001/messenger_profile?access_token=fakecity`, { method: 'POST', body: JSON.stringify(profile) });
  check(set.ok, `the profile is refused: ${set.status}`);
  const city = await open(1280, 800);
  const tops = await Promise.all(['zalo', 'messenger', 'web', 'lock'].map((n) => city.page.getByTestId(`frame-${n}`).boundingBox()));
  check(tops.every((b) => Math.abs(b.y - tops[0].y) < 8 && b.width > 280), `not side by side: ${JSON.stringify(tops)}`);
  await messenger(city);
  await zalo(city);
  await lock(city);
  await strip(city);
  await fits(city.page, 'wide');
  await streams(city);
  await city.context.close();
}

async function narrow() {
  const city = await open(360, 740);
  const boxes = await Promise.all(['zalo', 'messenger', 'web', 'lock'].map((n) => city.page.getByTestId(`frame-${n}`).boundingBox()));
  check(boxes.every((b, i) => b.width > 300 && (i === 0 || b.y > boxes[i - 1].y + boxes[i - 1].height)), `not one below the other: ${JSON.stringify(boxes)}`);
  await fits(city.page, 'narrow');
  await shoot(city.page, 'narrow');
  await city.page.getByRole('link', { name: 'Màn hình khóa', exact: true }).click();
  await city.page.waitForFunction(() => document.querySelector('#at-lock').getBoundingClientRect().top < 200);
  await city.frame('lock').getByTestId('toggle-panel').click();
  await city.frame('lock').getByTestId('switch-fcm-slow').check();
  await city.frame('lock').getByTestId('switch-fcm-slow').uncheck();
  await fits(city.page, 'narrow, with the panel');
  await shoot(city.page, 'narrow-lock');
  await city.context.close();
}

for (const part of [wide, narrow]) await part().catch((e) => problems.push(`${part.name}: ${e.message}`));
await browser.close();
console.log(JSON.stringify(problems));
