// Whom to call, and what was whistled at the place before, while one writes.

import { ask, Refused } from "/static/http.js";
import { s } from "/static/strings.js";
import { toField } from "./times.js";

const WAIT_MS = 350;

/** Answers a function that looks again soon; `draft()` is what is typed, `add(unit)` calls one. */
export function suggestions({ draft, add }) {
  let asked = 0;
  let later = null;

  async function look() {
    asked += 1;
    const mine = asked;
    try {
      const found = await ask("POST", "/console/suggestions", draft());
      if (mine === asked) show(found);
    } catch (error) {
      if (!(error instanceof Refused || error instanceof TypeError)) throw error; // one does without
    }
  }

  function show({ units, earlier, days }) {
    document.getElementById("suggested").replaceChildren(...(add ? units.map(button) : []));
    const box = document.getElementById("earlier");
    box.hidden = !earlier.length;
    const list = document.createElement("ul");
    list.append(...earlier.map(line));
    box.replaceChildren(Object.assign(document.createElement("p"), { textContent: s("earlier", { n: earlier.length, days }) }), list);
  }

  function button(each) {
    const made = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-sm", textContent: `+ ${each.name} · ${s(each.relation)}` });
    made.append(Object.assign(document.createElement("small"), { className: "muted", textContent: ` ${s(`because_${each.because}`)}` }));
    made.addEventListener("click", () => add(each));
    return made;
  }

  function line(each) {
    const item = document.createElement("li");
    const link = Object.assign(document.createElement("a"), { href: `/console/${each.whistle_id}`, target: "_blank", rel: "noopener", textContent: each.title });
    item.append(link, ` ${toField(new Date(each.at)).slice(5, 10)} ${each.units.join(s("and"))}`);
    return item;
  }

  return () => {
    clearTimeout(later);
    later = setTimeout(look, WAIT_MS);
  };
}
