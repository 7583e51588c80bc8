// The lock screen of all devices: notifications of the app and of browsers, and SMS. Everything that came from the program goes in as text.
import { byId, element, newest, setUpSheet, switchRow } from "./dom.js";

const seen = { home: "", notes: [], devices: [], drawn: "", drawnDevices: "" };
const origins = { fcm: "Ứng dụng", push: "Trình duyệt", sms: "SMS" };
const paths = { fcm: "../fcm/control", push: "../push/control" };

async function call(method, path, body) {
  const res = await fetch(path, { method, headers: { Accept: "application/json", ...(body && { "Content-Type": "application/json" }) }, body: body && JSON.stringify(body) });
  if (!res.ok) throw new Error(res.status);
  return res.json();
}

const failed = () => { byId("link").textContent = "Chưa làm được, hãy thử lại"; };
const local = (phone) => phone.startsWith("+84") ? `0${phone.slice(3)}` : phone;
const deviceKey = (kind, name) => `${kind}:${name}`;
const deviceOf = ({ kind, name }) => `${paths[kind]}/devices/${encodeURIComponent(name)}`;

// --- what the screen shows

const hour = new Intl.DateTimeFormat("vi-VN", { hour: "2-digit", minute: "2-digit", timeZone: "Asia/Ho_Chi_Minh" });
const day = new Intl.DateTimeFormat("vi-VN", { weekday: "long", day: "numeric", month: "long", timeZone: "Asia/Ho_Chi_Minh" });
const moment = (at) => new Date(at).toDateString() === new Date().toDateString() ? hour.format(new Date(at)) : new Date(at).toLocaleString("vi-VN", { timeZone: "Asia/Ho_Chi_Minh" });

// href is where a notification leads: paths belong to the program. Other kinds of addresses are not followed.
function href(link) {
  if (/^https?:\/\//.test(link ?? "")) return link;
  return link?.startsWith("/") && seen.home ? seen.home + link : "";
}

function linked(text) {
  const out = [];
  let from = 0;
  for (const m of text.matchAll(/https?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]]/g)) {
    out.push(text.slice(from, m.index), element("a", { href: m[0], target: "_blank", rel: "noreferrer", textContent: m[0] }));
    from = m.index + m[0].length;
  }
  return [...out, text.slice(from)];
}

const from = (n, who) => element("span", { className: "from" }, `${origins[n.kind]} · ${who}`, element("time", { dateTime: n.at, textContent: moment(n.at) }));

function sms(n) {
  const code = n.text.match(/\b\d{6}\b/);
  return element("li", {}, element("div", { className: "notice", data: { testid: "note", kind: "sms", device: n.device } },
    from(n, local(n.device)), ...(code ? [element("span", { className: "code", textContent: code[0] })] : []), element("span", { className: "said" }, ...linked(n.text))));
}

// notice opens by a tap: the device tells the stand-in, and the address opens in a page of its own.
function notice(n) {
  const address = href(n.link);
  const hints = [n.replaced && `thay ${n.replaced} thông báo trước`, n.opened && "đã mở", n.link && !address && n.link].filter(Boolean).join(" · ");
  const box = element(address ? "a" : "button", {
    ...(address ? { href: address, target: "_blank", rel: "noreferrer" } : { type: "button" }), className: "notice",
    data: { testid: "note", kind: n.kind, device: n.device, ...(n.opened && { opened: "" }), ...(n.urgent && { urgent: "" }) },
    onclick: () => { call("POST", `${paths[n.kind]}/devices/${encodeURIComponent(n.device)}/tap`, { id: n.id }).then(load).catch(failed); },
  }, from(n, n.device), ...(n.title ? [element("strong", { textContent: n.title })] : []), element("span", { className: "said", textContent: n.text ?? "" }),
  ...(hints ? [element("small", { textContent: hints })] : []));
  return element("li", {}, box);
}

const shown = () => seen.notes.filter((n) => !byId("device").value || byId("device").value === deviceKey(n.kind, n.device));

function drawNotes() {
  const list = shown(), state = JSON.stringify([list, seen.home]);
  if (state === seen.drawn) return;
  seen.drawn = state;
  byId("notes").replaceChildren(...list.map((n) => (n.kind === "sms" ? sms(n) : notice(n))));
  byId("none").hidden = list.length > 0;
}

// --- the devices

function drawDevices() {
  const phones = [...new Set(seen.notes.filter((n) => n.kind === "sms").map((n) => n.device))].map((name) => ({ kind: "sms", name }));
  const all = [...seen.devices, ...phones], state = JSON.stringify(all);
  if (state === seen.drawnDevices) return;
  seen.drawnDevices = state;
  const select = byId("device"), chosen = select.value;
  select.replaceChildren(new Option("Mọi thiết bị", ""), ...all.map((d) => new Option(`${origins[d.kind]} · ${d.kind === "sms" ? local(d.name) : d.name}`, deviceKey(d.kind, d.name))));
  select.value = [...select.options].some((o) => o.value === chosen) ? chosen : "";
  byId("devices").replaceChildren(...seen.devices.map(deviceRow));
}

const button = (id, label, run) => element("button", { type: "button", textContent: label, data: { testid: id }, onclick: () => run().then(load).catch(failed) });

function deviceRow(d) {
  const states = d.kind === "fcm" ? [d.behaviour && `trả lời ${d.behaviour}`, ...(d.topics ?? [])] : [d.over && "đăng ký đã hết hạn", d.away && `đang vắng, ${d.waiting} tin chờ`];
  const buttons = d.kind === "fcm"
    ? [button("show-token", "Mã", async () => give(d.name, d.token)), d.behaviour
      ? button("revive", "Sống lại", () => call("POST", `${deviceOf(d)}/behaviour`, { behaviour: "" }))
      : button("kill", "Mã chết", () => call("POST", `${deviceOf(d)}/behaviour`, { behaviour: "UNREGISTERED" }))]
    : [button("presence", d.away ? "Có mặt" : "Vắng mặt", () => call("POST", `${deviceOf(d)}/presence`, { away: !d.away })),
      ...(d.over ? [] : [button("expire", "Hết hạn", () => call("POST", `${deviceOf(d)}/expire`))])];
  return element("li", { data: { testid: "device-row", kind: d.kind, name: d.name } }, element("strong", { textContent: d.name }),
    element("div", { className: "hint", textContent: [origins[d.kind], ...states.filter(Boolean)].join(" · ") }), element("div", { className: "acts" }, ...buttons));
}

// give shows what a program has to be told of a device, to copy.
function give(name, token) {
  byId("given").hidden = false;
  byId("given-label").textContent = `Mã của ${name}`;
  byId("token").value = token;
}

function setUpForm(form, path, told) {
  byId(form).onsubmit = (e) => {
    e.preventDefault();
    const input = byId(`${form}-name`), name = input.value.trim();
    if (!name) return;
    input.value = "";
    call("POST", path, { name }).then((made) => { give(name, told(made)); return load(); }).catch(failed);
  };
}

setUpForm("install", `${paths.fcm}/devices`, (d) => d.token);
setUpForm("subscribe", `${paths.push}/devices`, (s) => JSON.stringify(s));
byId("copy").onclick = async () => {
  byId("token").select();
  await navigator.clipboard?.writeText(byId("token").value).catch(() => {}); // it is selected all the same
};
byId("wipe").onclick = () => {
  const screens = new Map(shown().filter((n) => n.kind !== "sms").map((n) => [deviceKey(n.kind, n.device), deviceOf({ kind: n.kind, name: n.device })]));
  Promise.all([...screens.values()].map((path) => call("DELETE", `${path}/screen`))).then(load).catch(failed);
};
byId("device").onchange = drawNotes;

// --- what goes wrong

// Each switch: its name, its label, what it means, how it is set, and how it reads.
const common = [
  ["outage", "Mất kết nối", "Máy chủ trả lời 503", (on) => ({ outage: on ? "refuse" : "" }), (f) => f.outage === "refuse"],
  ["hang", "Không trả lời", "Máy chủ nhận yêu cầu rồi im lặng", (on) => ({ outage: on ? "hang" : "" }), (f) => f.outage === "hang"],
  ["slow", "Chậm", "Mỗi yêu cầu chờ 3 giây", (on) => ({ slow_ms: on ? 3000 : 0 }), (f) => f.slow_ms > 0],
  ["lose", "Mất câu trả lời", "Thông báo đã nhận, nhưng kết nối đứt", (on) => ({ lose: on ? -1 : 0 }), (f) => f.lose !== 0],
];
const switches = {
  fcm: [
    ...common,
    ["quota", "Quá nhiều yêu cầu", "Trả lời QUOTA_EXCEEDED", (on) => ({ error: on ? "QUOTA_EXCEEDED" : "", times: on ? -1 : 0, retry_after_s: on ? 30 : 0 }), (f) => f.error === "QUOTA_EXCEEDED"],
    ["access", "Khóa truy cập hỏng", "Trả lời 401", (on) => ({ status: on ? 401 : 0, times: on ? -1 : 0 }), (f) => f.status === 401],
  ],
  push: [
    ...common,
    ["quota", "Quá nhiều yêu cầu", "Trả lời 429", (on) => ({ status: on ? 429 : 0, times: on ? -1 : 0, retry_after_s: on ? 30 : 0 }), (f) => f.status === 429],
  ],
};
const boxes = {}, latest = {};
for (const [kind, list] of Object.entries(switches)) {
  latest[kind] = newest();
  boxes[kind] = list.map(([name, label, hint, set]) => {
    const [row, box] = switchRow(`${kind}-${name}`, label, hint, (on) => latest[kind](call("POST", `${paths[kind]}/faults`, set(on)), (f) => showFaults(kind, f)).catch(failed));
    byId(`switches-${kind}`).append(row);
    return box;
  });
}
function showFaults(kind, f) {
  switches[kind].forEach((s, i) => { boxes[kind][i].checked = s[4](f); });
}

// The provider of SMS does not tell what goes wrong with it: these are done for some requests.
for (const [name, label, fault] of [
  ["fail", "3 tin kế tiếp lỗi 503", { status: 503, times: 3 }], ["limit", "3 tin kế tiếp bị chặn 429", { status: 429, times: 3, retry_after: 5 }],
  ["lose", "Mất câu trả lời của tin kế tiếp", { lost: true, times: 1 }], ["none", "Hết lỗi SMS", { times: 0 }],
]) byId("sms-acts").append(button(`sms-${name}`, label, () => call("POST", "../sms/faults", fault)));

// --- keeping up

async function load() {
  const [lock, texts, apps, browsers] = await Promise.all([
    call("GET", "notes"), call("GET", "../sms/messages"), call("GET", `${paths.fcm}/devices`), call("GET", `${paths.push}/devices`),
  ]);
  seen.home = lock.home;
  seen.notes = [...lock.notes, ...texts.map((m) => ({ kind: "sms", device: m.to, id: m.id, text: m.text, at: m.at }))]
    .sort((a, b) => Date.parse(b.at) - Date.parse(a.at)).slice(0, 100);
  seen.devices = [...apps.map((d) => ({ kind: "fcm", ...d })), ...browsers.map((d) => ({ kind: "push", ...d }))];
  byId("link").textContent = "";
  drawDevices();
  drawNotes();
}

async function refresh() {
  byId("time").textContent = hour.format(new Date());
  byId("date").textContent = day.format(new Date());
  if (!document.hidden) {
    const faults = byId("panel").checkVisibility() ? ["fcm", "push"].map((kind) => latest[kind](call("GET", `${paths[kind]}/faults`), (f) => showFaults(kind, f))) : [];
    await Promise.all([load(), ...faults]).catch(() => { byId("link").textContent = "Mất nối với máy thử, đang nối lại…"; });
  }
  setTimeout(refresh, 1000);
}
setUpSheet();
refresh();
