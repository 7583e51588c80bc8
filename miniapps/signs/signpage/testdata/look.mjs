// Looks at the pages as people do: on a small phone without JavaScript, in both colours, with letters of double size, on paper. Prints what is wrong as JSON.
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const [base, code, old, long, shots] = process.argv.slice(2);
const require = createRequire(new URL('../../../../channels/web/ui/package.json', import.meta.url));
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const problems = [];
if (shots) mkdirSync(shots, { recursive: true });

const picture = readFileSync(new URL('picture.svg', import.meta.url));
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'] });

// open shows a page on a phone of some width. What the browser complains of is a problem, above all what the page's policy forbids.
async function open(path, name, { width = 360, javaScriptEnabled = false, locale = 'vi-VN', ...more } = {}) {
  const context = await browser.newContext({ viewport: { width, height: 740 }, hasTouch: width < 800, deviceScaleFactor: width < 800 ? 2 : 1, javaScriptEnabled, locale, ...more });
  await context.route('https://pictures.example/**', (route) => route.fulfill({ contentType: 'image/svg+xml', body: picture }));
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  page.on('console', (m) => { if (!/status of 4\d\d/.test(m.text())) problems.push(`${name}: the browser says ${m.type()}: ${m.text()}`); });
  page.on('pageerror', (e) => problems.push(`${name}: ${e.message}`));
  await page.goto(base + path);
  return page;
}

const shoot = async (page, name) => { if (shots) await page.screenshot({ path: `${shots}/${name}.png`, fullPage: true }); };

async function wide(page, name) {
  const by = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  if (by > 0) problems.push(`${name}: ${by} px too wide`);
}

// small gives what a finger misses: WCAG 2.2 asks for 24 px, a person in the street for more. Links within a sentence are left out, as there.
const small = (page) => page.$$eval('a, button', (all) => all
  .filter((e) => getComputedStyle(e).display !== 'inline' && !e.matches('.skip, .here a')).map((e) => [e.textContent.trim(), e.getBoundingClientRect()])
  .filter(([, r]) => r.width > 0 && (r.height < 44 || r.width < 44)).map(([text, r]) => `${text}: ${r.width} × ${r.height}`));

// sizes looks at a page with letters as they are and of double size, in light and dark colours.
async function sizes(page, name, look) {
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    for (const size of ['', '200%']) {
      await page.evaluate((size) => { document.documentElement.style.fontSize = size; }, size);
      await look(`${name}, ${colorScheme} ${size}`.trim(), colorScheme, size);
    }
  }
}

// check looks at a page without JavaScript, and then with it: what looks for barriers is a script itself.
// Of one in colours that another has shown already, barriers are looked for once.
async function check(path, name, { brief, ...options } = {}) {
  const audited = await open(path, name, { ...options, javaScriptEnabled: true });
  await audited.evaluate(axe);
  await sizes(audited, name, async (where, colorScheme, size) => {
    if (brief && (size || colorScheme === 'dark') || size && colorScheme === 'dark') return; // larger letters ask for less contrast, and the colours have nothing to do with where things are
    const found = await audited.evaluate((rules) => globalThis.axe.run(document, { runOnly: rules, preload: false }), rules);
    problems.push(...found.violations.map((v) => `${where}: ${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`));
  });
  await audited.context().close();
  const page = await open(path, name, options);
  await page.evaluate(() => { for (const i of document.images) i.loading = 'eager'; });
  while (!await page.evaluate(() => [...document.images].every((i) => i.complete))) await page.waitForLoadState('load'); // both ask the browser: it is no busy loop
  await sizes(page, name, async (where, colorScheme, size) => {
    await wide(page, where);
    if (!size) await shoot(page, `${name}-${colorScheme}`);
  });
  await page.evaluate(() => { document.documentElement.style.fontSize = ''; });
  problems.push(...(await small(page)).map((s) => `${name}: hard to hit: ${s}`));
  return page;
}

// styled tells whether the page's style is let through by its policy.
const styled = (page) => page.$eval('.plate', (e) => getComputedStyle(e).backgroundColor);

try {
  let page = await check(`/S/${code}`, 'vi');
  if (await styled(page) === 'rgba(0, 0, 0, 0)') problems.push('the style is not let through');
  if (await page.getAttribute('html', 'lang') !== 'vi') problems.push('a Vietnamese browser is not shown Vietnamese');
  await page.emulateMedia({ media: 'print', colorScheme: 'light' });
  await wide(page, 'print');
  await shoot(page, 'vi-print');
  const printed = await page.evaluate(() => document.body.innerText);
  for (const needed of ['HP-00572-4', 'Nhà hát lớn', 'Phường Hồng Bàng', '/s/HP-00572-4', 'giành chính quyền']) if (!printed.includes(needed)) problems.push(`paper lacks ${needed}`);
  if (await page.locator('button:visible, nav:visible').count()) problems.push('buttons are printed');
  await page.emulateMedia({ media: 'screen' });

  // One tap, and the way back.
  await page.getByRole('button', { name: 'Biển này không ở chỗ tôi đang đứng' }).click();
  await page.waitForURL(/\/thanks\?/);
  if (!(await page.innerText('main')).includes('7K3-9QM-X2B')) problems.push('no code after the tap');
  await wide(page, 'thanks');
  problems.push(...(await small(page)).map((s) => `thanks: hard to hit: ${s}`));
  await shoot(page, 'thanks');
  await page.getByRole('link', { name: 'English' }).click();
  if (!(await page.innerText('main')).includes('7K3-9QM-X2B')) problems.push('no code in the other language');
  await shoot(page, 'thanks-en');
  await page.getByRole('link', { name: 'Tiếng Việt' }).click();
  await page.getByRole('link', { name: 'Về trang của biển' }).click();
  await page.getByRole('link', { name: 'English' }).click();
  if (await page.getAttribute('html', 'lang') !== 'en') problems.push('the switch does not change the language');
  await page.context().close();

  const others = [[`/s/${code}`, 'en', { locale: 'en-GB', brief: true }], [`/s/${code}?lang=ar`, 'ar', { brief: true }], [`/s/${code}`, 'wide', { width: 1200, brief: true }], [`/s/${code}`, 'narrow', { width: 320, brief: true }],
    [`/s/${long}`, 'long', { width: 320, brief: true }], [`/s/${old}`, 'revoked', {}], ['/s/AAAAAAAAAAAAA', 'invented', { locale: 'en-GB', brief: true }], ['/s/HP-00572-5', 'mistyped', { brief: true }]];
  await Promise.all([0, 1].map(async () => { // two at a time
    for (let next; (next = others.shift());) await (await check(...next)).context().close();
  }));

  // With JavaScript on, the description for machines must neither run nor be complained of.
  page = await open(`/s/${code}`, 'scripts on', { javaScriptEnabled: true });
  const data = JSON.parse(await page.$eval('script', (e) => e.textContent));
  if (data.about.name !== 'Nhà hát lớn Hải Phòng') problems.push(`described is ${data.about.name}`);
  const heard = await page.$eval('audio', (e) => e.getAttribute('src'));
  if (!heard.startsWith('/media/')) problems.push(`heard is ${heard}`);
  await page.keyboard.press('Tab');
  if (await page.evaluate(() => document.activeElement.className) !== 'skip') problems.push('the way past the head is not the first stop');
  if (shots) await page.screenshot({ path: `${shots}/focus.png` });
} finally {
  await browser.close();
}
console.log(JSON.stringify(problems));
