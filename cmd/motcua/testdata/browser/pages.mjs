// Uses the pages of a running development city in Chromium, as wide as a small phone, and prints what it saw as one JSON object.
// Usage: node pages.mjs <citizens' port> <stand-ins> <access token> <id of a report> <six digits that a phone received>
//        node pages.mjs services <citizens' port> <a photo> <milliseconds for one answer>: goes from the list of services to a report that was sent.
import { violations } from './access.mjs';
import { launch } from './drivers.mjs';

const browser = await launch();
if (process.argv[2] === 'services') {
  await services(...process.argv.slice(3));
  process.exit();
}
const [city, standIns, token, report, digits] = process.argv.slice(2);
const seen = { errors: [], wide: [] };
const page = await (await browser.newContext({ viewport: { width: 360, height: 740 }, locale: 'vi-VN' })).newPage();
page.setDefaultTimeout(60_000);
page.on('pageerror', (e) => seen.errors.push(e.message));

async function open(name, url) {
  await page.goto(url);
  if (await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth)) seen.wide.push(name);
}
const result = async (text) => {
  await page.waitForFunction((t) => document.querySelector('#result').textContent.includes(t), text);
  return true;
};

await open('first', `${city}/`);
seen.first = await page.textContent('h1');
seen.links = await page.$$eval('a', (as) => as.map((a) => a.getAttribute('href')));

await open('explorer', `${city}/graphql`);
await page.click('#run');
seen.query = await result('feedbackCategories');
await page.fill('#token', token);
await page.fill('#operation', 'subscription($id: ID!) { feedbackUpdated(id: $id) { status } }');
await page.fill('#variables', JSON.stringify({ id: report }));
await page.click('#run');
seen.subscription = await result('RECEIVED');
await page.click('#stop');
await page.click('#load');
await page.waitForSelector('#docs details');
seen.docs = (await page.$$('#docs details')).length;

await open('phone', `${standIns}/sms`);
await page.waitForFunction((d) => document.body.innerText.includes(d), digits);
seen.code = true;
await open('stand-ins', `${standIns}/`);
await browser.close();
console.log(JSON.stringify(seen));

// services goes from the list to the receipt, looks at each page as those do who see, hear or move otherwise, and goes back.
async function services(city, photo, patience) {
  const seen = { failure: '', errors: [], violations: [] };
  const context = await browser.newContext({ viewport: { width: 360, height: 740 }, hasTouch: true, locale: 'vi-VN' }); // no page here has scripts; those that look at it are ours
  const page = await context.newPage();
  page.setDefaultTimeout(Number(patience));
  page.on('console', (m) => m.type() === 'error' && !/status of 4\d\d/.test(m.text()) && seen.errors.push(`${m.text()} ${m.location().url}`));
  page.on('requestfailed', (r) => seen.errors.push(`${r.url()}: ${r.failure().errorText}`));
  const look = async (name) => {
    seen.violations.push(...await violations(page, name));
    return page.innerText('body');
  };
  const press = (role, name) => page.getByRole(role, { name, exact: true }).last().tap(); // the first button is for the enter key alone
  try {
    await page.goto(`${city}/f`);
    seen.list = await look('list');
    await press('link', 'English');
    await page.getByText('City services').waitFor();
    seen.english = await look('English list');
    await press('link', 'Tiếng Việt');
    await press('link', 'Gửi phản ánh');
    await page.getByLabel('Nội dung').waitFor();
    seen.form = await look('form');
    await press('button', 'Tiếp tục');
    await page.getByRole('alert').waitFor();
    await look('wrong form');
    seen.wrong = await page.getByRole('alert').innerText();
    await page.getByLabel('Nội dung').fill('Đèn đường ở đây không sáng, tối om');
    await page.getByLabel('Địa điểm').fill('12 Lạch Tray, Phường Gia Viên');
    await page.getByLabel('Ảnh', { exact: false }).first().setInputFiles(photo);
    await press('button', 'Tiếp tục');
    await page.locator('.ask').waitFor();
    await look('question');
    await press('button', 'Gửi');
    await page.locator('.sign').waitFor();
    seen.code = await page.locator('.sign').innerText();
    await look('receipt');
    await page.reload();
    await page.goBack();
    await page.locator('.ask').waitFor();
    await page.goBack();
    await page.getByLabel('Nội dung').waitFor();
    seen.back = await page.getByLabel('Nội dung').inputValue();
    await page.goto(`${city}/f/me/accounts`);
    seen.needed = await look('what needs an account');
    await page.goto(`${city}/f/nobody/nothing`);
    await look('no page');
  } catch (e) {
    seen.failure = `${e.message}\n${await page.innerText('body').catch(() => '')}`;
  }
  await browser.close();
  console.log(JSON.stringify(seen));
}
