// A select of many as a field one types into: by name, code, pinyin or first letters.
//
// The select stays the form's own field, so that without scripts it works as it is.

import { isComposing } from "/static/shortcuts.js";
import { s } from "/static/strings.js";

const SHOWN = 60;

export function enhance(select) {
  const label = document.querySelector(`label[for="${select.id}"]`);
  const box = document.createElement("div");
  box.className = "picker";
  const field = document.createElement("div");
  field.className = "picker-box";
  const input = document.createElement("input");
  input.type = "text";
  input.id = `${select.id}-typed`;
  input.autocomplete = "off";
  input.placeholder = s("type_to_pick");
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-expanded", "false");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-controls", `${select.id}-list`);
  label.htmlFor = input.id;
  const list = document.createElement("ul");
  list.className = "picker-list";
  list.id = `${select.id}-list`;
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", label.textContent);
  field.append(input);
  box.append(field, list);
  select.hidden = true;
  select.after(box);

  const options = [...select.options].map((option) => ({
    option,
    text: option.textContent.trim(),
    found: `${option.textContent} ${option.dataset.typed}`.toLowerCase(),
  }));
  let offered = [];
  let at = -1;

  function changed() {
    draw();
    select.dispatchEvent(new Event("change", { bubbles: true }));
  }

  function draw() {
    for (const old of field.querySelectorAll(".picked")) old.remove();
    for (const { option, text } of options) {
      if (!option.selected) continue;
      const tag = document.createElement("span");
      tag.className = "picked";
      const words = document.createElement("span");
      words.textContent = text;
      const remove = document.createElement("button");
      remove.type = "button";
      remove.textContent = "×";
      remove.setAttribute("aria-label", s("unpick", { name: text }));
      remove.addEventListener("click", () => {
        option.selected = false;
        changed();
        input.focus();
      });
      tag.append(words, remove);
      input.before(tag);
    }
  }

  function offer() {
    const asked = input.value.trim().toLowerCase();
    offered = options
      .filter(({ option, found }) => !option.selected && (!asked || found.includes(asked)))
      .slice(0, SHOWN);
    list.replaceChildren(
      ...offered.map(({ text }, place) => {
        const item = document.createElement("li");
        item.id = `${select.id}-${place}`;
        item.setAttribute("role", "option");
        item.textContent = text;
        item.addEventListener("pointerdown", (event) => event.preventDefault());
        item.addEventListener("click", () => take(place));
        return item;
      }),
    );
    if (offered.length === 0) {
      const none = document.createElement("li");
      none.className = "picker-none";
      none.setAttribute("role", "option");
      none.setAttribute("aria-disabled", "true");
      none.textContent = s("no_match");
      list.append(none);
    }
    show(true);
    mark(asked && offered.length ? 0 : -1);
  }

  function show(on) {
    list.hidden = !on;
    input.setAttribute("aria-expanded", String(on));
    if (!on) mark(-1);
  }

  function mark(place) {
    at = place;
    for (const [number, item] of [...list.children].entries()) {
      item.setAttribute("aria-selected", String(number === at));
    }
    if (at >= 0) {
      input.setAttribute("aria-activedescendant", `${select.id}-${at}`);
      list.children[at].scrollIntoView({ block: "nearest" });
    } else {
      input.removeAttribute("aria-activedescendant");
    }
  }

  function take(place) {
    offered[place].option.selected = true;
    input.value = "";
    show(false);
    changed();
    input.focus();
  }

  input.addEventListener("input", (event) => {
    event.stopPropagation();
    if (!event.isComposing) offer();
  });
  input.addEventListener("compositionend", offer);
  input.addEventListener("change", (event) => event.stopPropagation());
  input.addEventListener("click", offer);
  input.addEventListener("blur", () => show(false));
  field.addEventListener("click", (event) => {
    if (event.target === field) input.focus();
  });
  input.addEventListener("keydown", (event) => {
    if (isComposing(event)) return;
    if (event.key === "ArrowDown") {
      event.preventDefault();
      if (list.hidden) offer();
      else mark(Math.min(offered.length - 1, at + 1));
    } else if (event.key === "ArrowUp") {
      event.preventDefault();
      mark(Math.max(0, at - 1));
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (!list.hidden && at >= 0) take(at);
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      event.stopPropagation();
      show(false);
    } else if (event.key === "Backspace" && !input.value) {
      const last = options.filter(({ option }) => option.selected).at(-1);
      if (last) {
        last.option.selected = false;
        changed();
      }
    }
  });
  draw();
}
