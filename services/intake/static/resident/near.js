// "Somebody nearby reported this": asked once a label and a place are known; joining is a tick.

import { send } from "/static/http.js";

const box = document.getElementById("near");
const list = document.getElementById("near-list");
const joins = document.querySelector("input[name=joins]");
const words = JSON.parse(document.getElementById("near-strings").textContent);
let last = "";
let seen = false;

function t(key, values) {
  return words[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** Look for reports of the same kind near the place; `fields` are those of the form. */
export async function lookNear({ label, lat, lon, address, text }) {
  const asked = JSON.stringify([label, lat, lon, address]);
  if (!label || !(lat || address) || asked === last) return;
  last = asked;
  try {
    const { status, data } = await send("POST", "/r/nearby", {
      label, text, address: address || null, lat: lat ? Number(lat) : null, lon: lon ? Number(lon) : null,
    });
    if (asked === last) show(status === 200 ? data.items : []);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // without network nobody is near
    last = "";
  }
}

/** Show what was found, if it was not looked at yet: true when it must be looked at first. */
export function unseen() {
  if (box.hidden || seen) return false;
  seen = true;
  box.scrollIntoView({ block: "center" });
  return true;
}

/** Forget what was found. */
export function clearNear() {
  last = "";
  show([]);
}

function show(items) {
  joins.value = "";
  seen = false;
  box.hidden = items.length === 0;
  list.replaceChildren(...items.map(item));
}

function item(found) {
  const node = document.createElement("label");
  node.className = "r-near-item";
  const tick = Object.assign(document.createElement("input"), { type: "checkbox", value: found.ticket_id });
  tick.addEventListener("change", () => {
    for (const other of list.querySelectorAll("input")) if (other !== tick) other.checked = false;
    seen = true;
    joins.value = tick.checked ? tick.value : "";
  });
  const about = document.createElement("span");
  const strong = Object.assign(document.createElement("strong"), { textContent: words.join });
  const line = document.createElement("span");
  line.textContent = found.words;
  about.append(strong, line);
  if (found.reports > 1) {
    about.append(Object.assign(document.createElement("span"), { textContent: ` · ${t("near_reports", { n: found.reports })}` }));
  }
  node.append(tick, about);
  return node;
}
