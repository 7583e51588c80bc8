// A city that speaks the web chat's interface, to look at the pages without the program: node mock.mjs [port].
// It keeps everything in memory. What is written to it decides the answer; see answers below. It imitates no rate limits and no rights.
import { randomUUID } from "node:crypto";
import { createReadStream, existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { graphql } from "./mock_graphql.mjs";

const here = dirname(fileURLToPath(import.meta.url)), assets = join(here, "../../assets"), outlines = join(here, "../../../../configs/cities/haiphong/wards.geojson");
const types = { ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml", ".png": "image/png", ".webmanifest": "application/manifest+json", ".txt": "text/plain; charset=utf-8", ".html": "text/html; charset=utf-8" };
// As in assets.go, for a city that keeps its pictures itself and has no tiles.
export const policy = /func Policy[^]*?\n}/.exec(readFileSync(join(assets, "assets.go"), "utf8"))[0].match(/"[^"]*"/g).map((s) => s.slice(1, -1)).join("");
const vapidKey = "BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA_0QTpQtUbVlUls0VJXg7A8u-Ts1XbjhazAkj7I99e8QcYP7DkM";

const pixel = `<svg xmlns="http://www.w3.org/2000/svg" width="320" height="160" viewBox="0 0 320 160"><rect width="320" height="160" fill="#9cc5d8"/><circle cx="70" cy="60" r="30" fill="#f6d36b"/><path d="M0 120q80-40 160 0t160 0v40H0z" fill="#0b5a78"/></svg>`;

// answers gives what the city says to a message.
function answers(m, origin) {
  const text = (m.text ?? "").toLowerCase();
  if (m.ref) return [{ blocks: [{ text: { text: `Bắt đầu việc ${m.ref}.` } }] }];
  if (m.choice === "cancel") return [{ blocks: [{ text: { text: "Đã hủy." } }] }];
  if (m.choice) return [{ blocks: [{ text: { text: `Bà con chọn ${m.text} (${m.choice}).` } }] }];
  if (m.uploads?.length) return [{ blocks: [{ text: { text: `Đã nhận ${m.uploads.length} tệp.` } }] }];
  if (m.place) return [{ blocks: [{ text: { text: "Đã nhận vị trí." } }, { location: { lat: m.place.lat, lon: m.place.lon, label: "Nơi bà con vừa gửi" } }] }];
  if (text === "danh mục" || text === "menu") {
    return [{ blocks: [{ choices: {
      text: "Bà con cần việc gì ạ?",
      options: [{ label: "Gửi phản ánh", value: "feedback.submit", hint: "đèn đường, rác, ổ gà…" }, { label: "Tra cứu phản ánh", value: "feedback.track" }, { label: "Đặt lịch hẹn", value: "desk.book" }],
      controls: [{ label: "Xem thêm", value: "more" }, { label: "Hủy", value: "cancel" }],
    } }] }];
  }
  if (text === "thẻ") {
    return [{ blocks: [{ card: {
      title: "Phản ánh 7K3-9QM-X2B", subtitle: "Đèn đường hỏng trước số 12 Lạch Tray", imageUrl: `${origin}/picture.svg`,
      facts: [{ label: "Trạng thái", value: "Đang xử lý" }, { label: "Địa bàn", value: "Phường Gia Viên" }, { label: "Hạn xử lý", value: "17:00, 05/03/2026" }],
      actions: [{ label: "Viết thêm", value: "comment" }, { label: "Theo dõi", value: "follow" }],
    } }, { progress: { label: "Đang xử lý", done: 3, total: 5 } }, { qr: { payload: "https://example.vn/t/7K39QMX2B", caption: "Vé của bà con" } },
    { link: { label: "Mở trang phản ánh", url: "https://example.vn/r/7K39QMX2B" } }, { image: { url: `${origin}/picture.svg`, alt: "Cảng lúc bình minh" } },
    { location: { lat: 20.8561, lon: 106.6822, label: "Nhà hát Thành phố" } }] }];
  }
  if (text === "cán bộ") return [{ blocks: [{ choices: { text: "Đã chuyển cho cán bộ.", options: null, controls: null } }, { card: { title: "Việc của bà con", facts: null } }, { unheard: {} }, null] }, { from: "staff", name: "Lan", blocks: [{ text: { text: "Tôi là Lan, cán bộ trực. Tôi đang xem việc của bà con. Xem thêm tại https://example.vn/huong-dan." } }] }, { from: "staff", name: "Lan", blocks: [{ text: { text: "Bà con chờ một phút giúp." } }] }];
  if (text === "nguy hiểm") return [{ blocks: [{ text: { text: "<img src=x onerror=alert(1)> javascript:alert(1)" } }, { link: { label: "xấu", url: "javascript:alert(1)" } }, { image: { url: "javascript:alert(1)", alt: "x" } }] }];
  return [{ blocks: [{ text: { text: `Đã nghe: ${m.text}` } }] }];
}

// City is the state of the stand-in.
class City {
  sessions = new Map(); // token -> { lines, byId, streams, uploads, push }
  received = []; // ids of messages as they came, repeats too
  tries = 0; // streams that were opened
  down = false; // every answer is 503
  limit = 0; // so many messages are answered with 429
  history = 0; // lines that a new session begins with
  deaf = 0; // so many messages are taken, but their answers are lost on the way
  alone = false; // no other site may show the chat

  session() {
    const token = randomUUID();
    const s = { lines: [], ids: new Map(), streams: new Set(), uploads: new Map(), push: null };
    this.sessions.set(token, s);
    for (let i = 1; i <= this.history; i++) this.say(s, { id: `old-${i}`, from: i % 2 ? "bot" : "you", at: new Date(Date.now() - (this.history - i + 1) * 3600e3).toISOString(), text: `Tin cũ ${i}` });
    return token;
  }

  say(s, line) {
    const full = { seq: s.lines.length + 1, at: new Date().toISOString(), ...line };
    s.lines.push(full);
    for (const res of s.streams) event(res, "message", full);
    return full.seq;
  }

  // cut ends every stream in the middle.
  cut() {
    for (const s of this.sessions.values()) for (const res of s.streams) res.destroy();
  }
}

const event = (res, name, data) => res.write(`event: ${name}\n${data.seq ? `id: ${data.seq}\n` : ""}data: ${JSON.stringify(data)}\n\n`);

async function body(req) {
  const parts = [];
  for await (const p of req) parts.push(p);
  return Buffer.concat(parts);
}

function json(res, status, value, headers = {}) {
  res.writeHead(status, { "Content-Type": "application/json", "Cache-Control": "no-store", ...headers });
  res.end(value === undefined ? "" : JSON.stringify(value));
}
const refuse = (res, status, code, message, headers) => json(res, status, { error: { code, message } }, headers);

const routes = {
  "POST session": (city, s, req, res) => json(res, 200, { token: s ? req.headers.authorization.slice(5) : city.session() }),
  "GET config": (_, __, ___, res) => json(res, 200, { city: { vi: "Thành phố Hải Phòng", en: "Hai Phong City" }, vapidKey, tiles: "", maxPhoto: 12 << 20, maxVideo: 50 << 20, maxText: 4000 }),
  "GET wards.geojson": (_, __, ___, res) => { res.writeHead(200, { "Content-Type": "application/geo+json", "Cache-Control": "max-age=86400" }); createReadStream(outlines).pipe(res); },
  "POST messages": async (city, s, req, res) => {
    const m = JSON.parse(await body(req));
    city.received.push(m.id);
    if (city.limit > 0) return city.limit--, refuse(res, 429, "RATE_LIMITED", "Bà con gửi hơi nhanh.", { "Retry-After": "1" });
    const lost = city.deaf > 0 && city.deaf--;
    const answer = (seq) => (lost ? req.socket.destroy() : json(res, 202, { seq }));
    if (m.text === "quá dài") return refuse(res, 400, "INVALID", "Tin này dài quá.");
    const known = s.ids.get(m.id);
    if (known) return answer(known);
    const { id, ref, uploads, ...rest } = m;
    const seq = ref ? s.lines.length : city.say(s, { ...rest, id, from: "you", uploads: uploads?.map((u) => ({ id: u, kind: s.uploads.get(u).startsWith("video") ? "video" : "photo", url: `/uploaded/${u}` })) });
    s.ids.set(id, seq);
    answer(seq);
    for (const r of s.streams) event(r, "typing", { on: true });
    setTimeout(() => {
      for (const a of answers(m, "")) city.say(s, { id: randomUUID(), from: "bot", ...a });
      for (const r of s.streams) event(r, "typing", { on: false });
    }, m.text === "chậm" ? 3000 : 150);
  },
  "POST uploads": async (city, s, req, res, query) => {
    await body(req);
    const id = `up-${query.get("id")}`;
    s.uploads.set(id, req.headers["content-type"]);
    json(res, 200, { id });
  },
  "GET events": (city, s, req, res, query) => {
    city.tries++;
    res.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
    res.write(": there\n\n");
    for (const l of s.lines) if (l.seq > Number(query.get("after"))) event(res, "message", l);
    s.streams.add(res);
    const beat = setInterval(() => res.write(":\n\n"), 5000);
    res.on("close", () => { s.streams.delete(res); clearInterval(beat); });
  },
  "GET log": (_, s, __, res, query) => {
    const before = Number(query.get("before")) || Infinity;
    json(res, 200, s.lines.filter((l) => l.seq < before).slice(-Number(query.get("limit") ?? 50)));
  },
  "POST push": async (_, s, req, res) => { s.push = JSON.parse(await body(req)).subscription; json(res, 204); },
  "DELETE push": (_, s, __, res) => { s.push = null; json(res, 204); },
};

async function api(city, req, res, url) {
  const asked = /^\/chat\/v1\/(?:links|forms)\/([^/]+)$/.exec(url.pathname);
  if (asked) return json(res, 200, asked[1] === "over" ? { open: false, message: "Đường liên kết này đã hết hạn." } : { open: true });
  const name = `${req.method} ${url.pathname.slice("/chat/v1/".length)}`, route = routes[name];
  if (city.down) return refuse(res, 503, "UNAVAILABLE", "Tạm ngừng.");
  if (!route) return refuse(res, 404, "NOT_FOUND", "Không có.");
  const open = ["POST session", "GET config", "GET wards.geojson"].includes(name);
  const s = city.sessions.get(req.headers.authorization?.replace(/^Chat /, ""));
  if (!open && !s) return refuse(res, 401, "UNAUTHORIZED", "Phiên đã hết.");
  return route(city, s, req, res, url.searchParams);
}

function file(res, name, cache, more = "") {
  if (!existsSync(name)) return refuse(res, 404, "NOT_FOUND", "Không có.");
  res.writeHead(200, { "Content-Type": types[extname(name)], "Cache-Control": cache, "X-Content-Type-Options": "nosniff", "Content-Security-Policy": policy + more, "Referrer-Policy": "no-referrer", "Service-Worker-Allowed": "/chat" });
  createReadStream(name).pipe(res);
}

async function handle(city, req, res) {
  const url = new URL(req.url, "http://city"), path = url.pathname;
  if (path.startsWith("/chat/v1/")) return api(city, req, res, url);
  if (path === "/graphql") return graphql(city, JSON.parse(await body(req)), req, (v) => json(res, 200, v));
  if (path.startsWith("/media/")) return await body(req), city.media.push(req.headers["x-upload"]), json(res, 200, {});
  if (path === "/chat/widget.js") return file(res, join(assets, "widget.js"), "max-age=300");
  if (path === "/chat/sw.js") return file(res, join(assets, "sw.js"), "no-cache");
  if (path.startsWith("/chat/assets/")) return file(res, join(assets, "files", path.slice("/chat/assets/".length).replaceAll("/", "")), "max-age=31536000, immutable");
  if (path === "/chat" || /^\/chat\/(link|form)\/[^/]+$/.test(path)) return file(res, join(assets, "page.html"), "no-store", city.alone ? "; frame-ancestors 'none'" : "");
  if (path === "/elsewhere") return res.writeHead(200, { "Content-Type": types[".html"], "Content-Security-Policy": `script-src ${url.searchParams.get("city")}; style-src 'none'; frame-src *` }), res.end(`<!doctype html><html lang="vi"><title>Trang khác</title><link rel="icon" href="data:,"><main><h1>Trang khác</h1><a href="#x">liên kết</a></main><script src="${url.searchParams.get("city")}/chat/widget.js" data-lang="vi" async></script>`);
  if (path === "/picture.svg" || path.startsWith("/uploaded/")) return res.writeHead(200, { "Content-Type": "image/svg+xml" }), res.end(pixel);
  return refuse(res, 404, "NOT_FOUND", "Không có.");
}

// start opens the stand-in on a port of this machine; 0 takes any.
export async function start(port = 0) {
  const city = new City();
  city.media = [];
  city.graphql = { calls: [] };
  const server = createServer((req, res) => handle(city, req, res).catch((e) => { if (!res.headersSent) refuse(res, 500, "INTERNAL", String(e)); }));
  await new Promise((up) => server.listen(port, "127.0.0.1", up));
  city.url = `http://127.0.0.1:${server.address().port}`;
  city.stop = () => { server.closeAllConnections(); return new Promise((done) => server.close(done)); };
  return city;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const city = await start(Number(process.argv[2] ?? 8090));
  console.log(`${city.url}/chat`);
}
