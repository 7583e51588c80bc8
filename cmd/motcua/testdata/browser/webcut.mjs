// Reports on the city's own page in Chromium while the network goes three times, and prints what is shown and stored as one JSON object.
// Usage: node webcut.mjs <citizens' port> <a photo> <milliseconds for one answer>
// For the third time whoever starts this kills the city: the line "kill" on standard output asks for it, a line on standard input says that it was
// killed, and the next one that it is back.
import { createInterface } from 'node:readline';
import { launch, WebPage } from './drivers.mjs';

const [city, photo, patience] = process.argv.slice(2);
const input = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const lost = [/ERR_INTERNET_DISCONNECTED|ERR_NETWORK_CHANGED|ERR_CONNECTION|ERR_EMPTY_RESPONSE|ERR_INCOMPLETE_CHUNKED|ERR_FAILED|status of 503/];
const browser = await launch(), seen = { failure: '', posted: [], errors: [] };

// waiting waits until the newest lines, so many, are those that have not reached the city yet.
const waiting = (p, n) => p.page.waitForFunction((n) => {
  const newest = [...document.querySelectorAll('.line')].slice(-n);
  return newest.length === n && newest.every((l) => l.dataset.state === 'sending');
}, n);

// held does something that sends a message. The city has taken it when this returns, but the page learns nothing until the given end is called, and then only
// that the line broke.
async function held(p, act) {
  let broken, taken;
  const end = new Promise((resolve) => { broken = resolve; }), there = new Promise((resolve, reject) => { taken = { resolve, reject }; });
  await p.page.route('**/chat/v1/messages', async (route) => {
    const res = await route.fetch().catch(taken.reject);
    if (res) taken.resolve(res.status());
    await end;
    await route.abort('connectionreset');
  }, { times: 1 });
  await act();
  const status = await there;
  if (status !== 202) throw new Error(`the message was answered with ${status}`);
  return broken;
}

async function talk(p) {
  // The first time the phone has no network, and its owner goes on.
  await p.answer(() => p.say('xin chào'), /./);
  await p.context.setOffline(true);
  await p.page.getByText('Mất mạng').first().waitFor();
  await p.say('trợ giúp');
  await p.get('photo').setInputFiles(photo);
  await p.page.locator('.strip img').waitFor();
  await p.say('đèn đường hỏng trước số 12 Lạch Tray');
  await waiting(p, 2);
  await p.answer(() => p.context.setOffline(false), /Sự việc ở chỗ nào/);

  // The second time it goes when the city has a message, and nobody heard that.
  await p.answer(() => p.place('Phường Hồng Bàng'), /lĩnh vực nào/);
  const before = (await p.city()).length;
  let broken = await held(p, () => p.tap('Đèn đường không sáng'));
  await p.context.setOffline(true);
  broken();
  await p.page.getByText('Mất mạng').first().waitFor();
  await p.context.setOffline(false);
  await p.until(/Gửi phản ánh này chứ/, before);

  // The third time the city dies in that moment.
  const then = (await p.city()).length;
  broken = await held(p, () => p.tap('Gửi'));
  console.log('kill');
  await input.next();
  broken();
  await p.say('phản ánh của tôi');
  await waiting(p, 1);
  await input.next();
  await p.until(/Mã phản ánh là/, then);
  await p.until(/Phản ánh[^]*Đã tiếp nhận/, then + 1);
  await p.page.waitForFunction(() => [...document.querySelectorAll('.line')].every((l) => l.dataset.seq));
}

let p;
try {
  p = await new WebPage().open(browser, 'web', Number(patience), `${city}/chat`, lost);
  p.page.on('request', (r) => r.url().endsWith('/chat/v1/messages') && seen.posted.push(r.postDataJSON().id));
  await talk(p);
  seen.shown = await p.lines();
  const token = await p.page.evaluate(() => localStorage.getItem('motcua.chat'));
  seen.stored = await (await fetch(`${city}/chat/v1/log?before=0&limit=100`, { headers: { Authorization: `Chat ${token}` } })).json();
  await p.page.reload();
  await p.page.waitForFunction((n) => document.querySelectorAll('.line').length >= n, seen.shown.length);
  seen.reloaded = await p.lines();
} catch (e) {
  seen.failure = e.message;
  seen.shown = await p?.lines();
}
seen.errors = p?.errors ?? [];
await browser.close();
console.log(JSON.stringify(seen));
process.exit(); // standard input may still be open
