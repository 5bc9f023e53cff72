// Dead letters and parked events: look into one, deliver one again, or all of one error.

import { confirmed, tell, toast } from "./dialogs.js";
import { ask } from "./http.js";
import { fresh } from "./part.js";
import { s } from "./strings.js";

const LOOK_MS = 30_000;
const SHOWN_KEYS = 5;
const box = () => document.getElementById("letters");
const kind = () => box().dataset.kind;
const payload = document.getElementById("payload");

async function refresh() {
  const part = await fresh(location.href, "letters");
  if (part) box().replaceWith(part);
}

/** The payload, indented where it is JSON. */
function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text || s("empty");
  }
}

async function look(id) {
  const found = await ask("GET", `/api/v1/dead-letters/${id}?kind=${kind()}`);
  payload.querySelector("pre").textContent = pretty(found.payload);
  payload.showModal();
  payload.querySelector("pre").focus();
}

/** Deliver these again after a preview that was agreed to. */
async function replay(rows) {
  const keys = rows.map((row) => row.dataset.key || `#${row.dataset.id}`);
  const more = keys.length > SHOWN_KEYS ? `\n${s("and_more", { n: keys.length - SHOWN_KEYS })}` : "";
  const question = `${s("sure", { n: rows.length })}\n${keys.slice(0, SHOWN_KEYS).join("\n")}${more}`;
  if (!(await confirmed(question, { yes: s("replay") }))) return;
  const ids = rows.map((row) => Number(row.dataset.id));
  const { items } = await ask("POST", "/api/v1/dead-letters/replays", { kind: kind(), dead_letter_ids: ids });
  const failed = items.filter((item) => !item.replayed);
  toast(s("replayed", { n: items.length - failed.length }), failed.length ? "plain" : "good");
  if (failed.length) toast(`${s("failed_again", { n: failed.length })}\n${failed[0].error}`, "bad");
  await refresh();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  const row = button?.closest("tr");
  const act = async () => {
    if (button?.hasAttribute("data-look")) await look(row.dataset.id);
    else if (button?.hasAttribute("data-replay")) await replay([row]);
    else if (button?.hasAttribute("data-replay-all")) {
      await replay([...button.closest("section").querySelectorAll("tr:has([data-replay])")]);
    }
  };
  act().catch(tell);
});

setInterval(() => document.hidden || document.querySelector("dialog:modal") || refresh(), LOOK_MS);
document.documentElement.dataset.ready = "yes";
