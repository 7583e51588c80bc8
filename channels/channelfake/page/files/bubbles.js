// Draws entries of a chat. Everything that people or the city wrote goes in as text, never as markup.
import { element } from "./dom.js";
import network from "./network.js";
import { wardAt } from "./map.js";

const clock = new Intl.DateTimeFormat("vi-VN", { hour: "2-digit", minute: "2-digit", timeZone: "Asia/Ho_Chi_Minh" });
const date = new Intl.DateTimeFormat("vi-VN", { weekday: "long", day: "2-digit", month: "2-digit", year: "numeric", timeZone: "Asia/Ho_Chi_Minh" });
export const dayOf = (at) => date.format(new Date(at));

const states = { sending: "Đang gửi…", sent: "✓ Đã gửi", delivered: "✓✓ Đã nhận", seen: "✓✓ Đã xem", failed: "Không gửi được" };

// linked splits a text at its addresses.
function linked(text) {
  const out = [];
  let from = 0;
  for (const m of text.matchAll(/https?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]]/g)) {
    out.push(text.slice(from, m.index), away(m[0], m[0]));
    from = m.index + m[0].length;
  }
  return [...out, text.slice(from)];
}

const away = (href, text, props = {}) => element("a", { href, target: "_blank", rel: "noreferrer", textContent: text, ...props });

// near gives a file's address beside this page, so that it loads whatever the stand-in is called in the address bar.
const near = (url) => url.startsWith("blob:") ? url : url.match(/\/files\/[\w.-]+$/)?.[0].slice(1);

function picture(file, kind) {
  const src = near(file.url);
  if (!src) return away(file.url, file.url, { className: "card" });
  return element("img", { src, alt: kind === "sticker" ? "Nhãn dán" : "Ảnh", className: kind, loading: "lazy" });
}

function fileCard(entry, file) {
  const src = near(file.url) ?? file.url;
  switch (entry.kind) {
    case "photo": case "gif": case "sticker": return picture(file, entry.kind);
    case "video": return element("video", { src, controls: true });
    case "audio": return away(src, "Tin nhắn thoại", { className: "card" });
    default: return away(src, `${file.name || "Tệp"} (${Math.ceil((file.size ?? 0) / 1024)} KB)`, { className: "card" });
  }
}

function placeCard({ lat, lon, name }) {
  const ward = wardAt(lon, lat)?.name;
  return element("span", { className: "card" }, ["Vị trí", [name, ward].filter(Boolean).join(", ")].filter(Boolean).join(": "), element("br"), `${lat.toFixed(5)}, ${lon.toFixed(5)}`);
}

function body(entry, quoted) {
  const out = [];
  if (quoted) out.push(element("div", { className: "quote", textContent: quoted }));
  if (entry.staff) out.push(element("div", { className: "hint", textContent: "Cán bộ" }));
  if (entry.kind === "template") out.push(element("div", { className: "hint", textContent: entry.tracking_id ? "Tin theo mẫu, gửi đến số điện thoại" : "Tin theo mẫu" }));
  for (const f of entry.files ?? []) out.push(fileCard(entry, f));
  if (entry.place) out.push(placeCard(entry.place));
  if (entry.kind === "card") out.push(element("span", { className: "card", textContent: `Danh thiếp ${entry.text}` }));
  else if (entry.text && entry.kind !== "file") {
    const big = /^\p{Extended_Pictographic}{1,3}$/u.test(entry.text);
    out.push(element("div", { className: big ? "said big" : "said" }, ...linked(entry.text)));
  }
  return out;
}

function button(b, tap) {
  const data = { testid: "button", type: b.type }, href = network.address(b);
  if (href) return /^(tel|sms):/.test(href) ? element("a", { href, textContent: b.title, data }) : away(href, b.title, { data });
  return element("button", { type: "button", textContent: b.title, data, onclick: () => tap(b) });
}

// draw gives the element of an entry. quoted is the text that it answers; tap is called with a button.
export function draw(entry, quoted, tap) {
  const note = network.notes[entry.kind];
  if (note) {
    const text = entry.text && network.detailed.includes(entry.kind) ? `${note}: ${entry.text}` : note;
    return element("p", { className: "note", textContent: text, data: { testid: "note", kind: entry.kind, day: dayOf(entry.at) } });
  }
  const meta = element("div", { className: "meta" }, element("time", { dateTime: entry.at, textContent: clock.format(new Date(entry.at)) }));
  if (entry.react) meta.append(element("span", { textContent: /\p{Extended_Pictographic}/u.test(entry.react) ? entry.react : "❤", title: entry.react }));
  if (entry.from === "citizen" || entry.state === "failed") meta.append(element("span", { textContent: states[entry.state] ?? "" }));
  const who = element("span", { className: "sr", textContent: entry.from === "city" ? "Thành phố: " : "Bạn: " });
  const out = element("article", { className: "message", data: { testid: "message", from: entry.from, kind: entry.kind, state: entry.state, day: dayOf(entry.at), id: entry.id ?? "" } },
    element("div", { className: "bubble" }, who, ...body(entry, quoted)));
  if (entry.kind === "request_info") {
    const share = element("button", { type: "button", textContent: "Chia sẻ thông tin", data: { testid: "share-info" }, onclick: () => tap({ share: true }) });
    out.append(element("div", { className: "buttons" }, share));
  }
  const chips = entry.buttons?.every((b) => b.type === "quick_reply");
  if (entry.buttons?.length) out.append(element("div", { className: chips ? "buttons chips" : "buttons" }, ...entry.buttons.map((b) => button(b, tap))));
  out.append(meta);
  return out;
}
