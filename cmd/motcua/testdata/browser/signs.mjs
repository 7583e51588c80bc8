// Looks at street signs as people do.
// Usage: node signs.mjs shoot <a plate's SVG> <folder> <JSON: [{name, pixel, turn, slant, blur, faded}]>: takes a picture <name>.png for each, as a camera would.
//        node signs.mjs visit <address in the QR code> <a photo> <milliseconds for one answer>: opens the page on a phone that runs no scripts, reports what is
//        wrong there and taps that the plate is broken, and prints what it saw as one JSON object.
import { readFileSync } from 'node:fs';
import { launch } from './drivers.mjs';

const [mode, ...args] = process.argv.slice(2);
const browser = await launch();

// shoot draws the plate as large as it is printed, where a pixel of the camera takes in so many millimetres of it, before a grey wall. Degrees turn it around
// the line of sight and slant it sideways; the blur is in pixels; faded is the share of contrast that sun and dust took.
async function shoot(file, folder, views) {
  const svg = readFileSync(file, 'utf8'), [, width, height] = svg.match(/<svg[^>]* width="([\d.]+)mm" height="([\d.]+)mm"/).map(Number);
  const page = await browser.newPage();
  for (const { name, pixel, turn = 0, slant = 0, blur = 0, faded = 0 } of JSON.parse(views)) {
    const side = Math.ceil(Math.hypot(width, height) / pixel) + 8, far = 3 * side;
    await page.setViewportSize({ width: side, height: side });
    await page.setContent(`<style>html, body { margin: 0; height: 100%; overflow: hidden; background: #999 }
      body { display: grid; place-items: center; perspective: ${far}px }
      img { width: ${width / pixel}px; height: ${height / pixel}px; transform: rotate(${turn}deg) rotateY(${slant}deg); filter: contrast(${1 - faded}) blur(${blur}px) }
      </style><img src="data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}">`);
    await page.evaluate(() => document.images[0].decode());
    await page.screenshot({ path: `${folder}/${name}.png` });
  }
}

// Phone is a small one with a browser that runs no scripts. Whatever it loads is weighed, and what it complains of is wrong.
class Phone {
  errors = [];
  loads = []; // {url, method, status, bytes, carried} of all that was asked for since the page was opened

  async on(locale, patience) {
    this.context = await browser.newContext({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true, javaScriptEnabled: false, locale });
    this.page = await this.context.newPage();
    this.page.setDefaultTimeout(patience);
    this.page.on('console', (m) => this.errors.push(`${locale}: the browser says ${m.type()}: ${m.text()} ${m.location().url}`));
    this.page.on('pageerror', (e) => this.errors.push(`${locale}: ${e.message}`));
    this.page.on('requestfailed', (r) => this.errors.push(`${locale}: ${r.url()}: ${r.failure().errorText}`));
    this.page.on('request', (r) => this.loads.push({ url: r.url(), method: r.method(), request: r }));
    return this;
  }

  // open goes to an address, and gives all that can be seen of the page.
  async open(address) {
    this.loads = [];
    const answer = await this.page.goto(address);
    for (const at of [0, 0.25, 0.5, 0.75, 1]) { // what is loaded lazily is loaded
      await this.page.evaluate((at) => window.scrollTo(0, at * document.body.scrollHeight), at);
      await this.page.waitForLoadState('networkidle');
    }
    const loads = await Promise.all(this.loads.filter(({ request }) => !request.failure()).map(async ({ url, method, request }) => {
      const got = await request.response(), sizes = await request.sizes();
      return { url, method, status: got.status(), bytes: (await got.body()).length, carried: sizes.responseBodySize + sizes.responseHeadersSize };
    }));
    return { ...await this.look(), status: answer.status(), policy: answer.headers()['content-security-policy'], loads };
  }

  // look gives what a page shows.
  async look() {
    const { page } = this;
    return {
      address: page.url(), lang: await page.getAttribute('html', 'lang'), text: await page.innerText('body'),
      wide: await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth),
      links: await page.$$eval('a[href]', (all) => all.map((a) => ({ text: a.innerText.trim(), href: a.href }))),
    };
  }

  // press takes a link or button and gives the page that comes.
  async press(role, name) {
    await Promise.all([this.page.waitForNavigation(), this.page.getByRole(role, { name }).first().tap()]);
    return this.look();
  }

  // goBack goes back by the browser's own button and gives the page that comes.
  async goBack() {
    await this.page.goBack();
    return this.look();
  }

  // again loads the page once more, and gives how.
  async again() {
    this.loads = [];
    await this.page.reload();
    return { ...await this.look(), methods: this.loads.filter((l) => l.request.isNavigationRequest()).map((l) => l.method) };
  }
}

async function visit(address, photo, patience) {
  const seen = { failure: '', errors: [] }, mai = await new Phone().on('vi-VN', Number(patience)), guest = await new Phone().on('en-GB', Number(patience));
  try {
    seen.english = await guest.open(address);
    seen.englishForm = await guest.press('link', 'Send a report');
    seen.page = await mai.open(address);
    seen.form = await mai.press('link', 'Gửi phản ánh');
    await mai.page.getByLabel('Nội dung').fill('Đèn đường ở góc này không sáng, tối om');
    await mai.page.getByLabel('Lĩnh vực').selectOption('street-light-out');
    await mai.page.getByLabel('Ảnh', { exact: false }).first().setInputFiles(photo);
    seen.asked = await mai.press('button', 'Tiếp tục');
    seen.sent = await mai.press('button', 'Gửi');
    seen.sentAgain = await mai.again();
    seen.askedAgain = await mai.goBack();
    seen.sentFromQuestion = await mai.press('button', 'Gửi');
    await mai.goBack();
    seen.formAgain = await mai.goBack();
    seen.filled = [await mai.page.getByLabel('Nội dung').inputValue(), await mai.page.getByLabel('Lĩnh vực').inputValue(), await mai.page.getByLabel('Ảnh', { exact: false }).first().inputValue()];
    await mai.press('button', 'Tiếp tục');
    seen.sentFromForm = await mai.press('button', 'Gửi');
    seen.back = await mai.press('link', 'Quay lại');
    seen.tapped = await mai.press('button', 'Biển bị hỏng');
    seen.tappedAgain = await mai.again();
  } catch (e) {
    seen.failure = `${e.message}\n${await mai.page.innerText('main').catch(() => '')}`;
  }
  seen.errors.push(...mai.errors, ...guest.errors);
  return seen;
}

try {
  console.log(JSON.stringify(mode === 'shoot' ? await shoot(...args) ?? {} : await visit(...args)));
} finally {
  await browser.close();
}
