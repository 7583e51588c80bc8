// Uses the pages of a running development city in Chromium, as wide as a small phone, and prints what it saw as one JSON object.
// Usage: node pages.mjs <citizens' port> <stand-ins> <access token> <id of a report> <six digits that a phone received>
import { chromium } from 'playwright-core';

const [city, standIns, token, report, digits] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'] });
const seen = { errors: [], wide: [] };
const page = await (await browser.newContext({ viewport: { width: 360, height: 740 }, locale: 'vi-VN' })).newPage();
page.setDefaultTimeout(15_000);
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
