// The phone: whose it is, what was said, and the composer.
import { act, control, listen } from "./city.js";
import { draw } from "./bubbles.js";
import { byId, element } from "./dom.js";
import { CityMap, loadWards } from "./map.js";
import { setUpPanel } from "./switches.js";
import network from "./network.js";

const log = byId("log"), text = byId("text"), users = byId("user");
const chat = { user: "", run: "", entries: new Map(), drawn: new Map(), pending: [], end: () => {} };

// --- what was said

const atEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight < 80;
function toEnd() {
  log.scrollTop = log.scrollHeight;
  byId("newest").hidden = true;
}

// place puts an element where its number belongs; what is still being sent comes last.
function place(node, seq) {
  node.seq = seq;
  const next = [...log.children].find((n) => n.seq > seq);
  log.insertBefore(node, next ?? null);
}

function separators() {
  for (const n of log.querySelectorAll(".day")) n.remove();
  let last = "";
  for (const n of [...log.children]) {
    if (n.dataset.day !== last) n.before(Object.assign(element("p", { className: "day", textContent: n.dataset.day }), { seq: n.seq - 0.5 }));
    last = n.dataset.day;
  }
}

function show(entry) {
  const known = chat.entries.get(entry.seq);
  if (entry.hidden || (known && known.rev >= entry.rev)) return;
  const follow = atEnd() || entry.from === "citizen";
  chat.entries.set(entry.seq, entry);
  if (!known && entry.from === "citizen") settle(entry);
  const quoted = entry.quote && [...chat.entries.values()].find((e) => e.id === entry.quote)?.text;
  const node = draw(entry, quoted, tap), old = chat.drawn.get(entry.seq);
  chat.drawn.set(entry.seq, node);
  if (old) {
    node.seq = entry.seq;
    old.replaceWith(node);
  } else {
    place(node, entry.seq);
    separators();
    if (!follow) byId("newest").hidden = false;
  }
  for (const img of node.querySelectorAll("img")) img.onload = () => follow && toEnd();
  if (follow) toEnd();
  think(entry);
}

// settle takes away the bubble that stood for an entry while it was being sent.
function settle(entry) {
  const i = chat.pending.findIndex((p) => p.kind === entry.kind && p.text === entry.text);
  if (i >= 0) chat.pending.splice(i, 1)[0].node.remove();
}

let thinking;
function think(entry) {
  const waits = entry.from === "citizen" && entry.state === "delivered" && Date.now() - new Date(entry.at) < 8000 && entry.seq === Math.max(...chat.entries.keys());
  if (!waits && entry.from === "citizen" && entry.state !== "seen") return;
  clearTimeout(thinking);
  const follow = atEnd();
  byId("typing").hidden = !waits;
  if (follow) toEnd(); // the dots take room from the log
  if (waits) thinking = setTimeout(() => { byId("typing").hidden = true; }, 8000);
}

// --- saying something

// send shows a bubble at once and keeps it, with a way to try again, while the stand-in cannot be reached.
async function send(kind, shown, name, body) {
  const user = chat.user;
  const entry = { from: "citizen", kind, text: "", at: new Date().toISOString(), state: "sending", ...shown };
  const pending = { kind, text: entry.text, node: draw(entry, "", tap) };
  chat.pending.push(pending);
  place(pending.node, 1e15 + chat.pending.length);
  separators();
  toEnd();
  try {
    const said = await act(user, name, body);
    if (user === chat.user && said.seq) show(said);
  } catch {
    chat.pending = chat.pending.filter((p) => p !== pending);
    pending.node.dataset.state = "failed";
    pending.node.append(element("button", {
      type: "button", className: "again", textContent: "Chưa gửi được. Gửi lại", data: { testid: "again" },
      onclick: () => { pending.node.remove(); send(kind, shown, name, body); },
    }));
  }
}

const failed = () => { byId("link").textContent = "Chưa làm được, hãy thử lại"; };
function tap(b) {
  const done = b.share ? act(chat.user, "info") : act(chat.user, "tap", { title: b.title, payload: b.payload });
  done.catch(failed);
}

function say() {
  const said = text.value.trim();
  if (!said) return;
  text.value = "";
  text.focus();
  send("text", { text: said }, "say", { text: said });
}

byId("composer").addEventListener("submit", (e) => { e.preventDefault(); say(); });
text.addEventListener("keydown", (e) => {
  if (e.key !== "Enter" || e.shiftKey || e.isComposing) return; // a Vietnamese keyboard may still be composing a letter
  e.preventDefault();
  say();
});
for (const b of document.querySelectorAll("[data-act]")) b.onclick = () => act(chat.user, b.dataset.act).catch(failed);
byId("photo").addEventListener("change", (e) => {
  const files = [...e.target.files], form = new FormData();
  if (!files.length) return;
  for (const f of files) form.append("file", f);
  send("photo", { files: files.map((f) => ({ url: URL.createObjectURL(f) })) }, "photo", form);
  e.target.value = "";
});
log.addEventListener("scroll", () => { if (atEnd()) byId("newest").hidden = true; });
byId("newest").onclick = toEnd;

// --- what the account offers before anybody asks

// offer gives the element of something to tap: an address, or an act.
function offer(o) {
  if (o.href) return element("a", { href: o.href, target: "_blank", rel: "noreferrer", textContent: o.title, data: { testid: "offer" } });
  return element("button", {
    type: "button", textContent: o.title, data: { testid: "offer" },
    onclick: () => { byId("menu").hidePopover(); act(chat.user, o.act, o.body).catch(failed); },
  });
}

async function greet() {
  const { greeting, offers } = await network.welcome();
  byId("welcome").replaceChildren(element("p", { textContent: greeting }), element("div", { className: "buttons" }, ...offers.map(offer)));
  byId("welcome").hidden = false; // the style hides it as soon as there is something in the log
}

byId("open-menu").hidden = !network.menu;
byId("menu").addEventListener("beforetoggle", async (e) => {
  if (e.newState !== "open") return;
  const offers = await network.menu().catch(() => []);
  byId("menu").replaceChildren(...(offers.length ? offers.map(offer) : [element("p", { className: "hint", textContent: "Tài khoản chưa đặt danh mục." })]));
});

// --- a place

let map, chosen;
const wardsLoaded = loadWards().catch(() => []);
byId("open-map").onclick = async () => {
  const wards = await wardsLoaded;
  byId("place").showModal();
  if (map) return;
  map = new CityMap(byId("map"), (pin) => {
    chosen = pin;
    byId("ward").textContent = `${pin.ward || "Ngoài thành phố"} · ${pin.lat.toFixed(5)}, ${pin.lon.toFixed(5)}`;
    byId("ward-list").value = pin.code;
    byId("send-place").disabled = false;
  });
  byId("ward-list").append(...wards.toSorted((a, b) => a.name.localeCompare(b.name, "vi")).map((w) => element("option", { value: w.code, textContent: w.name })));
  byId("ward-list").onchange = (e) => map.go(e.target.value);
  for (const b of document.querySelectorAll("[data-zoom]")) b.onclick = () => (Number(b.dataset.zoom) ? map.zoom(Number(b.dataset.zoom)) : map.all());
};
byId("close-map").onclick = () => byId("place").close();
byId("send-place").onclick = () => {
  const at = { lat: Number(chosen.lat.toFixed(6)), lon: Number(chosen.lon.toFixed(6)) };
  byId("place").close();
  text.focus();
  send("place", { place: { ...at, name: "" } }, "place", at);
};

// --- whose phone

function forget() {
  chat.entries.clear();
  chat.drawn.clear();
  chat.pending = [];
  log.replaceChildren();
  byId("typing").hidden = true;
}

function enlist(name) {
  if (![...users.options].some((o) => o.value === name)) users.append(element("option", { value: name, textContent: name }));
}

// meet lists the people that there are.
async function meet() {
  const people = await control("GET", "users");
  for (const p of people) enlist(p.name);
  return people;
}

function become(user) {
  chat.end();
  forget();
  chat.user = user;
  chat.run = "";
  location.hash = encodeURIComponent(user);
  enlist(user);
  users.value = user;
  if (network.welcome) greet().catch(() => {}); // a chat may begin without
  chat.end = listen(user, {
    hello: ({ run, account }) => {
      if (chat.run && chat.run !== run) forget(); // the stand-in was started anew
      chat.run = run;
      byId("account").textContent = account;
      byId("avatar").textContent = account.slice(0, 1);
    },
    entry: show,
    link: (up) => { byId("link").textContent = up ? network.line : "Mất nối với máy thử, đang nối lại…"; },
  });
}

users.onchange = () => become(users.value);
byId("add-user").onsubmit = async (e) => {
  e.preventDefault();
  const name = byId("new-user").value.trim();
  if (!name) return;
  byId("new-user").value = "";
  await control("POST", "users", { name }).then(() => become(name)).catch(failed);
};
window.addEventListener("hashchange", () => {
  const user = decodeURIComponent(location.hash.slice(1));
  if (user && user !== chat.user) become(user);
});

document.title = `Điện thoại thử · ${network.name}`;
byId("account").textContent = network.name;
setUpPanel(() => chat.user, failed); // before anything is waited for: a button that is seen does something
const people = await meet().catch(() => []);
users.addEventListener("focus", () => meet().catch(() => {})); // texts by phone number make people too
await wardsLoaded;
become(decodeURIComponent(location.hash.slice(1)) || people[0]?.name || "Lan");
