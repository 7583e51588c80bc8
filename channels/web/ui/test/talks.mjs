// Conversations on the chat page. Each is one visitor who does something and sees what comes of it.
import { check, patience, Phone, png } from "./phone.mjs";

const offline = [/ERR_INTERNET_DISCONNECTED|ERR_NETWORK_CHANGED|ERR_CONNECTION|ERR_EMPTY_RESPONSE|ERR_INCOMPLETE_CHUNKED|status of 503/];

// once wants every line shown once, in the order of its number, and as the city has it.
async function once(p, city, problems) {
  const lines = await p.lines(), seqs = lines.map((l) => l.seq), ids = lines.map((l) => l.id);
  check(problems, new Set(ids).size === ids.length, `${p.name}: a line is shown twice: ${ids}`);
  check(problems, seqs.every((s, i) => s > (seqs[i - 1] ?? 0)), `${p.name}: out of order: ${seqs}`);
  const token = await p.page.evaluate(() => localStorage.getItem("motcua.chat")), stored = city.sessions.get(token).lines;
  check(problems, stored.map((l) => l.id).join() === ids.join(), `${p.name}: the city has ${stored.map((l) => l.text ?? l.from)}, shown are ${lines.map((l) => l.text || l.from)}`);
}

export const talks = {
  // A conversation from the first word, with every kind of block.
  blocks: async ({ browser, city, problems }) => {
    const p = await Phone.of(browser, "blocks", problems), page = await p.open(`${city.url}/chat`);
    await page.getByRole("button", { name: "Xem các dịch vụ" }).waitFor();
    check(problems, city.sessions.size === 0 || !(await page.evaluate(() => localStorage.getItem("motcua.chat"))), "blocks: a session is made before anything is said");
    await p.everyWay("welcome");
    await page.getByRole("button", { name: "Xem các dịch vụ" }).click();
    await page.getByRole("button", { name: "Tra cứu phản ánh" }).click();
    await p.heard("feedback.track");
    check(problems, await page.getByRole("button", { name: /Tra cứu phản ánh.*đã chọn/ }).isVisible(), "blocks: the choice is not marked");
    await p.say("thẻ");
    await page.locator(".qr svg").waitFor();
    await page.locator(".spot svg").waitFor();
    await p.say("cán bộ");
    await p.heard("chờ một phút");
    check(problems, (await page.locator(".line.staff .who").first().textContent()) === "Cán bộ Lan: ", "blocks: it is not told that an officer speaks");
    check(problems, (await page.locator(".line time").first().textContent()) === new Intl.DateTimeFormat("vi-VN", { hour: "2-digit", minute: "2-digit", timeZone: "Asia/Ho_Chi_Minh" }).format(new Date((await page.locator(".line time").first().getAttribute("datetime")))), "blocks: times are not the city's");
    await p.say("nguy hiểm");
    await p.heard("onerror");
    check(problems, await page.locator('a[href^="javascript"], .said img').count() === 0, "blocks: something of the city's words was taken as markup");
    await p.everyWay("conversation");
    await once(p, city, problems);
    await p.close();
  },

  // Photos are shown at once, sent once, and come back as stored.
  photo: async ({ browser, city, problems }) => {
    const p = await Phone.of(browser, "photo", problems), page = await p.open(`${city.url}/chat`);
    await page.getByTestId("photo").setInputFiles([1, 2].map((n) => ({ name: `${n}.png`, mimeType: "image/png", buffer: png })));
    await page.locator(".strip li").nth(1).waitFor();
    await page.getByTestId("photo").setInputFiles({ name: "a.pdf", mimeType: "application/pdf", buffer: png });
    await page.getByText("a.pdf không phải ảnh").waitFor();
    await p.looks("files");
    await p.accessible("files");
    await page.getByRole("button", { name: "Bỏ tệp 2.png" }).click();
    await p.say("đèn hỏng");
    await p.heard("Đã nhận 1 tệp");
    await p.said(1);
    await page.waitForFunction(() => [...document.querySelectorAll(".line.you img")].some((i) => i.naturalWidth > 0 && i.src.includes("/uploaded/")));
    await once(p, city, problems);
    await p.close();
  },

  // A place: from the phone, from the map by keyboard, from the list, and as an address.
  place: async ({ browser, city, problems }) => {
    const p = await Phone.of(browser, "place", problems, { geolocation: { latitude: 20.8449, longitude: 106.6881 }, permissions: ["geolocation"] });
    const page = await p.open(`${city.url}/chat`), send = page.getByRole("button", { name: "Gửi vị trí này" });
    await page.getByTestId("place").click();
    await page.locator(".map path").first().waitFor();
    await p.accessible("map");
    await p.looks("map");
    await page.getByRole("button", { name: "Dùng vị trí hiện tại" }).click();
    await page.getByText("Ghim ở Phường").waitFor();
    await send.click();
    await p.heard("Đã nhận vị trí");
    await page.getByTestId("place").click();
    await page.locator("svg.map[tabindex]").waitFor();
    await page.locator("svg.map[tabindex]").focus();
    for (const key of ["+", "ArrowLeft", "ArrowUp", "Enter"]) await page.keyboard.press(key);
    await send.click();
    await p.said(2);
    await page.waitForFunction(() => document.querySelectorAll(".line.you .spot svg").length === 2);
    await page.waitForTimeout(300); // pictures make lines taller after they have come
    check(problems, await page.$eval(".log", (l) => l.scrollHeight > l.clientHeight && l.scrollHeight - l.scrollTop - l.clientHeight < 2), "place: the end of the conversation is out of sight after a map");
    check(problems, await page.locator(".unread, .newest").count() === 0, "place: what is before the visitor's eyes counts as unread");
    await page.getByTestId("place").click();
    await page.getByLabel("Phường, xã").selectOption({ label: "Phường Hồng Bàng" });
    await page.getByText("Ghim ở Phường Hồng Bàng").waitFor();
    await page.keyboard.press("Escape");
    check(problems, await page.evaluate(() => document.activeElement.dataset.testid) === "place", "place: the focus is lost after the dialog");
    await page.getByTestId("place").click();
    await page.getByLabel("Hoặc ghi địa chỉ").fill("12 Lạch Tray");
    await page.getByRole("button", { name: "Gửi địa chỉ" }).click();
    await p.heard("Đã nghe: 12 Lạch Tray");
    await once(p, city, problems);
    await p.close();
  },

  // The network goes three times: by the phone, in the middle of streams and answers, and on the city's side.
  cuts: async ({ browser, city, problems }) => {
    const p = await Phone.of(browser, "cuts", problems, { expected: offline }), page = await p.open(`${city.url}/chat`);
    await p.say("một");
    await p.heard("Đã nghe: một");

    await p.context.setOffline(true);
    await page.getByText("Mất mạng").waitFor();
    for (const text of ["hai", "ba", "bốn"]) await p.say(text);
    await page.getByTestId("photo").setInputFiles({ name: "a.png", mimeType: "image/png", buffer: png });
    await p.say("năm");
    await page.waitForFunction(() => document.querySelectorAll(".line[data-state=sending]").length === 4);
    await p.looks("offline");
    await p.accessible("offline");
    await p.context.setOffline(false);
    await p.heard("Đã nhận 1 tệp");

    city.deaf = 1;
    await p.say("sáu");
    city.cut();
    await p.say("bảy");
    await p.heard("Đã nghe: bảy");

    city.down = true;
    city.cut();
    await p.say("tám");
    await page.waitForFunction(() => document.querySelector("[data-link=connecting]"));
    city.down = false;
    await p.heard("Đã nghe: tám");
    await p.said(8);
    const mine = (await p.lines()).filter((l) => l.from === "you").map((l) => l.text);
    check(problems, mine.join() === "một,hai,ba,bốn,năm,sáu,bảy,tám", `cuts: said ${mine}`);
    check(problems, city.received.length > new Set(city.received).size, "cuts: nothing was sent twice: the cut tested nothing");
    await once(p, city, problems);
    await p.close();
  },

  // What waits when the page is closed is sent when it is opened again, and nothing comes twice.
  reload: async ({ browser, city, problems }) => {
    const p = await Phone.of(browser, "reload", problems, { expected: offline }), page = await p.open(`${city.url}/chat?ref=feedback.submit`);
    await p.heard("Bắt đầu việc feedback.submit");
    check(problems, !page.url().includes("ref="), "reload: the reference stays in the address");
    await p.context.setOffline(true);
    await p.say("để dành");
    await page.waitForFunction(() => document.querySelector(".line[data-state=sending]"));
    await page.close();
    await p.context.setOffline(false);
    await p.open(`${city.url}/chat`);
    await p.heard("Đã nghe: để dành");
    await once(p, city, problems);
    await p.close();
  },

  // What the city refuses can be sent again or discarded; what it has no time for goes by itself.
  refused: async ({ browser, city, problems }) => {
    const p = await Phone.of(browser, "refused", problems, { expected: [/status of 4(00|29|01)/] }), page = await p.open(`${city.url}/chat`);
    await p.say("quá dài");
    await page.getByText("Chưa gửi được: Tin này dài quá.").waitFor();
    await p.accessible("refused");
    await p.looks("refused");
    await page.getByRole("button", { name: "Bỏ tin này" }).click();
    city.limit = 1;
    await p.say("chen hàng");
    await p.heard("Đã nghe: chen hàng");
    city.sessions.clear(); // the city forgets everybody
    await p.say("phiên mới");
    await p.heard("Đã nghe: phiên mới");
    await once(p, city, problems);
    await p.close();
  },

  // Older lines come on scrolling up; what is new below is told.
  older: async ({ browser, city, problems }) => {
    const p = await Phone.of(browser, "older", problems);
    city.history = 100;
    const page = await p.open(`${city.url}/chat`);
    await p.say("mới");
    await p.heard("Đã nghe: mới");
    city.history = 0;
    await page.reload();
    await p.heard("Đã nghe: mới");
    check(problems, (await p.lines()).length === 40, `older: ${(await p.lines()).length} lines at first`);
    for (let n = 0; n < 2; n++) {
      const before = (await p.lines()).length;
      await page.locator(".log").evaluate((l) => { l.scrollTop = 0; });
      await page.waitForFunction((n) => document.querySelectorAll(".line").length > n, before);
      check(problems, await page.locator(".log").evaluate((l) => l.scrollTop > 100), "older: the view jumps");
    }
    await page.locator(".older").waitFor({ state: "detached" });
    await once(p, city, problems);
    await page.locator(".log").evaluate((l) => { l.scrollTop = l.scrollHeight / 2; });
    const token = await page.evaluate(() => localStorage.getItem("motcua.chat"));
    city.say(city.sessions.get(token), { id: "late", from: "bot", text: "đến sau" });
    await page.getByRole("button", { name: "1 tin mới" }).click();
    await page.getByText("Tin chưa đọc").waitFor();
    check(problems, await page.title() === "Trò chuyện · Thành phố Hải Phòng", `older: the title is ${await page.title()}`);
    await p.close();
  },

  // English, large letters, a narrow page, dark colours.
  looks: async ({ browser, city, problems }) => {
    const p = await Phone.of(browser, "looks", problems, { viewport: { width: 320, height: 640 }, colorScheme: "dark", reducedMotion: "reduce" }), page = await p.open(`${city.url}/chat`);
    await p.say("thẻ");
    await page.locator(".spot svg").waitFor();
    await page.getByTestId("lang").click();
    await p.heard("Đã nghe: English");
    check(problems, await page.evaluate(() => document.documentElement.lang) === "en", "looks: the page does not say that it is English");
    await p.say("cán bộ");
    await p.heard("Tôi là Lan");
    await p.say("danh mục");
    await page.getByRole("button", { name: "Đặt lịch hẹn" }).waitFor();
    await p.looks("at 320 px");
    await p.accessible("dark");
    await page.evaluate(() => { document.documentElement.style.fontSize = "200%"; });
    await p.looks("with letters of double size");
    await page.getByTestId("place").click();
    await page.locator(".map path").first().waitFor();
    await p.looks("map with letters of double size");
    await p.accessible("dark map");
    await p.close();
  },

  // Everything can be done without a pointer, in the order in which it stands; what is said is announced.
  keyboard: async ({ browser, city, problems }) => {
    const p = await Phone.of(browser, "keyboard", problems, { hasTouch: false }), page = await p.open(`${city.url}/chat`);
    const press = async (key, n = 1) => { for (; n > 0; n--) await page.keyboard.press(key); };
    await page.getByTestId("bell").waitFor();
    await page.locator(".skip").focus();
    const order = [];
    for (let n = 0; n < 9; n++) {
      if (n > 0) await press("Tab");
      order.push(await p.focused());
      const seen = await page.evaluate(() => { const e = document.activeElement, s = getComputedStyle(e.closest("label") ?? e); return s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2; });
      check(problems, seen, `keyboard: the focus cannot be seen on ${order.at(-1)}`);
    }
    check(problems, order.join() === "Đến ô nhập tin nhắn,lang,bell,Cuộc trò chuyện,Xem các dịch vụ,Trợ giúp,photo,place,text", `keyboard: the order is ${order}`);
    await page.evaluate(() => { // what is put into a live region, as a screen reader hears of it
      window.announced = [];
      new MutationObserver((all) => {
        for (const m of all) for (const n of m.addedNodes) if (m.target.parentElement?.closest("[aria-live=polite], [role=status], [role=alert]") ?? m.target.matches?.("[aria-live=polite]")) window.announced.push(n.textContent);
      }).observe(document.body, { childList: true, subtree: true });
    });
    await page.keyboard.type("danh mục");
    await press("Enter");
    await page.getByRole("button", { name: "Đặt lịch hẹn" }).waitFor();
    check(problems, (await page.evaluate(() => window.announced)).some((t) => t.startsWith("Trợ lý: Bà con cần việc gì ạ?")), "keyboard: the answer is not announced with who speaks");
    check(problems, await p.focused() === "text", "keyboard: the focus does not stay with what is written");
    while (await p.focused() !== "Đặt lịch hẹn") await press("Shift+Tab");
    await press("Enter");
    await p.heard("desk.book");
    await page.getByTestId("place").focus();
    await press("Enter");
    await page.locator("dialog .map path").first().waitFor();
    const inside = [];
    for (let n = 0; n < 12; n++) { await press("Tab"); inside.push(await page.evaluate(() => document.activeElement === document.body || Boolean(document.activeElement.closest("dialog")))); }
    check(problems, inside.every(Boolean), "keyboard: the focus leaves the open dialog");
    await press("Escape");
    check(problems, await p.focused() === "place", "keyboard: the focus does not come back from the dialog");
    await p.close();
  },

  // The city's name is read whole on the smallest phones, and the head leaves the room to the talk.
  heading: async ({ browser, city, problems }) => {
    for (const width of [320, 360]) {
      for (const lang of ["vi", "en"]) {
        const p = await Phone.of(browser, "heading", problems, { viewport: { width, height: 740 } }), page = await p.open(`${city.url}/chat?lang=${lang}`);
        await page.getByRole("heading", { name: lang === "vi" ? "Thành phố Hải Phòng" : "Hai Phong City" }).waitFor();
        await p.say("xin chào"); // who has talked sees every button beside the name
        await page.locator(".head .tool").nth(2).waitFor();
        const seen = await page.evaluate(() => {
          const cut = [...document.querySelectorAll("h1, .status")].filter((e) => e.scrollWidth > e.clientWidth).map((e) => e.textContent);
          return { cut, height: document.querySelector(".head").offsetHeight };
        });
        check(problems, seen.cut.length === 0 && seen.height <= 64, `heading: at ${width} px in ${lang} ${seen.height} px high, cut: ${seen.cut}`);
        await p.close();
      }
    }
  },

  // On another site the chat opens from a button and gives the focus back.
  widget: async ({ browser, city, elsewhere, problems }) => {
    const p = await Phone.of(browser, "widget", problems), page = await p.context.newPage();
    page.setDefaultTimeout(patience);
    page.on("console", (m) => m.type() === "error" && p.problem(m.text()));
    await page.goto(`${elsewhere.url}/elsewhere?city=${city.url}`);
    const button = page.locator("motcua-chat button.launch");
    await button.waitFor();
    p.page = page;
    await p.accessible("closed");
    await button.click();
    const frame = page.frameLocator("motcua-chat iframe"), text = frame.getByTestId("text");
    await text.fill("chậm");
    await text.press("Enter");
    await frame.locator(".line.you[data-seq]").waitFor();
    await p.accessible("open");
    await p.accessible("in the frame", page.frames().find((f) => f.url().includes("embed=1")));
    await text.press("Escape");
    await page.locator("motcua-chat iframe").waitFor({ state: "hidden" });
    check(problems, await page.evaluate(() => document.activeElement.tagName) === "MOTCUA-CHAT", "widget: the focus does not come back");
    await page.waitForFunction(() => document.querySelector("motcua-chat").shadowRoot.querySelector(".badge:not([hidden])")?.textContent === "1");
    check(problems, (await button.getAttribute("aria-label")).includes("1 tin chưa đọc"), "widget: the badge has no words");
    await button.click();
    await frame.locator(".line.bot").waitFor();
    await page.waitForFunction(() => document.querySelector("motcua-chat").shadowRoot.querySelector(".badge").hidden);
    await p.close();
  },

  // A site that may not show the chat says so, and never holds the visitor: not while it is being opened, not when that has failed.
  stranger: async ({ browser, city, elsewhere, problems }) => {
    city.alone = true;
    const p = await Phone.of(browser, "stranger", problems), page = p.page = await p.context.newPage();
    page.setDefaultTimeout(patience);
    page.on("pageerror", (e) => p.problem(e.message));
    await page.goto(`${elsewhere.url}/elsewhere?city=${city.url}`);
    const launch = page.locator("motcua-chat button.launch"), dialog = page.getByRole("dialog"), shut = dialog.getByRole("button", { name: "Đóng khung trò chuyện" });
    const focused = () => page.evaluate(() => document.activeElement.shadowRoot?.activeElement?.className);
    await launch.tap();
    check(problems, await focused() === "shut", "stranger: what closes the box does not have the focus");
    await dialog.getByText("Đang mở").waitFor();
    await p.accessible("opening");
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "hidden" });
    await page.waitForFunction(() => document.activeElement.shadowRoot?.activeElement?.className === "launch");
    await launch.tap();
    await shut.tap();
    await dialog.waitFor({ state: "hidden" });
    await launch.tap();
    const link = dialog.getByRole("link", { name: "Mở trong thẻ mới" });
    await link.waitFor();
    check(problems, await page.locator("motcua-chat iframe").count() === 0, "stranger: a dead frame stays");
    check(problems, await focused() === "shut", "stranger: the focus is lost when the frame goes");
    await p.accessible("refused");
    for (let n = 0; n < 4; n++) {
      await page.keyboard.press("Tab");
      check(problems, ["shut", "tab", undefined].includes(await focused()), "stranger: what the box covers has the focus");
      check(problems, await page.evaluate(() => ["MOTCUA-CHAT", "BODY"].includes(document.activeElement.tagName)), "stranger: the site under the box has the focus");
    }
    const [tab] = await Promise.all([p.context.waitForEvent("page"), link.tap()]);
    await tab.getByTestId("text").waitFor();
    check(problems, new URL(tab.url()).pathname === "/chat" && !tab.url().includes("embed"), `stranger: the link leads to ${tab.url()}`);
    await page.bringToFront();
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "hidden" });
    city.alone = false; // the city has listed the site meanwhile
    await launch.tap();
    await page.frameLocator("motcua-chat iframe").getByTestId("text").fill("xin chào");
    check(problems, !(await shut.isVisible()), "stranger: two buttons close the box");
    await p.close();
  },
};
