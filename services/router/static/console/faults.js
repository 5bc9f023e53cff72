// What is wrong with a whistle being written, said at its fields.

import { language, s, sentence } from "/static/strings.js";

/** A fault of our own, as the server would tell it. */
export const fault = (name, key) => ({ field: name, zh: s(key), en: s(key) });

/** `wrong(problem)` says it, `right()` takes all of it back. */
export function faultsOf(form, called) {
  const all = form.querySelector("#wrong");
  const mine = language === "en" ? "en" : "zh";

  function right() {
    all.hidden = true;
    called.right();
    for (const each of form.querySelectorAll("[data-at]")) each.remove();
    for (const each of form.querySelectorAll("[aria-invalid]")) {
      each.removeAttribute("aria-invalid");
      each.removeAttribute("aria-errormessage");
    }
  }

  /** At its field, which has the focus then; what has none is said at the end. */
  function wrong(problem) {
    const rest = problem.errors ? [] : [sentence(problem)];
    let first = null;
    for (const error of problem.errors ?? []) {
      const at = said((error.field ?? "").replace(/^body\./, ""), error[mine]);
      if (at) first ??= at;
      else rest.push(error[mine]);
    }
    all.textContent = rest.length ? rest.join("\n") : s("see_fields", { n: problem.errors.length });
    all.hidden = false;
    (first ?? form.querySelector("#send")).focus();
    first?.scrollIntoView({ block: "center" });
  }

  /** The field the words were put at, to be focused; null without one. */
  function said(name, words) {
    const unit = /^units\.(\d+)/.exec(name);
    const row = unit && called.wrong(Number(unit[1]), words);
    if (row) return row;
    const at = fieldOf(name);
    if (!at) return null;
    at.closest("details")?.setAttribute("open", "");
    const line = Object.assign(document.createElement("p"), { className: "form-error", textContent: words, id: `wrong-${name.replaceAll(".", "-")}` });
    line.dataset.at = name;
    (at.closest(".choose-box, .c-buttons") ?? at).after(line);
    const focus = at.matches("input, select, textarea") ? at : at.querySelector("input") ?? form.querySelector("#b-region");
    focus.setAttribute("aria-invalid", "true");
    focus.setAttribute("aria-errormessage", line.id);
    return focus;
  }

  /** The element of a field, or of the field it is a part of. */
  function fieldOf(name) {
    for (let part = name; part; part = part.slice(0, Math.max(part.lastIndexOf("."), 0))) {
      const found = form.querySelector(`[data-field="${part}"]`);
      if (found) return found;
    }
    return name.startsWith("place") ? form.querySelector("#b-region") : null;
  }

  return { right, wrong };
}
