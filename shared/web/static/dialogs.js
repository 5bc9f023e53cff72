// What a page says to its reader: short messages that go by themselves, and questions.

import { Refused } from "./http.js";
import { s, sentence } from "./strings.js";

const SHOWN_MS = 6000;

/** Say something at the edge of the page; `kind` is "good", "bad" or "plain". Bad ones stay. */
export function toast(text, kind = "plain") {
  const box = place();
  const item = document.createElement("div");
  item.className = `toast-item toast-${kind}`;
  const words = document.createElement("span");
  words.textContent = text;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "toast-close";
  close.setAttribute("aria-label", s("close"));
  close.textContent = "×";
  close.addEventListener("click", () => item.remove());
  item.append(words, close);
  box.append(item);
  if (kind !== "bad") setTimeout(() => item.remove(), SHOWN_MS);
  return item;
}

/** Where messages are shown: a modal dialog leaves everything outside of it out of reach. */
function place() {
  const dialog = [...document.querySelectorAll("dialog:modal")].pop();
  if (!dialog) return document.getElementById("toasts");
  let box = dialog.querySelector(":scope > .toasts");
  if (!box) {
    box = document.createElement("div");
    box.className = "toasts";
    box.setAttribute("role", "status");
    dialog.append(box);
  }
  return box;
}

/** Say why something failed: a Refused, a network error, or a problem. */
export function tell(error) {
  if (error instanceof Refused) return toast(sentence(error.problem), "bad");
  if (error instanceof TypeError) return toast(s("offline"), "bad");
  if (error && (error.zh || error.errors)) return toast(sentence(error), "bad");
  toast(s("failed"), "bad");
  throw error;
}

/** Ask before something is done; true for yes. `yes` is the word on the button. */
export function confirmed(question, { yes = s("ok"), danger = false } = {}) {
  const dialog = document.createElement("dialog");
  dialog.className = "ask";
  const words = document.createElement("p");
  words.id = `ask-${crypto.randomUUID()}`;
  words.textContent = question;
  dialog.setAttribute("aria-labelledby", words.id);
  const form = document.createElement("form");
  form.method = "dialog";
  form.className = "ask-ways";
  form.append(button(s("cancel"), "no", "btn"));
  form.append(button(yes, "yes", danger ? "btn btn-danger" : "btn btn-primary"));
  dialog.append(words, form);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      resolve(dialog.returnValue === "yes");
      dialog.remove();
    });
  });
}

function button(text, value, css) {
  const made = document.createElement("button");
  made.value = value;
  made.className = css;
  made.textContent = text;
  return made;
}
