// A field one types into to choose one of many: by name or code, with the arrows and Enter.

import { isComposing } from "/static/shortcuts.js";
import { s } from "/static/strings.js";

const SHOWN = 12;
let made = 0;

/** Make `input` a combobox over [{value, label}]; `onChoose(item)` when one is taken. */
export function choose(input, items, onChoose) {
  made += 1;
  const list = document.createElement("ul");
  list.className = "choose-list";
  list.id = `choose-${made}`;
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", input.getAttribute("aria-label") ?? input.labels?.[0]?.textContent ?? "");
  input.autocomplete = "off";
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-expanded", "false");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-controls", list.id);
  input.after(list);
  let offered = [];
  let at = -1;

  function offer() {
    const asked = input.value.trim().toLowerCase();
    offered = items
      .map((item) => ({ item, rank: rank(item, asked) }))
      .filter(({ rank: place }) => place < 9)
      .sort((a, b) => a.rank - b.rank)
      .slice(0, SHOWN)
      .map(({ item }) => item);
    list.replaceChildren(...offered.map(line));
    if (!offered.length) {
      const none = document.createElement("li");
      none.setAttribute("role", "option");
      none.setAttribute("aria-disabled", "true");
      none.textContent = s("no_match");
      list.append(none);
    }
    show(true);
    mark(offered.length && asked ? 0 : -1);
  }

  function line(item, place) {
    const option = document.createElement("li");
    option.id = `${list.id}-${place}`;
    option.setAttribute("role", "option");
    option.textContent = item.label;
    const code = document.createElement("small");
    code.textContent = ` ${item.value}`;
    option.append(code);
    option.addEventListener("pointerdown", (event) => event.preventDefault());
    option.addEventListener("click", (event) => {
      event.preventDefault(); // a label around it would move the focus
      take(place);
    });
    return option;
  }

  function show(on) {
    list.hidden = !on;
    input.setAttribute("aria-expanded", String(on));
    if (!on) mark(-1);
  }

  function mark(place) {
    at = place;
    [...list.children].forEach((option, number) => option.setAttribute("aria-selected", String(number === at)));
    if (at < 0) input.removeAttribute("aria-activedescendant");
    else {
      input.setAttribute("aria-activedescendant", `${list.id}-${at}`);
      list.children[at]?.scrollIntoView({ block: "nearest" });
    }
  }

  function take(place) {
    const item = offered[place];
    show(false);
    if (item) onChoose(item);
  }

  input.addEventListener("input", (event) => event.isComposing || offer());
  input.addEventListener("compositionend", offer);
  input.addEventListener("focus", () => input.select());
  input.addEventListener("blur", () => show(false));
  input.addEventListener("keydown", (event) => {
    if (isComposing(event)) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) return offer();
      const step = event.key === "ArrowDown" ? 1 : -1;
      if (offered.length) mark((at + step + offered.length) % offered.length);
    } else if (event.key === "Enter") {
      event.preventDefault(); // never the form's: choosing is not sending
      if (!list.hidden && at >= 0) take(at);
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      event.stopPropagation();
      show(false);
    }
  });
}

/** How well an item fits what was typed: 0 its code, 1 its beginning, 2 a part, 9 not at all. */
function rank({ value, label }, asked) {
  if (!asked) return 3;
  const code = value.toLowerCase();
  const name = label.toLowerCase();
  if (code === asked) return 0;
  if (name.startsWith(asked) || code.startsWith(asked)) return 1;
  return name.includes(asked) || code.includes(asked) ? 2 : 9;
}

/** The items of a JSON element of the page. */
export function itemsOf(id) {
  return JSON.parse(document.getElementById(id).textContent);
}
