// Uses the chat from a page of another site in Chromium, and prints what it saw as one JSON object.
// Usage: node widget.mjs <a page with the one script tag> <the same on a site that may not> <milliseconds for one answer>
import { launch } from './drivers.mjs';

const [site, stranger, patience] = process.argv.slice(2);
const browser = await launch(), seen = { failure: '', errors: [], refused: '' };

async function visit(url, note) {
  const page = await (await browser.newContext({ viewport: { width: 360, height: 740 }, hasTouch: true, locale: 'vi-VN' })).newPage();
  page.setDefaultTimeout(Number(patience));
  page.on('pageerror', (e) => note(e.message));
  page.on('console', (m) => m.type() === 'error' && note(m.text()));
  await page.goto(url);
  await page.getByRole('button', { name: 'Trò chuyện với thành phố' }).tap();
  return page;
}

try {
  const page = await visit(site, (text) => seen.errors.push(text)), frame = page.frameLocator('motcua-chat iframe'), text = frame.getByTestId('text');
  await text.fill('đèn đường hỏng trước số 12 Lạch Tray');
  await text.press('Enter');
  await frame.locator('.line.you[data-seq]').waitFor();
  await frame.locator('.line.bot', { hasText: 'Sự việc ở chỗ nào' }).waitFor();
  seen.lines = await frame.locator('.line').count();
  await text.press('Escape');
  await page.locator('motcua-chat iframe').waitFor({ state: 'hidden' });
  await page.getByRole('button', { name: /Trò chuyện với thành phố/ }).tap();
  await text.waitFor();
  seen.again = await frame.locator('.line').count();

  const refused = new Promise((resolve) => visit(stranger, (text) => /frame-ancestors/.test(text) && resolve(text)).catch(resolve));
  seen.refused = String(await refused);
} catch (e) {
  seen.failure = e.message;
}
await browser.close();
console.log(JSON.stringify(seen));
