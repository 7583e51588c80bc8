// The panel: what goes wrong, other things that people do, and sums.
import { act, control } from "./city.js";
import { byId, element, newest, setUpSheet, switchRow } from "./dom.js";
import network from "./network.js";

export function setUpPanel(user, failed) {
  const latest = newest();
  const boxes = network.switches.map(([name, label, hint, set]) => {
    const [row, box] = switchRow(name, label, hint, (on) => latest(control("POST", "faults", set(on)), showFaults).catch(failed));
    byId("switches").append(row);
    return box;
  });
  const showFaults = (f) => network.switches.forEach((s, i) => { boxes[i].checked = s[4](f); });
  for (const [name, label, run = (who) => act(who, name)] of network.acts) {
    byId("acts").append(element("button", { type: "button", textContent: label, data: { testid: `act-${name}` }, onclick: () => run(user()).catch(failed) }));
  }
  for (const f of network.forms) byId("forms").append(formOf(f, user, failed));
  byId("console").onsubmit = (e) => {
    e.preventDefault();
    const text = byId("console-text").value.trim();
    if (text) control("POST", "console", { user: user(), text }).catch(failed);
  };
  byId("resend").onclick = () => control("POST", "resend").then(showStats).catch(failed);
  setUpSheet();
  const refresh = async () => {
    if (!document.hidden && byId("panel").checkVisibility()) {
      await Promise.all([latest(control("GET", "faults"), showFaults), control("GET", "stats").then(showStats)]).catch(() => {}); // the line says so already
    }
    setTimeout(refresh, 1500);
  };
  refresh();
}

// formOf is an act that needs a word.
function formOf([name, label, field, placeholder], user, failed) {
  const input = element("input", { placeholder, maxLength: 1000, autocomplete: "off", "aria-label": label, data: { testid: `form-${name}` } });
  const form = element("form", {}, element("span", { textContent: label }), element("div", { className: "row" }, input, element("button", { textContent: "Làm", data: { testid: `do-${name}` } })));
  form.onsubmit = (e) => {
    e.preventDefault();
    if (input.value.trim()) act(user(), name, { [field]: input.value.trim() }).catch(failed);
  };
  return form;
}

function showStats(s) {
  byId("stats").replaceChildren(...network.rows.flatMap(([label, of]) => [element("dt", { textContent: label }), element("dd", { textContent: of(s) })]));
}
