// Uses the chat from a page of another site in Chromium, and prints what it saw as one JSON object.
// Usage: node widget.mjs <a page with the one script tag> <the same on a site that may not> <milliseconds for one answer>
import { violations } from './access.mjs';
import { launch } from './drivers.mjs';

const [site, stranger, patience] = process.argv.slice(2);
const browser = await launch(), seen = { failure: '', errors: [], violations: [], refused: '', trapped: [] };

async function visit(url, note) {
  const page = await (await browser.newContext({ viewport: { width: 360, height: 740 }, hasTouch: true, locale: 'vi-VN' })).newPage();
  page.setDefaultTimeout(Number(patience));
  page.on('pageerror', (e) => note(e.message));
  page.on('console', (m) => m.type() === 'error' && note(m.text()));
  await page.goto(url);
  await page.getByRole('button', { name: 'Trò chuyện với thành phố' }).tap();
  return page;
}

// strange opens the chat where it is not allowed: it can be closed while it waits and when it was refused, and leads to the city's own page.
async function strange() {
  const page = await visit(stranger, (text) => { if (/frame-ancestors/.test(text)) seen.refused = text; });
  const box = page.getByRole('dialog'), launch = page.getByRole('button', { name: 'Trò chuyện với thành phố' });
  const closes = async (when, act) => {
    await box.waitFor();
    await act();
    await box.waitFor({ state: 'hidden', timeout: 5000 }).catch(() => seen.trapped.push(when));
  };
  await closes('Esc while it is opening', () => page.keyboard.press('Escape'));
  await launch.tap();
  await closes('its button while it is opening', () => box.getByRole('button').tap());
  await launch.tap();
  const link = box.getByRole('link');
  await link.waitFor();
  seen.violations.push(...await violations(page, 'refused'));
  const [own] = await Promise.all([page.context().waitForEvent('page'), link.tap()]);
  await own.getByTestId('text').waitFor();
  await page.bringToFront();
  await closes('Esc when it was refused', () => page.keyboard.press('Escape'));
}

try {
  const page = await visit(site, (text) => seen.errors.push(text)), frame = page.frameLocator('motcua-chat iframe'), text = frame.getByTestId('text');
  await text.fill('đèn đường hỏng trước số 12 Lạch Tray');
  await text.press('Enter');
  await frame.locator('.line.you[data-seq]').waitFor();
  await frame.locator('.line.bot', { hasText: 'Sự việc ở chỗ nào' }).waitFor();
  seen.lines = await frame.locator('.line').count();
  seen.violations = await violations(page, 'frame', page.frames().find((f) => f.url().includes('embed=1')));
  await text.press('Escape');
  await page.locator('motcua-chat iframe').waitFor({ state: 'hidden' });
  await page.getByRole('button', { name: /Trò chuyện với thành phố/ }).tap();
  await text.waitFor();
  seen.again = await frame.locator('.line').count();

  await strange();
} catch (e) {
  seen.failure = e.message;
}
await browser.close();
console.log(JSON.stringify(seen));
