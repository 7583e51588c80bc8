// Small helpers of all pages.

export const byId = (id) => document.getElementById(id);

// element makes one; what people wrote goes in as text, never as markup.
export function element(name, props = {}, ...children) {
  const e = document.createElement(name);
  for (const [key, value] of Object.entries(props)) {
    if (key === "data") Object.assign(e.dataset, value);
    else if (key in e) e[key] = value;
    else e.setAttribute(key, value);
  }
  e.append(...children);
  return e;
}

// switchRow is a switch with what it means; set is called with whether it is on.
export function switchRow(name, label, hint, set) {
  const box = element("input", { type: "checkbox", role: "switch", "aria-label": label, data: { testid: `switch-${name}` } });
  box.onchange = () => set(box.checked);
  return [element("label", {}, box, element("span", {}, label, element("small", { textContent: hint }))), box];
}

// newest gives a function that shows an answer, unless something was asked later: an answer that was on its way when a switch was turned would turn it back.
export function newest() {
  let asked = 0;
  return async (answer, show) => {
    const mine = ++asked, out = await answer;
    if (mine === asked) show(out);
  };
}

// setUpSheet opens and closes the panel.
export function setUpSheet() {
  const show = (open) => {
    document.body.classList.toggle("open", open);
    byId("toggle").setAttribute("aria-expanded", open);
    byId(open ? "close-panel" : "toggle").focus();
  };
  byId("toggle").onclick = () => show(!document.body.classList.contains("open"));
  byId("close-panel").onclick = () => show(false);
  byId("panel").onkeydown = (e) => { if (e.key === "Escape") show(false); };
}
