// The strip above the phones: one clock for all networks, and outages that end by themselves.
const byId = (id) => document.getElementById(id);
const buttons = [...document.querySelectorAll("[data-outage]")];
const calm = byId("state").textContent, labels = new Map(buttons.map((b) => [b, b.textContent]));
const tenMinutes = 600;

let asked = 0; // an answer that was on its way when something was set shows what was before
async function control(method, path, body) {
  const mine = ++asked;
  const res = await fetch(`control/${path}`, { method, headers: body ? { "Content-Type": "application/json" } : {}, body: body && JSON.stringify(body) });
  if (!res.ok) throw new Error(res.status);
  const out = await res.json();
  if (mine === asked) show(out);
}

const left = (s) => `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;

function show({ clock_s, outage_s }) {
  for (const b of buttons) {
    const s = outage_s[b.dataset.outage] ?? 0;
    b.setAttribute("aria-pressed", s > 0);
    b.textContent = s > 0 ? `${b.closest(".foot") ? `${b.dataset.name} ` : "Mất "}${left(s)}` : labels.get(b);
  }
  const clock = byId("clock");
  if (document.activeElement !== clock) {
    if (![...clock.options].some((o) => Number(o.value) === clock_s)) clock.append(new Option(`+${clock_s} giây`, clock_s));
    clock.value = clock_s;
  }
  offLine(outage_s.web > 0);
  const out = buttons.filter((b) => outage_s[b.dataset.outage] > 0).map((b) => b.dataset.name);
  say(out.length ? `Đang mất kết nối: ${out.join(", ")}.` : calm, out.length > 0);
}

// offLine takes the net from the browser that shows the web chat: its page is closed, and opened again afterwards.
const web = byId("web"), address = web?.src;
function offLine(off) {
  if (!web || web.hidden === off) return;
  web.hidden = off;
  byId("off").hidden = !off;
  web.src = off ? "about:blank" : address;
}

// say changes the line only when it says something else: it is read aloud.
function say(text, bad) {
  if (byId("state").textContent !== text) byId("state").textContent = text;
  byId("state").toggleAttribute("data-bad", bad);
}

const failed = () => say("Mất nối với máy thử. Đang thử lại…", true);

for (const b of buttons) {
  b.onclick = () => control("POST", "outage", { network: b.dataset.outage, seconds: b.getAttribute("aria-pressed") === "true" ? 0 : tenMinutes }).catch(failed);
}
byId("clock").onchange = (e) => { e.target.blur(); control("POST", "clock", { ahead_s: Number(e.target.value) }).catch(failed); };
byId("mend").onclick = () => control("DELETE", "faults").catch(failed);

async function refresh() {
  if (!document.hidden) await control("GET", "state").catch(failed);
  setTimeout(refresh, 1000);
}
refresh();
