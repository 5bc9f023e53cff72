// A text field with a list below it: arrows move, Enter takes, Escape closes; deaf while composing.

import { isComposing } from "/static/shortcuts.js";

/**
 * `look(text)` gives the items (or a promise of them), `show(item)` the node of one,
 * `take(item)` is called with what was chosen, `early(event)` may have a key first.
 */
export function combo(input, list, { look, show, take, early = () => false, wait = 0 }) {
  let items = [];
  let at = -1;
  let asked = 0;
  let timer = null;

  function close() {
    clearTimeout(timer);
    asked += 1;
    items = [];
    at = -1;
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  async function open() {
    const mine = (asked += 1);
    const found = await look(input.value.trim());
    if (mine !== asked || document.activeElement !== input) return;
    items = found;
    at = items.length ? 0 : -1;
    list.replaceChildren(...items.map(option));
    list.hidden = !items.length;
    input.setAttribute("aria-expanded", String(items.length > 0));
    mark();
  }

  function option(item, index) {
    const node = document.createElement("li");
    node.id = `${list.id}-${index}`;
    node.setAttribute("role", "option");
    node.append(...[show(item)].flat());
    node.addEventListener("mousedown", (event) => event.preventDefault()); // keeps the focus
    node.addEventListener("click", () => choose(index));
    return node;
  }

  function mark() {
    [...list.children].forEach((node, index) => {
      node.setAttribute("aria-selected", String(index === at));
      if (index === at) node.scrollIntoView({ block: "nearest" });
    });
    if (at >= 0) input.setAttribute("aria-activedescendant", `${list.id}-${at}`);
  }

  function choose(index) {
    const item = items[index];
    close();
    take(item);
  }

  input.addEventListener("input", (event) => {
    if (event.isComposing) return;
    clearTimeout(timer);
    timer = setTimeout(open, wait);
  });
  input.addEventListener("compositionend", () => {
    clearTimeout(timer);
    timer = setTimeout(open, wait);
  });
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (isComposing(event) || event.ctrlKey || event.altKey || event.metaKey) return;
    if (early(event)) {
      event.preventDefault();
      close();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) return void open();
      at = (at + (event.key === "ArrowDown" ? 1 : -1) + items.length) % items.length;
      mark();
    } else if (event.key === "Enter") {
      event.preventDefault(); // never submits by accident
      if (!list.hidden && at >= 0) choose(at);
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      event.stopPropagation();
      close();
    }
  });
  return { close };
}
