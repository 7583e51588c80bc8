// What the phone has to know of Messenger.
import { act, control } from "./city.js";

const profile = async () => (await control("GET", "pages"))[0]?.profile ?? {};
const ofLocale = (list) => (list ?? []).find((x) => x.locale === "vi_VN") ?? (list ?? []).find((x) => x.locale === "default") ?? {};
const hold = (owner) => (user) => control("POST", "thread", { user, owner });

export default {
  name: "Messenger",
  line: "Trang Facebook",
  notes: { open: "Đã bắt đầu trò chuyện", optin: "Đã chạm “Gửi đến Messenger” trên trang web", linked: "Đã liên kết tài khoản", unlinked: "Đã hủy liên kết", block: "Đã chặn trang" },
  detailed: ["open", "optin"], // whose text says by which link the person came

  address({ type, payload }) {
    switch (type) {
      case "web_url": case "account_link": return payload.url;
      case "phone_number": return `tel:${payload}`;
      default: return "";
    }
  },

  // welcome is what the page shows to somebody who has not begun.
  async welcome() {
    const { greeting, ice_breakers } = await profile();
    const questions = (ofLocale(ice_breakers).call_to_actions ?? []).map((q) => ({ title: q.question, act: "menu", body: { title: q.question, payload: q.payload } }));
    return { greeting: ofLocale(greeting).text ?? "Chạm để bắt đầu trò chuyện với thành phố.", offers: [{ title: "Bắt đầu", act: "open", body: {} }, ...questions] };
  },

  async menu() {
    const { persistent_menu } = await profile();
    return (ofLocale(persistent_menu).call_to_actions ?? []).map((a) =>
      a.type === "web_url" ? { title: a.title, href: a.url } : { title: a.title, act: "menu", body: { title: a.title, payload: a.payload } });
  },

  switches: [
    ["outage", "Mất kết nối", "API của mạng trả lời 503", (on) => ({ outage: on ? "refuse" : "" }), (f) => f.outage === "refuse"],
    ["hang", "Không trả lời", "API nhận yêu cầu rồi im lặng", (on) => ({ outage: on ? "hang" : "" }), (f) => f.outage === "hang"],
    ["slow", "Chậm", "Mỗi yêu cầu chờ 3 giây", (on) => ({ slow_ms: on ? 3000 : 0 }), (f) => f.slow_ms > 0],
    ["rate", "Quá nhiều yêu cầu", "Trả lời 613 cho mọi tin gửi", (on) => ({ rate_limited: on }), (f) => f.rate_limited],
    ["lose", "Mất câu trả lời", "Tin đã gửi, nhưng kết nối đứt trước khi trả lời", (on) => ({ lose_sends: on ? -1 : 0 }), (f) => f.lose_sends !== 0],
    ["revoked", "Token bị thu hồi", "Trả lời 190 cho đến khi tắt", (on) => ({ access_revoked: on }), (f) => f.access_revoked],
    ["duplicate", "Gửi trùng", "Mỗi sự kiện được gửi hai lần", (on) => ({ duplicate: on ? 2 : 0 }), (f) => f.duplicate > 1],
    ["reorder", "Đảo thứ tự", "Sự kiện sau đến trước", (on) => ({ reorder: on }), (f) => f.reorder],
    ["batch", "Gửi gộp", "Ba sự kiện trong một yêu cầu", (on) => ({ batch: on ? 3 : 0 }), (f) => f.batch > 1],
    ["clock", "Đồng hồ +25 giờ", "Cửa sổ trả lời tự do đã đóng", (on) => ({ clock_offset_s: on ? 90000 : 0 }), (f) => f.clock_offset_s > 0],
  ],

  acts: [
    ["open", "Bắt đầu"], ["block", "Chặn trang"], ["optin", "Đăng ký từ trang web", (user) => act(user, "optin", { ref: "dang-ky-web" })],
    ["gif", "Ảnh động"], ["video", "Video"], ["file", "Tệp PDF"], ["link", "Đường dẫn"], ["react", "Thả tim"], ["unreact", "Bỏ tim"], ["seen", "Đọc tin"],
    ["inbox", "Cán bộ giữ hội thoại", hold("inbox")], ["city", "Trả cho máy", hold("city")],
  ],
  forms: [["referral", "Mở bằng đường dẫn m.me?ref=", "ref", "feedback.send"], ["edit", "Sửa tin vừa gửi", "text", "Lời mới"]],

  rows: [
    ["Sự kiện", (s) => s.webhooks.events], ["Đã nhận", (s) => s.webhooks.acked], ["Đang chờ", (s) => s.webhooks.pending], ["Gửi lại", (s) => s.webhooks.retried],
    ["Gửi trùng", (s) => s.webhooks.duplicates], ["Bỏ cuộc", (s) => s.webhooks.given_up], ["Trả lời trong (p99)", (s) => `${Math.round(s.ack_ms.p99)} ms`],
    ["Tin của thành phố", (s) => s.sends.ok], ["Tin theo mẫu, có phí", (s) => s.sends.charged], ["Bị từ chối", (s) => s.sends.refused], ["Tin lặp lại", (s) => s.doubles],
  ],
};
