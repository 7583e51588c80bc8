// The panel: what goes wrong, other things that people do, and sums.
import { act, control } from "./city.js";
import { element } from "./bubbles.js";

// Each switch: its name, its label, what it means, how it is set, and how it reads.
const switches = [
  ["outage", "Mất kết nối", "API của mạng trả lời 503", (on) => ({ outage: on ? "refuse" : "" }), (f) => f.outage !== ""],
  ["slow", "Chậm", "Mỗi yêu cầu chờ 3 giây", (on) => ({ slow_ms: on ? 3000 : 0 }), (f) => f.slow_ms > 0],
  ["revoked", "Token bị thu hồi", "Trả lời −216 cho đến khi làm mới", (on) => ({ access_revoked: on }), (f) => f.access_revoked],
  ["duplicate", "Gửi trùng", "Mỗi sự kiện được gửi hai lần", (on) => ({ duplicate: on ? 2 : 0 }), (f) => f.duplicate > 1],
  ["reorder", "Đảo thứ tự", "Sự kiện sau đến trước", (on) => ({ reorder: on }), (f) => f.reorder],
  ["clock", "Đồng hồ +25 giờ", "Token hết hạn, cửa sổ trả lời ngắn lại", (on) => ({ clock_offset_s: on ? 90000 : 0 }), (f) => f.clock_offset_s > 0],
];

const acts = [
  ["follow", "Quan tâm"], ["unfollow", "Bỏ quan tâm"], ["open", "Mở khung chat"], ["gif", "Ảnh động"], ["video", "Video"], ["file", "Tệp PDF"], ["link", "Đường dẫn"],
  ["card", "Danh thiếp"], ["react", "Thả tim"], ["seen", "Đọc tin"], ["withdraw", "Xóa dữ liệu"],
];

const rows = [
  ["Sự kiện", (s) => s.webhooks.events], ["Đã nhận", (s) => s.webhooks.acked], ["Đang chờ", (s) => s.webhooks.pending], ["Gửi lại", (s) => s.webhooks.retried],
  ["Gửi trùng", (s) => s.webhooks.duplicates], ["Bỏ cuộc", (s) => s.webhooks.given_up], ["Trả lời trong (p99)", (s) => `${Math.round(s.ack_ms.p99)} ms`],
  ["Tin của thành phố", (s) => s.sends.ok], ["Bị từ chối", (s) => s.sends.refused], ["Tin lặp lại", (s) => s.doubles],
];

const byId = (id) => document.getElementById(id);

export function setUpPanel(user, failed) {
  const boxes = switches.map(([name, label, hint, set]) => {
    const box = element("input", { type: "checkbox", role: "switch", "aria-label": label, data: { testid: `switch-${name}` } });
    box.onchange = () => control("POST", "faults", set(box.checked)).then(showFaults).catch(failed);
    byId("switches").append(element("label", {}, box, element("span", {}, label, element("small", { textContent: hint }))));
    return box;
  });
  const showFaults = (f) => switches.forEach((s, i) => { boxes[i].checked = s[4](f); });
  for (const [name, label] of acts) {
    byId("acts").append(element("button", { type: "button", textContent: label, data: { testid: `act-${name}` }, onclick: () => act(user(), name).catch(failed) }));
  }
  byId("console").onsubmit = (e) => {
    e.preventDefault();
    const text = byId("console-text").value.trim();
    if (text) control("POST", "console", { user: user(), text }).catch(failed);
  };
  byId("resend").onclick = () => control("POST", "resend").then(showStats).catch(failed);
  const show = (open) => {
    document.body.classList.toggle("open", open);
    byId("toggle").setAttribute("aria-expanded", open);
    if (open) byId("close-panel").focus();
    else byId("toggle").focus();
  };
  byId("toggle").onclick = () => show(!document.body.classList.contains("open"));
  byId("close-panel").onclick = () => show(false);
  byId("panel").onkeydown = (e) => { if (e.key === "Escape") show(false); };
  const refresh = async () => {
    if (byId("panel").checkVisibility()) {
      await Promise.all([control("GET", "faults").then(showFaults), control("GET", "stats").then(showStats)]).catch(() => {}); // the line says so already
    }
    setTimeout(refresh, 1500);
  };
  refresh();
}

function showStats(s) {
  byId("stats").replaceChildren(...rows.flatMap(([label, of]) => [element("dt", { textContent: label }), element("dd", { textContent: of(s) })]));
}
