// One action on many tickets: first what would be refused and why, then the result of each.

import { tell } from "/static/dialogs.js";
import { ask, Refused } from "/static/http.js";
import { s, sentence } from "/static/strings.js";

const dialog = document.getElementById("bulk-dialog");
const form = document.getElementById("bulk-form");
const next = document.getElementById("bulk-next");
const wrong = document.getElementById("bulk-wrong");
const outcomes = document.getElementById("bulk-outcomes");

/** Offer the actions of `bar` on what is `picked`; `done` is called after something was done. */
export function offerBulk(bar, picked, done) {
  let action = null;
  let allowed = null; // ticket_id → version, once previewed
  let carried = false;

  for (const button of bar.querySelectorAll("[data-action]")) {
    button.addEventListener("click", () => begin(button.dataset.action));
  }

  function begin(chosen) {
    action = chosen;
    carried = false;
    for (const part of form.querySelectorAll("[data-for]")) {
      part.hidden = !part.dataset.for.split(" ").includes(action);
    }
    document.getElementById("bulk-title").textContent = s(`title_${action}`, { n: picked.size });
    reset();
    dialog.showModal();
    // nothing to fill in: the preview is what one came for
    if (action === "urge") form.requestSubmit();
  }

  function reset() {
    allowed = null;
    outcomes.replaceChildren();
    wrong.hidden = true;
    next.hidden = false;
    next.disabled = false;
    next.textContent = s("preview");
  }

  function body(versions) {
    return {
      action,
      tickets: [...Object.keys(versions)],
      versions,
      other: ["merge", "link"].includes(action) ? form.elements.other.value.trim() : null,
      reason: action === "void" ? form.elements.reason.value : null,
    };
  }

  form.addEventListener("input", reset);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    next.disabled = true;
    try {
      if (allowed === null) await preview();
      else await carryOut();
    } catch (error) {
      if (error instanceof Refused) {
        wrong.textContent = sentence(error.problem);
        wrong.hidden = false;
        next.disabled = false;
      } else {
        dialog.close();
        tell(error);
      }
    }
  });

  async function preview() {
    const seen = Object.fromEntries([...picked].map(([id, { version }]) => [id, version]));
    const { items } = await ask("POST", "/api/v1/bulk/previews", body(seen));
    allowed = {};
    for (const item of items) if (item.done) allowed[item.ticket_id] = item.version;
    const count = Object.keys(allowed).length;
    show(items, s("would"), s("previewed", { n: count, m: items.length - count }));
    next.textContent = s("carry_out", { n: count });
    next.disabled = count === 0;
    if (count) next.focus();
  }

  async function carryOut() {
    const { items } = await ask("POST", "/api/v1/bulk", body(allowed));
    carried = true;
    const count = items.filter((item) => item.done).length;
    show(items, s("done"), s("carried", { n: count, m: items.length - count }));
    next.hidden = true;
    document.getElementById("bulk-close").focus();
  }

  function show(items, good, summary) {
    const head = document.createElement("p");
    head.className = "notice";
    head.textContent = summary;
    const list = document.createElement("ul");
    list.className = "outcomes";
    for (const item of items) {
      const row = document.createElement("li");
      const number = document.createElement("span");
      number.className = "figure";
      number.textContent = item.number ?? picked.get(item.ticket_id)?.number ?? "";
      const words = document.createElement("span");
      words.className = item.done ? "outcome-good" : "outcome-bad";
      words.textContent = item.done ? good : sentence(item);
      row.append(number, words);
      list.append(row);
    }
    outcomes.replaceChildren(head, list);
  }

  document.getElementById("bulk-close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => {
    form.reset();
    if (carried) done();
  });
}
