// Keyboard shortcuts: named in one place, shown by `?`, and deaf while an input method composes.
//
// A Chinese input method takes keys of its own (Enter, digits, function keys) to choose characters.
// Browsers tell it in three ways, none of which all of them use: `isComposing`, keyCode 229, and the
// composition events around it.

import { s } from "./strings.js";

const known = [];
let composing = false;

document.addEventListener("compositionstart", () => (composing = true), true);
document.addEventListener("compositionend", () => (composing = false), true);
// an element that is taken away while composing sends no end
document.addEventListener("focusin", (event) => {
  if (!event.target.matches?.("input, textarea, [contenteditable]")) composing = false;
}, true);

/** Whether the input method has this key. */
export function isComposing(event) {
  return composing || event.isComposing || event.keyCode === 229;
}

/**
 * Do `act` on `keys`: "F2", "Ctrl+Enter", "Alt+1", "?" …, with `text` for the help.
 * A plain letter or sign does nothing while one writes. `when` says whether it applies now.
 */
export function shortcut(keys, text, act, { when = () => true } = {}) {
  known.push({ keys, wanted: parse(keys), text, act, when });
}

function parse(keys) {
  const parts = keys.split("+");
  const key = parts.pop();
  return {
    key: key.toLowerCase(),
    ctrl: parts.includes("Ctrl"),
    alt: parts.includes("Alt"),
    shift: parts.includes("Shift"),
  };
}

function isPressed(wanted, event) {
  const sign = wanted.key.length === 1 && !/[a-z0-9]/.test(wanted.key); // "?" needs Shift on most
  // with Alt some keyboards give another character; the key's place is meant then
  const key = event.altKey && /^Digit\d$/.test(event.code) ? event.code.slice(5) : event.key;
  return (
    key.toLowerCase() === wanted.key &&
    (event.ctrlKey || event.metaKey) === wanted.ctrl &&
    event.altKey === wanted.alt &&
    (sign || event.shiftKey === wanted.shift)
  );
}

function writes(element) {
  return Boolean(
    element?.closest?.('textarea, select, [contenteditable=""], [contenteditable="true"]') ||
      (element?.matches?.("input") &&
        !["button", "checkbox", "radio", "submit", "range", "file"].includes(element.type)),
  );
}

document.addEventListener("keydown", (event) => {
  if (isComposing(event) || event.defaultPrevented) return;
  for (const { wanted, act, when } of known) {
    if (!isPressed(wanted, event)) continue;
    const plain = !wanted.ctrl && !wanted.alt && wanted.key.length === 1;
    if (plain && writes(event.target)) continue;
    if (document.querySelector("dialog:modal") && wanted.key !== "escape") continue;
    if (!when()) continue;
    event.preventDefault();
    act(event);
    return;
  }
});

function help() {
  const dialog = document.createElement("dialog");
  dialog.className = "ask shortcut-help";
  dialog.setAttribute("aria-label", s("shortcuts"));
  const title = document.createElement("h2");
  title.textContent = s("shortcuts");
  const list = document.createElement("dl");
  for (const { keys, text } of known) {
    const term = document.createElement("dt");
    for (const part of keys.split("+")) {
      const key = document.createElement("kbd");
      key.textContent = part;
      term.append(key);
    }
    const words = document.createElement("dd");
    words.textContent = text;
    list.append(term, words);
  }
  const form = document.createElement("form");
  form.method = "dialog";
  form.className = "ask-ways";
  const close = document.createElement("button");
  close.className = "btn btn-primary";
  close.textContent = s("close");
  form.append(close);
  dialog.append(title, list, form);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

shortcut("?", s("shortcuts"), help, { when: () => known.length > 1 });
