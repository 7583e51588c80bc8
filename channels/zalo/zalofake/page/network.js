// What the phone has to know of Zalo.
import { control } from "./city.js";

// Of a person's number: whether anybody with Zalo has it.
const line = (no_zalo) => (user) => control("POST", `users/${encodeURIComponent(user)}/line`, { no_zalo });

export default {
  name: "Zalo",
  line: "Tài khoản chính thức",
  notes: {
    follow: "Đã quan tâm tài khoản", unfollow: "Đã bỏ quan tâm", open: "Đã mở khung chat", withdraw: "Đã yêu cầu xóa dữ liệu cá nhân", info: "Đã chia sẻ thông tin",
  },
  detailed: [],

  address({ type, payload }) {
    switch (type) {
      case "oa.open.url": return payload.url;
      case "oa.open.phone": return `tel:+${payload.phone_code}`;
      case "oa.open.sms": return `sms:+${payload.phone_code}?body=${encodeURIComponent(payload.content ?? "")}`;
      default: return "";
    }
  },

  switches: [
    ["outage", "Mất kết nối", "API của mạng trả lời 503", (on) => ({ outage: on ? "refuse" : "" }), (f) => f.outage !== ""],
    ["zns", "Mất tin theo mẫu 10 phút", "API gửi đến số điện thoại trả lời 503", (on) => ({ outage_business: on ? "refuse" : "", outage_s: on ? 600 : 0 }), (f) => f.outage_business !== ""],
    ["graph", "Mất Mini App 10 phút", "API đăng nhập Mini App trả lời 503", (on) => ({ outage_graph: on ? "refuse" : "", outage_s: on ? 600 : 0 }), (f) => f.outage_graph !== ""],
    ["slow", "Chậm", "Mỗi yêu cầu chờ 3 giây", (on) => ({ slow_ms: on ? 3000 : 0 }), (f) => f.slow_ms > 0],
    ["rate", "Quá nhiều yêu cầu", "Trả lời −32 cho mọi tin gửi", (on) => ({ error: on ? -32 : 0, error_times: on ? -1 : 0 }), (f) => f.error === -32],
    ["lose", "Mất câu trả lời", "Tin đã gửi, nhưng kết nối đứt trước khi trả lời", (on) => ({ lose_sends: on ? -1 : 0 }), (f) => f.lose_sends !== 0],
    ["revoked", "Token bị thu hồi", "Trả lời −216 cho đến khi làm mới", (on) => ({ access_revoked: on }), (f) => f.access_revoked],
    ["duplicate", "Gửi trùng", "Mỗi sự kiện được gửi hai lần", (on) => ({ duplicate: on ? 2 : 0 }), (f) => f.duplicate > 1],
    ["reorder", "Đảo thứ tự", "Sự kiện sau đến trước", (on) => ({ reorder: on }), (f) => f.reorder],
    ["clock", "Đồng hồ +25 giờ", "Token hết hạn, cửa sổ trả lời ngắn lại", (on) => ({ clock_offset_s: on ? 90000 : 0 }), (f) => f.clock_offset_s > 0],
  ],

  acts: [
    ["follow", "Quan tâm"], ["unfollow", "Bỏ quan tâm"], ["open", "Mở khung chat"], ["info", "Chia sẻ thông tin"], ["gif", "Ảnh động"], ["video", "Video"], ["file", "Tệp PDF"],
    ["link", "Đường dẫn"], ["card", "Danh thiếp"], ["react", "Thả tim"], ["seen", "Đọc tin"], ["withdraw", "Xóa dữ liệu"],
    ["no-zalo", "Số không có Zalo", line(true)], ["has-zalo", "Số có Zalo", line(false)],
  ],
  forms: [["menu", "Chạm danh mục của tài khoản", "payload", "#phananh"]],

  rows: [
    ["Sự kiện", (s) => s.webhooks.events], ["Đã nhận", (s) => s.webhooks.acked], ["Đang chờ", (s) => s.webhooks.pending], ["Gửi lại", (s) => s.webhooks.retried],
    ["Gửi trùng", (s) => s.webhooks.duplicates], ["Bỏ cuộc", (s) => s.webhooks.given_up], ["Trả lời trong (p99)", (s) => `${Math.round(s.ack_ms.p99)} ms`],
    ["Tin của thành phố", (s) => s.sends.ok], ["Tin theo mẫu", (s) => s.sends.templates], ["Bị từ chối", (s) => s.sends.refused], ["Tin lặp lại", (s) => s.doubles],
  ],
};
