// A question answered in words: a dialog with one field; null when it was closed.

import { isComposing } from "/static/shortcuts.js";
import { s } from "/static/strings.js";

export function prompted(question, { yes = s("ok"), least = 1, most = 1000, value = "" } = {}) {
  const dialog = document.createElement("dialog");
  dialog.className = "ask";
  const form = document.createElement("form");
  form.method = "dialog";
  const label = document.createElement("label");
  label.className = "form-label";
  label.textContent = question;
  const input = document.createElement("textarea");
  input.className = "form-control";
  input.rows = 3;
  input.required = true;
  input.minLength = least;
  input.maxLength = most;
  input.value = value;
  label.append(input);
  const ways = document.createElement("div");
  ways.className = "ask-ways";
  ways.append(button(s("cancel"), "btn", "button"), button(yes, "btn btn-primary", "submit"));
  form.append(label, ways);
  dialog.append(form);
  document.body.append(dialog);
  ways.firstChild.addEventListener("click", () => dialog.close());
  input.addEventListener("keydown", (event) => {
    if (isComposing(event) || event.key !== "Enter" || !event.ctrlKey) return;
    event.preventDefault();
    form.requestSubmit();
  });
  dialog.showModal();
  input.focus();
  return new Promise((resolve) => {
    let said = null;
    form.addEventListener("submit", () => {
      said = input.value.trim();
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(said);
    });
  });
}

function button(text, css, type) {
  const made = document.createElement("button");
  made.type = type;
  made.className = css;
  made.textContent = text;
  return made;
}
