// The pages behind signed links.
import { check, Phone, png } from "./phone.mjs";

async function signIn(p, page) {
  await page.getByLabel("Số điện thoại").fill("0912 345 678");
  await page.getByRole("button", { name: "Gửi mã cho tôi" }).click();
  await page.getByLabel("Mã gồm 6 chữ số").fill("111111");
  await p.everyWay("code");
  await page.getByRole("button", { name: "Đăng nhập" }).click();
  await page.getByText("Mã chưa đúng.").waitFor();
  await page.getByLabel("Mã gồm 6 chữ số").fill("123456");
  await page.getByRole("button", { name: "Đăng nhập" }).click();
  await page.getByText("Đang đăng nhập: 091•••678").waitFor();
}

const named = (city, name) => city.graphql.calls.filter((c) => c.name === name);

export const signed = {
  // Nothing happens before the visitor says that it was they who asked.
  link: async ({ browser, city, problems }) => {
    const p = await Phone.of(browser, "link", problems), page = await p.open(`${city.url}/chat/link/other`);
    await page.getByRole("heading", { name: "Chỉ đi tiếp nếu" }).waitFor();
    check(problems, city.graphql.calls.length === 0, "link: something was asked before the warning");
    await p.everyWay("warning");
    await page.getByRole("button", { name: "Chính tôi đã yêu cầu" }).click();
    await signIn(p, page);
    await page.getByText("7K3M-9QXD").waitFor(); // without being asked the same once more
    check(problems, await page.getByText("Zalo", { exact: true }).isVisible() && await page.getByText("một khung chat Zalo khác").isVisible(), "link: it is not told which chat it is");
    await p.everyWay("code for the chat");
    await page.reload();
    await page.getByRole("button", { name: "Chính tôi đã yêu cầu" }).click();
    await page.getByText("Đang đăng nhập: 091•••678").waitFor(); // the tab remembers
    const kept = await page.evaluate(() => JSON.stringify([Object.entries(localStorage), Object.entries(sessionStorage)]));
    check(problems, !kept.includes('"access"') && kept.includes('"refresh"'), `link: kept ${kept}`);
    await p.close();
  },

  // What has ended is told before anybody is asked for their phone.
  ended: async ({ browser, city, problems }) => {
    const p = await Phone.of(browser, "ended", problems), page = await p.open(`${city.url}/chat/link/over`);
    for (const path of ["link", "form"]) {
      await page.goto(`${city.url}/chat/${path}/over`);
      await page.getByText("Đường liên kết này đã hết hạn.").waitFor();
      check(problems, await page.getByLabel("Số điện thoại").count() === 0 && await page.getByRole("button", { name: "Chính tôi đã yêu cầu" }).count() === 0, `ended, ${path}: more is asked`);
    }
    check(problems, city.graphql.calls.length === 0, "ended: the gateway was asked");
    await p.everyWay("ended");
    await p.close();
  },

  // A half-filled form: what is wrong stands beside its field, from the page and from the city.
  form: async ({ browser, city, problems }) => {
    const p = await Phone.of(browser, "form", problems), page = await p.open(`${city.url}/chat/form/abc`);
    await signIn(p, page);
    const submit = page.getByRole("button", { name: "Gửi", exact: true });
    check(problems, await page.getByLabel("Họ tên").inputValue() === "Nguyễn Thị Mai" && await page.getByLabel("Căn cước", { exact: true }).isChecked(), "form: what the chat gave is not filled in");
    await page.waitForFunction(() => document.querySelector("#field-room").selectedOptions[0].textContent === "Phòng 3"); // it stands on a later page
    await page.getByLabel("Phòng").selectOption("");
    await submit.click();
    await page.getByText("Bà con xem lại giúp 3 chỗ:").waitFor();
    await p.everyWay("wrong");
    await page.getByRole("button", { name: /^Số điện thoại:/ }).click();
    check(problems, await page.evaluate(() => document.activeElement.id) === "field-contact-phone", "form: what is wrong does not lead to its field");
    await page.keyboard.type("0912345678");
    await page.getByLabel("Ngày hẹn").fill("2026-03-05");
    await page.getByLabel("Phòng").selectOption("b");
    await page.getByLabel("Số người").fill("9");
    await page.getByLabel("Số căn cước").fill("012345678901");
    check(problems, await page.getByLabel("Số căn cước").getAttribute("type") === "password", "form: what is sensitive stands there for all to read");
    await page.getByRole("group", { name: "Đến sớm" }).getByLabel("Không", { exact: true }).check();
    await page.getByRole("button", { name: "Chọn trên bản đồ" }).click();
    await page.getByLabel("Phường, xã").selectOption({ label: "Phường Hồng Bàng" });
    await page.getByRole("button", { name: "Dùng vị trí này" }).click();
    await page.locator('[data-path="photos"] input[type=file]').setInputFiles({ name: "a.png", mimeType: "image/png", buffer: png });
    await page.locator('[data-path="photos"] .strip img').waitFor();
    await page.locator('[data-path="guests"] button').click();
    await page.getByRole("textbox", { name: "Mục 1" }).fill("An");
    await page.getByLabel("Ghi chú").fill("sai");
    await submit.click();
    await page.getByText("Không được quá 5.").first().waitFor();
    await page.getByLabel("Số người").fill("2");
    await submit.click();
    await page.locator("#field-note-wrong", { hasText: "Ghi chú này chưa được." }).waitFor();
    await p.accessible("refused");
    await page.getByLabel("Ghi chú").fill("");
    await submit.click();
    await page.getByText("Lịch hẹn L-12").waitFor();
    await p.accessible("done");
    check(problems, named(city, "formOptions").every((c) => c.variables.field === "/room" && c.variables.appId === "desk" && c.variables.actionId === "book"), "form: choices are asked for wrongly");
    const sent = named(city, "submitDraft"), last = sent.at(-1);
    const { place, ...rest } = last.variables.input.input;
    check(problems, JSON.stringify(rest) === JSON.stringify({ service: "id", day: "2026-03-05", room: "b", people: 2, contact: { name: "Nguyễn Thị Mai", phone: "0912345678" }, idNumber: "012345678901", early: false, photos: ["media-1"], guests: ["An"], lang: "vi" }), `form: sent ${JSON.stringify(rest)}`);
    check(problems, typeof place?.lat === "number" && last.signed && sent.length === 2 && sent[0].variables.input.idempotencyKey !== last.variables.input.idempotencyKey, "form: sent wrongly");
    await p.close();
  },

  // A link that is over says why: another's, used, or sent.
  gone: async ({ browser, city, problems }) => {
    for (const [token, words] of [["old", "đã hết hạn hoặc đã dùng"], ["theirs", "thuộc tài khoản khác"], ["sent", "đã được gửi rồi"]]) {
      const p = await Phone.of(browser, token, problems), page = await p.open(`${city.url}/chat/form/${token}`);
      await signIn(p, page);
      await page.getByText(words).waitFor();
      check(problems, await page.getByRole("button", { name: "Thử lại" }).count() === 0 && await page.getByRole("link", { name: "Đến trang trò chuyện" }).isVisible(), `gone, ${token}: trying again is of no use`);
      await p.everyWay("gone");
      await p.close();
    }
  },
};
