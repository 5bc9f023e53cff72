// 审核台: A or R and Enter decide with the first usual reason; numbers choose another, T writes one.

import { choose, itemsOf } from "./choose.js";
import { idle, panes } from "./panes.js";
import { Refused, ask } from "/static/http.js";
import { tell } from "/static/dialogs.js";
import { language, s, sentence } from "/static/strings.js";
import { shortcut } from "/static/shortcuts.js";

const units = itemsOf("units");
let open = null; // {article, form}

const desk = panes({ page: "/reviews", onCase: shown });

function shown(article) {
  const form = article.querySelector("[data-decide]");
  open = { article, form };
  if (!form) return;
  const unit = form.querySelector("[data-new-unit]");
  if (unit) {
    choose(unit, units, (item) => {
      unit.value = item.label;
      unit.dataset.value = item.value;
      unit.blur();
    });
    unit.addEventListener("input", () => (unit.dataset.value = ""));
  }
  form.addEventListener("change", (event) => event.target.name === "decision" && decided(form));
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-template]");
    if (button) fill(form, button);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    decide();
  });
  for (const part of form.querySelectorAll("[data-when]")) part.hidden = true;
}

const wordOf = (form) => form.querySelector("input[name=decision]:checked")?.value ?? null;

/** Granted or refused: its fields, its usual reasons, and the first of them as the reason. */
function decided(form) {
  const word = wordOf(form);
  for (const part of form.querySelectorAll("[data-when]")) part.hidden = part.dataset.when !== word;
  for (const list of form.querySelectorAll("[data-templates]")) list.hidden = list.dataset.templates !== word;
  form.querySelector("[data-send]").disabled = false;
  const reason = form.elements.reason;
  if (!reason.value || reason.dataset.usual === reason.value) {
    fill(form, form.querySelector(`[data-templates="${word}"] [data-template]`));
  }
}

function fill(form, button) {
  const reason = form.elements.reason;
  reason.value = button.querySelector("span").textContent;
  reason.dataset.usual = reason.value;
}

function press(word) {
  const radio = open.form.querySelector(`input[name=decision][value=${word}]`);
  radio?.click();
  radio?.focus();
}

/** Where a decision goes, and what it says there. */
function order(article, form) {
  const { kind, whistle, unit, ticket, version } = article.dataset;
  const granted = wordOf(form) === "granted";
  const reason = form.elements.reason.value.trim();
  const newUnit = form.querySelector("[data-new-unit]")?.dataset.value || null;
  const days = Number(form.elements.review_days?.value) || null;
  const to = (path, body) => ({ url: `/api/v1/whistles/${whistle}/${path}`, body: { unit, reason, ...body } });
  const yes = granted ? "granted" : "refused";
  switch (kind) {
    case "return":
    case "adjudication":
    case "dispute":
      return to(kind === "return" ? "rulings" : "adjudications", {
        decision: granted ? "returned" : "refused", new_unit: granted ? newUnit : null,
      });
    case "extension":
      return to("extensions", { decision: yes });
    case "suspension":
      return to("suspensions", { decision: yes, review_days: granted ? days : null });
    case "suspension_review":
      return granted ? to("resumptions", {}) : to("suspensions", { decision: "granted", review_days: days });
    case "resolution":
      return to("reviews", { decision: granted ? "passed" : "rejected" });
    case "release":
      return to("releases", { decision: granted ? "released" : "refused" });
    case "no_owner":
      return {
        url: `/api/v1/held/${ticket}/dispatch`,
        body: { lead: newUnit, assisting: [], version: Number(version), reason },
      };
    default:
      throw new Error(`no way to decide on ${kind}`);
  }
}

async function decide() {
  const { article, form } = open;
  if (open.busy || !wordOf(form)) return;
  const wrong = form.querySelector("[data-wrong]");
  const complain = (text, field) => {
    wrong.textContent = text;
    wrong.hidden = false;
    field?.focus();
  };
  wrong.hidden = true;
  const unit = form.querySelector("[data-new-unit]");
  const needsUnit = article.dataset.kind === "no_owner" || unit?.value;
  if (unit && wordOf(form) === "granted" && needsUnit && !unit.dataset.value) return complain(s("need_unit"), unit);
  if (!form.elements.reason.value.trim()) return complain(s("need_reason"), form.elements.reason);
  open.busy = true;
  const mine = open;
  const { key, number, address } = article.dataset;
  const next = desk.next(key);
  try {
    const { url, body } = order(article, form);
    await ask("POST", url, body);
    article.dataset.over = "1";
    desk.sent(s("sent", { number }), address, key);
    await desk.refresh();
    await desk.open(next && desk.row(next) ? next : key, {
      address: (next && desk.row(next)?.dataset.address) || address, focus: true,
    });
  } catch (error) {
    if (error instanceof Refused && error.status === 409) await meanwhile(article, error);
    else if (error instanceof Refused) complain(sentence(error.problem), unit);
    else tell(error);
  } finally {
    mine.busy = false;
  }
}

/** Somebody was quicker: say who did what since this case was opened; what was written stays. */
async function meanwhile(article, error) {
  const lines = [sentence(error.problem)];
  try {
    const whole = await ask("GET", `/api/v1/whistles/${article.dataset.whistle}`);
    for (const moment of whole.timeline) {
      if (moment.seq <= Number(article.dataset.version)) continue;
      const what = language === "en" ? moment.what : moment.zh;
      lines.push(s("meanwhile", { who: moment.name ?? moment.unit ?? moment.role, what }));
    }
  } catch (second) {
    tell(second);
  }
  desk.noted(article, lines.join("\n"));
  desk.refresh().catch(tell);
}

// ---- keys ----

const deciding = () => Boolean(open?.form && !open.form.querySelector("fieldset").disabled);

shortcut("ArrowDown", s("key_down"), () => desk.step(1), { when: idle });
shortcut("ArrowUp", s("key_up"), () => desk.step(-1), { when: idle });
shortcut("a", s("key_grant"), () => press("granted"), { when: deciding });
shortcut("r", s("key_refuse"), () => press("refused"), { when: deciding });
for (const n of [1, 2, 3]) {
  shortcut(String(n), s("key_template", { n }), () => {
    const list = open.form.querySelector("[data-templates]:not([hidden])");
    const found = list?.querySelectorAll("[data-template]")[n - 1];
    if (found) fill(open.form, found);
  }, { when: deciding });
}
shortcut("t", s("key_words"), () => {
  open.form.elements.reason.focus();
  open.form.elements.reason.select();
}, { when: deciding });
shortcut("u", s("key_unit"), () => open.form.querySelector("[data-new-unit]")?.focus(), { when: deciding });
shortcut("Enter", s("key_send"), decide, { when: () => deciding() && idle() && Boolean(wordOf(open.form)) });
shortcut("Ctrl+Enter", s("key_send"), decide, { when: () => deciding() && Boolean(wordOf(open.form)) });

if (desk.rows().length) desk.open(desk.rows()[0].dataset.key);
