// Notifications, in browsers that can, cannot or may not. There is no push service here: subscriptions are made up where one is needed.
import { check, Phone, until } from "./phone.mjs";

// subscriptions gives the page a browser whose push service works. What it holds outlives a reload; ending it is up to window.pushed.
function subscriptions(permission) {
  const key = "test.subscription";
  class Manager {
    getSubscription = async () => (localStorage.getItem(key) ? this.made() : null);
    subscribe = async () => {
      if (window.pushed.fail) throw new DOMException("no", window.pushed.fail);
      localStorage.setItem(key, String(Number(localStorage.getItem(key)) + 1));
      return this.made();
    };
    made = () => ({
      endpoint: `https://push.example/${localStorage.getItem(key)}`, expirationTime: null, options: { applicationServerKey: null },
      toJSON() { return { endpoint: this.endpoint, keys: { p256dh: "a", auth: "b" } }; },
      unsubscribe: async () => { localStorage.removeItem(key); return true; },
    });
  }
  window.pushed = { fail: "", permission: localStorage.getItem("test.permission") || permission, asked: 0 };
  Object.defineProperty(ServiceWorkerRegistration.prototype, "pushManager", { get: () => new Manager() });
  Object.defineProperty(Notification, "permission", { get: () => window.pushed.permission });
  Notification.requestPermission = async () => { window.pushed.asked++; return window.pushed.permission; };
}

const open = async (p) => { await p.page.getByTestId("bell").click(); };
const close = async (p) => { await p.page.keyboard.press("Escape"); await p.page.locator("dialog").waitFor({ state: "detached" }); };
const bell = (p, state) => p.page.locator(`[data-testid=bell][data-state=${state}]`).waitFor();
const session = (city) => [...city.sessions.values()].at(-1);

export const notices = {
  // Explained, asked for, refused, unanswered, on, ended by the browser, renewed, off.
  consent: async ({ browser, city, problems }) => {
    const p = await Phone.of(browser, "consent", problems);
    await p.context.addInitScript(subscriptions, "default");
    const page = await p.open(`${city.url}/chat`), on = page.getByRole("button", { name: "Bật thông báo" });
    await bell(p, "off");
    check(problems, await page.evaluate(() => window.pushed.asked) === 0, "consent: the browser is asked unasked");
    await open(p);
    await page.getByText("Không có quảng cáo").waitFor();
    await p.everyWay("asked");
    await on.click();
    await page.getByText("chọn “Cho phép”").waitFor();
    await page.evaluate(() => { window.pushed.permission = "granted"; window.pushed.fail = "AbortError"; });
    await on.click();
    await page.getByText("Dịch vụ thông báo của trình duyệt chưa trả lời").waitFor();
    await page.evaluate(() => { window.pushed.fail = ""; localStorage.setItem("test.permission", "granted"); });
    await on.click();
    await bell(p, "on");
    check(problems, session(city).push?.endpoint === "https://push.example/1", `consent: the city has ${JSON.stringify(session(city).push)}`);

    await page.evaluate(() => localStorage.removeItem("test.subscription")); // the browser has ended it
    await page.reload();
    await bell(p, "on");
    check(problems, session(city).push?.endpoint === "https://push.example/1" && await page.evaluate(() => localStorage.getItem("test.subscription")) === "1", "consent: what the browser ended was not renewed");
    await page.evaluate(() => { localStorage.removeItem("test.subscription"); localStorage.setItem("test.permission", "default"); });
    await page.reload();
    await bell(p, "lapsed");
    await open(p);
    await page.getByText("đã dừng thông báo của trang này").waitFor();
    await page.evaluate(() => { window.pushed.permission = "granted"; });
    await on.click();
    await bell(p, "on");
    await open(p);
    await page.getByRole("button", { name: "Tắt thông báo" }).click();
    await bell(p, "off");
    check(problems, session(city).push === null, "consent: the city still has the subscription");
    await p.close();
  },

  // Whoever blocked notifications, or cannot have them here, is told why and what to do.
  without: async ({ browser, city, problems }) => {
    const iPhone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1";
    const cases = [
      ["denied", "đang chặn thông báo", {}, [subscriptions, "denied"]],
      ["unsupported", "Trình duyệt này không nhận được thông báo", {}, [() => { delete window.PushManager; }]],
      ["install", "Thêm vào MH chính", { userAgent: iPhone }, [() => { delete window.PushManager; delete window.Notification; }]],
    ];
    for (const [state, words, options, script] of cases) {
      const p = await Phone.of(browser, state, problems, options);
      await p.context.addInitScript(...script);
      const page = await p.open(`${city.url}/chat`);
      await bell(p, state);
      await open(p);
      await page.getByText(words).waitFor();
      check(problems, await page.getByRole("button", { name: "Bật thông báo" }).count() === 0, `${state}: there is a button that can do nothing`);
      await p.looks(state);
      await p.accessible(state);
      await close(p);
      await p.close();
    }
  },

  // The worker shows what a push brings: one notice of each case.
  push: async ({ browser, city, problems }) => {
    const p = await Phone.of(browser, "push", problems, { permissions: ["notifications"], expected: [/./] }), page = await p.open(`${city.url}/chat`);
    await open(p);
    const cdp = await p.context.newCDPSession(page), registered = new Promise((done) => cdp.on("ServiceWorker.workerRegistrationUpdated", (e) => e.registrations[0] && done(e.registrations[0].registrationId)));
    await cdp.send("ServiceWorker.enable");
    await page.getByRole("button", { name: "Bật thông báo" }).click();
    const registrationId = await registered;
    await until(() => page.evaluate(async () => (await navigator.serviceWorker.getRegistration("/chat"))?.active?.state === "activated"));
    const data = JSON.stringify({ id: "n1", title: "Phản ánh của bà con", text: "Đã xử lý xong", link: "/chat", collapse: "case-1" });
    for (let n = 0; n < 2; n++) await cdp.send("ServiceWorker.deliverPushMessage", { origin: city.url, registrationId, data });
    const shown = await until(() => page.evaluate(async () => (await (await navigator.serviceWorker.getRegistration("/chat")).getNotifications()).map((n) => `${n.title}: ${n.body} ${n.tag}`).join("; ")));
    check(problems, shown === "Phản ánh của bà con: Đã xử lý xong case-1", `push: shows ${shown}`);
    await p.close();
  },

  // A device that forgets keeps nothing: no session, no waiting message, no subscription, no notice. Another window of it follows.
  forget: async ({ browser, city, problems }) => {
    const p = await Phone.of(browser, "forget", problems, { expected: [/ERR_INTERNET_DISCONNECTED/] });
    await p.context.addInitScript(subscriptions, "granted");
    const other = await p.open(`${city.url}/chat`), page = await p.open(`${city.url}/chat`);
    check(problems, await page.getByTestId("forget").count() === 0, "forget: there is nothing to forget yet");
    await p.say("chuyện riêng");
    await p.heard("Đã nghe: chuyện riêng");
    await other.locator(".line.bot", { hasText: "chuyện riêng" }).waitFor(); // the other window has learnt of the session
    await open(p);
    await page.getByRole("button", { name: "Bật thông báo" }).click();
    await bell(p, "on");
    await p.context.setOffline(true);
    await p.say("chưa gửi");
    await page.getByTestId("forget").click();
    await p.everyWay("asked");
    await page.getByRole("button", { name: "Giữ lại" }).click();
    check(problems, await p.focused() === "forget" && (await p.lines()).length === 3, "forget: no is taken for yes");
    await page.getByTestId("forget").click();
    await page.getByRole("dialog").getByRole("button", { name: "Xóa khỏi máy này" }).click();
    await page.getByRole("button", { name: "Xem các dịch vụ" }).waitFor();
    await page.getByText("Đã xóa cuộc trò chuyện khỏi máy này.").waitFor({ state: "attached" });
    await page.waitForFunction(() => document.activeElement.dataset.testid === "text");
    await other.bringToFront();
    await other.getByRole("button", { name: "Xem các dịch vụ" }).waitFor();
    await page.bringToFront();
    const left = await page.evaluate(async () => ({
      kept: Object.keys(localStorage).filter((k) => /chat$|read|push|device|subscription/.test(k)),
      worker: Boolean(await navigator.serviceWorker.getRegistration("/chat")),
      waiting: await new Promise((done) => { indexedDB.open("motcua-chat").onsuccess = (e) => { e.target.result.transaction("outbox").objectStore("outbox").count().onsuccess = (c) => done(c.target.result); }; }),
    }));
    check(problems, left.kept.length === 0 && !left.worker && left.waiting === 0, `forget: left are ${JSON.stringify(left)}`);
    await p.context.setOffline(false);
    await p.say("người mới");
    await p.heard("Đã nghe: người mới");
    check(problems, city.sessions.size === 2 && session(city).lines.length === 2, "forget: the new conversation holds the old one");
    await p.close();
  },
};
