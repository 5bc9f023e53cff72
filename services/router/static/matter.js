// One matter on a page: shown anew when it changes; while somebody writes, only told that it has.

import { counted } from "/static/countdown.js";
import { toast } from "/static/dialogs.js";
import { ask, Refused, send } from "/static/http.js";
import { follow } from "/static/live.js";
import { fresh } from "/static/part.js";
import { language, s, sentence } from "/static/strings.js";

/**
 * `name` is the id of the element that shows it, `page` where its address begins, `dress()` what a
 * freshly shown one needs, `moved(part)` what is done to it before it is put in.
 * Gives {shown, id, refresh, showDiff, begin}.
 */
export function matter({ name, page, dress, moved = () => {} }) {
  const live = document.getElementById("live");
  const changed = document.getElementById("changed");
  const diff = document.getElementById("diff");
  const shown = () => document.getElementById(name);
  const id = () => shown().dataset.id;
  let seen = Number(shown().dataset.seq); // up to where the reader was shown
  let stale = false; // the page shows an older state than there is

  const busy = () => Boolean(document.querySelector("dialog:modal"));

  /** Show it as it is now; while somebody writes, only say that it changed. */
  async function refresh() {
    if (busy()) {
      stale = true;
      return;
    }
    const part = await fresh(location.href, name);
    if (!part || busy()) return;
    const focused = document.activeElement?.dataset?.open;
    moved(part);
    shown().replaceWith(part);
    seen = Number(shown().dataset.seq);
    stale = false;
    changed.hidden = true;
    counted();
    dress();
    if (focused) document.querySelector(`[data-open="${focused}"]`)?.focus();
  }

  /** What changed since the reader was shown it; `refusal` is a 409 that says why one has to look. */
  async function showDiff(refusal) {
    const part = await fresh(`${page}/${id()}/since?seq=${seen}`, "since");
    const why = document.getElementById("diff-why");
    why.hidden = !refusal;
    if (refusal) why.textContent = sentence(refusal.problem);
    document.getElementById("diff-what").replaceChildren(...(part ? [part] : []));
    seen = Number(part?.dataset.seq || seen);
    changed.hidden = true;
    stale = true;
    diff.showModal();
  }

  async function heard(ids) {
    if (ids && !ids.has(id())) return;
    if (!busy()) {
      await refresh();
      return;
    }
    const { status, data } = await send("GET", `/api/v1/whistles/${id()}`);
    if (status !== 200 || data.whistle.seq <= seen) return;
    const last = data.timeline.at(-1);
    const what = `${last.name ?? ""} ${language === "en" ? last.what : last.zh}`;
    changed.querySelector("span").textContent = s("changed", { what });
    changed.hidden = false;
    stale = true;
    toast(s("changed_somehow"));
  }

  document.addEventListener("close", () => stale && refresh(), true);
  document.getElementById("look")?.addEventListener("click", () => showDiff(null));

  /** Follow it from now on. */
  function begin() {
    follow(heard, (on) => {
      live.textContent = on ? live.dataset.on : live.dataset.off;
      live.dataset.state = on ? "on" : "off";
    });
    document.documentElement.dataset.ready = "yes";
  }

  return { shown, id, refresh, showDiff, begin };
}

/** The files of a whistle, each a link; what cannot be read now stays as it was. */
export async function showFiles(whistleId) {
  const list = document.getElementById("files");
  try {
    const { items } = await ask("GET", `/api/v1/files?whistle_id=${whistleId}`);
    list.replaceChildren(...items.map((file, index) => {
      const item = document.createElement("li");
      const link = Object.assign(document.createElement("a"), { href: file.url, target: "_blank", rel: "noopener" });
      const name = `${list.dataset.name} ${index + 1}`;
      if (file.thumb) link.append(Object.assign(new Image(), { src: file.thumb, alt: name, loading: "lazy" }));
      else link.textContent = `${name} (PDF)`;
      item.append(link);
      return item;
    }));
  } catch (error) {
    if (!(error instanceof TypeError) && !(error instanceof Refused)) throw error;
  }
}
