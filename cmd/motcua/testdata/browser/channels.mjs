// Reports the same thing on every network, in Chromium, and prints what each person saw as one JSON object.
// Usage: node channels.mjs <citizens' port> <stand-ins> <a photo> <milliseconds for one answer>
// The office is played by whoever starts it: reports are to be assigned and resolved while this runs, with "Đã thay bóng mới." as the reason.
import { FakePhone, launch, WebPage } from './drivers.mjs';

const [city, standIns, photo, patience] = process.argv.slice(2);
const limit = Number(patience), browser = await launch(), seen = { errors: [], failures: [], people: {} };
const networks = {
  zalo: () => new FakePhone().open(browser, 'Mai', limit, `${standIns}/zalo/#Mai`),
  messenger: () => new FakePhone().open(browser, 'Lan', limit, `${standIns}/messenger/#Lan`),
  web: () => new WebPage().open(browser, 'web', limit, `${city}/chat`),
};
const codeOf = (text) => text.match(/\b[0-9A-HJKMNP-TV-Z]{3}(?:-[0-9A-HJKMNP-TV-Z]{3}){2}\b/)?.[0] ?? '';

// report is the dialogue. It knows no network.
async function report(p, out) {
  await p.answer(() => p.say('đèn đường hỏng trước số 12 Lạch Tray'), /Sự việc ở chỗ nào/);
  await p.answer(() => p.place('Phường Hồng Bàng'), /lĩnh vực nào/);
  out.summary = await p.answer(() => p.tap('Đèn đường không sáng'), /Gửi phản ánh này chứ/);
  await p.answer(() => p.photo(photo), /Gửi phản ánh này chứ/);
  out.code = codeOf(await p.answer(() => p.tap('Gửi'), /\b\w{3}-\w{3}-\w{3}\b[^]*Danh mục/));
  await p.until(new RegExp(`đã xử lý xong phản ánh ${out.code}`));
}

await Promise.all(Object.entries(networks).map(async ([network, open]) => {
  const out = seen.people[network] = { code: '' };
  let p;
  try {
    p = await open();
    await report(p, out);
  } catch (e) {
    seen.failures.push(`${network}: ${e.message}`);
  }
  out.heard = (await p?.city())?.map((m) => m.text);
  seen.errors.push(...(p?.errors ?? []));
}));
await browser.close();
console.log(JSON.stringify(seen, null, 1));
