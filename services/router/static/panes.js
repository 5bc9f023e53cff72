// A queue on the left and the case on the right: chosen by arrows, looked at anew without losing
// what was begun. The pages of those who decide stand on it.

import { follow } from "/static/live.js";
import { Refused } from "/static/http.js";
import { tell } from "/static/dialogs.js";
import { s } from "/static/strings.js";

const LOOK_MS = 30_000; // what is left of a limit goes on by itself

/**
 * `page` is the address of the queue, `onCase(article)` is called with each case that was opened,
 * `onQueue()` after the queue was drawn anew. Gives {rows, row, open, step, refresh, next, noted, sent}.
 */
export function panes({ page, onCase, onQueue = () => {} }) {
  const box = document.getElementById("queue-box");
  const place = document.getElementById("case");
  let chosen = null;
  let opening = 0;

  const rows = () => [...box.querySelectorAll(".queue-row")];
  const row = (key) => rows().find((each) => each.dataset.key === key);

  function mark() {
    for (const each of rows()) {
      const mine = each.dataset.key === chosen;
      each.toggleAttribute("data-chosen", mine);
      const button = each.querySelector(".queue-open");
      if (mine) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    }
  }

  /** Show the case of a row; `focus` puts the reader at its title. */
  async function open(key, { address = row(key)?.dataset.address, focus = false } = {}) {
    if (!address) return;
    chosen = key;
    mark();
    const turn = (opening += 1);
    try {
      const html = await fragment(address);
      if (turn !== opening) return; // another was chosen meanwhile
      place.innerHTML = html;
      const article = place.querySelector("article");
      article.dataset.key = key;
      article.dataset.address = address;
      onCase(article);
      if (focus) article.querySelector("[data-focus]")?.focus();
    } catch (error) {
      tell(error);
    }
  }

  function step(by) {
    const all = rows();
    if (!all.length) return;
    const at = all.findIndex((each) => each.dataset.key === chosen);
    const to = all[Math.min(Math.max(at + by, 0), all.length - 1)] ?? all[0];
    to.querySelector(".queue-open").focus();
    to.scrollIntoView({ block: "nearest" });
    if (to.dataset.key !== chosen) open(to.dataset.key);
  }

  /** Which row comes after this one, to go on with when this one has been decided. */
  function next(key) {
    const all = rows();
    const at = all.findIndex((each) => each.dataset.key === key);
    return (all[at + 1] ?? all[at - 1])?.dataset.key ?? null;
  }

  /** Draw the queue anew; what was chosen stays, and the open case is told of changes only. */
  async function refresh() {
    const query = new URLSearchParams(location.search);
    query.delete("open");
    query.set("part", "queue");
    const html = await fragment(`${page}?${query}`);
    const focused = document.activeElement?.closest?.(".queue-row")?.dataset.key;
    const top = box.scrollTop;
    box.innerHTML = html;
    box.scrollTop = top;
    mark();
    if (focused) row(focused)?.querySelector(".queue-open").focus({ preventScroll: true });
    onQueue();
    const article = place.querySelector("article");
    const mine = article && row(article.dataset.key);
    if (mine && mine.dataset.seq && mine.dataset.seq !== article.dataset.version) {
      noted(article, s("changed"));
    } else if (article && !mine && !article.dataset.gone && !article.dataset.over) {
      article.dataset.over = "1";
      noted(article, s("left_queue", { number: article.dataset.number ?? "" }));
    }
  }

  /** Say in the case that it is not as it was, with a way to look at it anew. */
  function noted(article, text) {
    const line = notice(text);
    line.append(button(s("reload"), () => {
      const key = article.dataset.key;
      open(key, { address: row(key)?.dataset.address ?? article.dataset.address, focus: true });
    }));
    article.querySelector("[data-changed]").replaceChildren(line);
  }

  /** What was sent, with a way to look at it again: the only trace on a page that goes on. */
  function sent(text, address, key) {
    const line = notice(text);
    line.append(
      button(s("sent_open"), () => open(key, { address, focus: true })),
      button(s("dismiss"), () => line.remove()),
    );
    const told = document.getElementById("meanwhile");
    told.prepend(line);
    while (told.children.length > 3) told.lastElementChild.remove();
  }

  box.addEventListener("click", (event) => {
    const button = event.target.closest(".queue-open");
    if (button) open(button.closest(".queue-row").dataset.key);
  });
  const filters = document.getElementById("filters");
  filters?.addEventListener("change", () => {
    const query = new URLSearchParams([...new FormData(filters)].filter(([, value]) => value));
    history.replaceState(null, "", `${page}${query.size ? `?${query}` : ""}`);
    refresh().catch(tell);
  });
  follow(() => refresh());
  setInterval(() => document.hidden || refresh().catch(away), LOOK_MS);
  addEventListener("focus", () => refresh().catch(away));
  return { rows, row, open, step, refresh, next, noted, sent };
}

function away(error) {
  if (!(error instanceof TypeError)) throw error; // the network is away: asked again later
}

/** A line that tells something; the caller adds its ways out. */
function notice(text) {
  const line = document.createElement("p");
  const words = document.createElement("span");
  words.textContent = text;
  line.append(words);
  return line;
}

function button(text, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "btn btn-sm";
  made.textContent = text;
  made.addEventListener("click", act);
  return made;
}

async function fragment(address) {
  const answer = await fetch(address, { credentials: "same-origin", headers: { Accept: "text/html" } });
  if (answer.status === 401) {
    const here = location.pathname + location.search;
    document.dispatchEvent(new CustomEvent("shaodao:signed-out", { detail: { here } }));
  }
  if (!answer.ok) throw new Refused(answer.status, {});
  return answer.text();
}

/** Whether a key pressed now is meant for the case, not for a field one writes in or another button. */
export function idle() {
  const at = document.activeElement;
  return !at || at === document.body || at.matches("main, .queue-open, input[type=radio], input[type=checkbox], [data-focus]");
}

/** Who did what meanwhile, as a 409 tells it. */
export function changesOf(problem) {
  return (problem.changes ?? []).map((change) => `${change.who} ${change.zh}`).join("\n");
}
