// Fills in a form as somebody with a small phone and a browser without scripts does, and prints what it saw as one JSON object.
// Usage: node browser.mjs <address of the form> <a photo> <another> <folder for pictures>
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const need = createRequire(new URL('../../../channels/web/ui/package.json', import.meta.url));
const { chromium } = need('playwright-core');
const axe = readFileSync(need.resolve('axe-core/axe.min.js'), 'utf8');
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const [address, photo, other, folder] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'] });
const seen = { failure: '', errors: [], wide: [], violations: [], wrong: [], focused: '', pictures: 0, asked: '', words: '', code: '', again: [], back: [], straight: [], changed: '' };

async function phone(options) {
  const context = await browser.newContext({ viewport: { width: 360, height: 740 }, hasTouch: true, locale: 'vi-VN', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  page.on('console', (m) => m.type() === 'error' && !/status of 4\d\d/.test(m.text()) && seen.errors.push(m.text()));
  await page.goto(address);
  return page;
}

const shot = async (page, name) => {
  await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  if (wide > 0) seen.wide.push(`${name}: ${wide} px`);
};
const send = (page) => page.locator('form > .ways button[value=send]').tap();
const agree = (page) => page.locator('button[value=agree]').tap();
const codeOf = (page) => page.locator('.sign').innerText();

// violations gives what breaks WCAG 2.2 AA, in light and dark colours, with letters as they are and of double size. Only here scripts run.
async function violations(page, where) {
  await page.evaluate(axe);
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    for (const size of ['', '200%']) {
      await page.evaluate((size) => { document.documentElement.style.fontSize = size; }, size);
      const audit = async (rules) => (await globalThis.axe.run(document, { runOnly: rules })).violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`);
      const found = size && colorScheme === 'dark' ? [] : await page.evaluate(audit, rules); // larger letters ask for less contrast
      const small = size ? [] : await page.$$eval('a, button, select, summary, label.option, input:not([type=hidden], [type=radio], [type=checkbox])', (all) => all
        .filter((e) => !e.matches('.sr') && !e.closest('li, .instead p') && getComputedStyle(e).display !== 'inline').map((e) => [e.textContent.trim().slice(0, 30), e.getBoundingClientRect()])
        .filter(([, r]) => r.width > 0 && (r.height < 44 || r.width < 44)).map(([text, r]) => `hard to hit: ${text}: ${r.width} × ${r.height}`));
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      seen.violations.push(...[...found, ...small].map((v) => `${where}, ${colorScheme} ${size}: ${v}`), ...(wide > 0 ? [`${where}, ${size}: ${wide} px too wide`] : []));
    }
  }
  await page.evaluate(() => { document.documentElement.style.fontSize = ''; });
}

// straight sends a form in which nothing was wrong, goes back to it as it was opened, and sends it again.
async function straight(page) {
  await page.getByLabel('Nội dung').fill('Nắp cống trước số nhà 20 bị mất');
  await page.locator('input[type=file]').first().setInputFiles(photo);
  for (let i = 0; i < 2; i++) {
    await send(page);
    await page.locator('.ask').waitFor();
    await agree(page);
    await page.locator('.sign').waitFor();
    seen.straight.push(await codeOf(page));
    for (const there of [page.locator('.ask'), page.getByLabel('Nội dung')]) {
      await page.goBack();
      await there.waitFor();
    }
    seen.straight.push(await page.getByLabel('Nội dung').inputValue());
  }
}

try {
  const page = await phone({ javaScriptEnabled: false });
  await shot(page, '1-form');
  await send(page); // nothing was written
  await page.locator('.trouble').waitFor();
  seen.focused = await page.evaluate(() => document.activeElement.className);
  seen.wrong = await page.locator('.trouble a').allInnerTexts();
  await shot(page, '2-wrong');
  await page.locator('.trouble a').first().tap();
  await page.getByLabel('Nội dung').fill('Biển tên đường bị cong, đèn đường phía trên không sáng');
  await page.locator('input[type=file]').first().setInputFiles(photo);
  await page.getByRole('button', { name: 'Tải lên rồi chọn thêm' }).tap();
  await page.getByLabel('Giữ ảnh 1').waitFor();
  await page.locator('input[type=file]').first().setInputFiles(other);
  await page.getByLabel('Lĩnh vực').selectOption('street-light-out');
  await page.getByText('Thêm thông tin').tap();
  await shot(page, '3-filled');
  seen.pictures = await page.evaluate(() => [...document.images].filter((i) => i.naturalWidth > 0).length);
  await send(page);
  await page.locator('.ask').waitFor();
  seen.asked = await page.locator('main').innerText();
  await shot(page, '4-agree');
  const asking = await page.content();
  await agree(page);
  await page.locator('.sign').waitFor();
  await shot(page, '5-done');
  seen.code = await codeOf(page);
  seen.words = await page.locator('main').innerText();
  await page.reload(); // which sends nothing
  seen.again.push(await codeOf(page));
  await page.goBack();
  seen.back.push(await page.locator('main').innerText());
  await agree(page);
  await page.locator('.sign').waitFor();
  seen.again.push(await codeOf(page));
  await page.goBack();
  await page.locator('.ask').waitFor();
  await page.goBack(); // to where both photos had not yet come, or only one
  await page.getByLabel('Nội dung').waitFor();
  seen.back.push(await page.getByLabel('Nội dung').inputValue());
  seen.back.push(await page.getByLabel('Lĩnh vực').inputValue());
  await send(page);
  await page.locator('.ask').waitFor();
  await agree(page);
  await page.locator('.sign').waitFor();
  seen.again.push(await codeOf(page));
  await page.goto(page.url()); // as from a history
  seen.again.push(await codeOf(page));

  // The question is still open in another tab.
  const tab = await page.context().newPage();
  await tab.route(address, (r) => r.request().method() === 'GET' ? r.fulfill({ contentType: 'text/html; charset=utf-8', body: asking }) : r.continue());
  await tab.goto(address);
  await tab.locator('button[value=edit]').tap();
  await tab.getByLabel('Nội dung').fill('Một chuyện khác hẳn, gửi bằng biểu mẫu cũ');
  await send(tab);
  await agree(tab);
  await tab.locator('.trouble').waitFor();
  await shot(tab, '6-already');
  await tab.locator('h1').waitFor();
  seen.changed = await tab.locator('main').innerText();

  await straight(await phone({ javaScriptEnabled: false }));

  const look = await phone({ bypassCSP: true });
  await violations(look, 'form');
  await send(look);
  await look.locator('.trouble').waitFor();
  await violations(look, 'wrong');
  await look.emulateMedia({ colorScheme: 'dark' });
  await shot(look, '7-dark');
  await look.getByLabel('Nội dung').fill('Nắp cống bị mất trước số nhà 12');
  await look.locator('input[type=file]').first().setInputFiles(photo);
  await look.getByRole('button', { name: 'Tải lên rồi chọn thêm' }).tap();
  await look.getByLabel('Giữ ảnh 1').waitFor();
  await violations(look, 'with a photo');
  await send(look);
  await look.locator('.ask').waitFor();
  await violations(look, 'to be agreed to');
  await agree(look);
  await look.locator('.sign').waitFor();
  await violations(look, 'done');

  await look.goto(`${address}?lang=en`);
  await violations(look, 'form in English');
  await send(look);
  await look.locator('.trouble').waitFor();
  await shot(look, '8-english');
} catch (e) {
  seen.failure = e.message;
}
await browser.close();
console.log(JSON.stringify(seen));
