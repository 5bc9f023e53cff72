// The units of a whistle being written: each with its part and its task, taken out again at will.

import { s } from "/static/strings.js";

const RELATIONS = ["lead", "assisting", "informed"];

/** Rows in `list`; `onChange()` after each change. */
export function calledUnits(list, { nameOf, onChange }) {
  let rows = [];

  function add({ unit, relation = null, task = "" }) {
    if (rows.some((row) => row.unit === unit)) return focus(unit);
    const has = rows.some((row) => row.relation.value === "lead");
    const wanted = relation === "lead" && has ? "assisting" : relation; // one leads
    const row = { unit, ...drawn(unit, wanted ?? (has ? "assisting" : "lead"), task) };
    rows.push(row);
    list.append(row.node);
    onChange();
  }

  function drawn(unit, relation, task) {
    const node = document.createElement("li");
    node.dataset.unit = unit;
    node.tabIndex = -1;
    const name = Object.assign(document.createElement("b"), { textContent: nameOf(unit) });
    const choice = document.createElement("select");
    choice.className = "form-select";
    choice.setAttribute("aria-label", `${s("relation")} · ${nameOf(unit)}`);
    for (const each of RELATIONS) choice.append(new Option(s(each), each, false, each === relation));
    choice.addEventListener("change", () => {
      if (choice.value === "lead") demote(unit);
      onChange();
    });
    const words = document.createElement("input");
    words.className = "form-control";
    words.value = task;
    words.maxLength = 2000;
    words.autocomplete = "off";
    words.placeholder = s("task");
    words.setAttribute("aria-label", `${s("task")} · ${nameOf(unit)}`);
    words.addEventListener("input", onChange);
    const away = Object.assign(document.createElement("button"), { type: "button", className: "btn", textContent: "×" });
    away.setAttribute("aria-label", `${s("remove")} ${nameOf(unit)}`);
    away.addEventListener("click", () => {
      rows = rows.filter((row) => row.unit !== unit);
      node.remove();
      onChange();
    });
    const wrong = Object.assign(document.createElement("p"), { className: "form-error", hidden: true });
    node.append(name, choice, words, away, wrong);
    return { node, relation: choice, task: words, wrong };
  }

  function demote(unit) {
    for (const row of rows) if (row.unit !== unit && row.relation.value === "lead") row.relation.value = "assisting";
  }

  function focus(unit) {
    rows.find((row) => row.unit === unit).task.focus();
  }

  return {
    add,
    units: () => rows.map((row) => row.unit),
    body: () => rows.map((row) => ({ unit: row.unit, relation: row.relation.value, task: row.task.value.trim() || null })),
    clear() {
      rows = [];
      list.replaceChildren();
    },
    /** Say at a row what is wrong with it. */
    wrong(index, words) {
      const row = rows[index];
      if (!row) return null;
      row.wrong.textContent = words;
      row.wrong.hidden = false;
      return row.relation;
    },
    right() {
      for (const row of rows) row.wrong.hidden = true;
    },
  };
}
