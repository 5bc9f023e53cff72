// The tickets that a whistle is blown for: chosen from the open demands of one's region.

import { ask } from "/static/http.js";
import { choose } from "/static/router/choose.js";
import { s } from "/static/strings.js";

/** `offer()` asks for what may be chosen, once; those chosen stand in `list`. */
export function ticketsOf(input, list, onChange) {
  const chosen = new Map();
  let offered = false;

  function show() {
    list.replaceChildren(...[...chosen].map(([ticket, label]) => {
      const item = Object.assign(document.createElement("li"), { className: "c-ticket" });
      const away = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-sm", textContent: "×" });
      away.setAttribute("aria-label", `${s("remove")} ${label}`);
      away.addEventListener("click", () => {
        chosen.delete(ticket);
        show();
        onChange();
      });
      item.append(Object.assign(document.createElement("span"), { textContent: label }), away);
      return item;
    }));
  }

  return {
    ids: () => [...chosen.keys()],
    kept: () => [...chosen],
    restore(kept) {
      for (const [ticket, label] of kept) chosen.set(ticket, label);
      show();
    },
    clear() {
      chosen.clear();
      show();
    },
    async offer() {
      if (offered) return;
      offered = true;
      choose(input, await ask("GET", "/console/tickets"), ({ value, label }) => {
        chosen.set(value, label);
        input.value = "";
        show();
        onChange();
      });
    },
  };
}
