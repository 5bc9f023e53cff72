// A form as the report it stands for, and what was typed into it, kept until it is sent.

import { s } from "/static/strings.js";

const keyOf = (whistleId, form) => `shaodao-work:${whistleId}:${form.dataset.report}`;

function typed(form) {
  return [...form.elements].filter((each) => each.name && each.type !== "file" && each.type !== "hidden");
}

/** Keep what is typed, in this tab. */
export function keepText(whistleId, form) {
  const values = {};
  for (const each of typed(form)) {
    if (each.type === "radio" || each.type === "checkbox") {
      if (each.checked) values[each.name] = each.value;
    } else if (each.value !== each.defaultValue) {
      values[each.name] = each.value;
    }
  }
  sessionStorage.setItem(keyOf(whistleId, form), JSON.stringify(values));
}

/** Put back what was typed before. */
export function restoreText(whistleId, form) {
  const kept = sessionStorage.getItem(keyOf(whistleId, form));
  if (!kept) return;
  const values = JSON.parse(kept);
  for (const each of typed(form)) {
    if (!(each.name in values)) continue;
    if (each.type === "radio" || each.type === "checkbox") each.checked = values[each.name] === each.value;
    else each.value = values[each.name];
  }
}

export function forgetText(whistleId, form) {
  sessionStorage.removeItem(keyOf(whistleId, form));
}

/** Say in the form what is wrong with it. */
export function sayWrong(form, words) {
  const box = form.querySelector(".form-error");
  box.textContent = words;
  box.hidden = false;
  box.scrollIntoView({ block: "nearest" });
}

/** The fields as a report's data; null when one is wrong, which is said in the form. */
export function valuesOf(form) {
  form.querySelector(".form-error").hidden = true;
  const data = {};
  for (const field of form.elements) {
    if (!field.name || field.type === "file" || field.disabled) continue;
    if ((field.type === "radio" || field.type === "checkbox") && !field.checked) continue;
    const text = field.value.trim();
    if (text === "") continue;
    let value = text;
    if (field.hasAttribute("data-number")) value = Number(text);
    if (field.hasAttribute("data-unit")) {
      value = codeOf(text);
      if (!value) {
        sayWrong(form, s("need_unit"));
        field.focus();
        return null;
      }
    }
    put(data, field.name, value);
  }
  return data;
}

function put(data, name, value) {
  const [first, second] = name.split(".");
  if (second) data[first] = { ...data[first], [second]: value };
  else data[first] = value;
}

/** The code of a unit by its name, or undefined. */
export function codeOf(name) {
  const options = [...document.getElementById("units").options];
  return options.find((each) => each.value === name || each.dataset.code === name)?.dataset.code;
}
