// 派单台: choose a unit by its number, Enter sends; many at once after a look over each.

import { choose, itemsOf } from "./choose.js";
import { changesOf, idle, panes } from "./panes.js";
import { drawSketch } from "./sketch.js";
import { Refused, ask, send } from "/static/http.js";
import { tell, toast } from "/static/dialogs.js";
import { s, sentence } from "/static/strings.js";
import { shortcut } from "/static/shortcuts.js";

const LOOK_AHEAD_MS = 150;
const units = itemsOf("units");
const categories = itemsOf("categories");
const nameOf = (code) => units.find((unit) => unit.value === code)?.label ?? code;
const may = Boolean(document.getElementById("dispatch").dataset.may);
const picked = new Set();
let open = null; // the case that is shown: {article, form, assisting, category}

const desk = panes({ page: "/dispatch", onCase: shown, onQueue: drawPicked });

function shown(article) {
  open = { article, form: article.querySelector("[data-decide]"), assisting: new Map(), category: null };
  drawSketch(article);
  article.querySelector("[data-hand]")?.addEventListener("click", handOver);
  if (open.form && may) preparedForDispatch(open);
  preparedForMerge(article.querySelector("[data-decide-merge]"));
  preparedForAssisting(article.querySelector("[data-add-assisting]"));
}

// ---- one ticket ----

function preparedForDispatch(mine) {
  const { form } = mine;
  const other = form.querySelector("[data-other]");
  const field = form.querySelector('[data-for="lead"]');
  choose(field, units, (unit) => {
    field.value = unit.label;
    other.value = unit.value;
    other.dataset.name = unit.label;
    other.checked = true;
    field.blur();
    lookAhead(mine);
  });
  choose(form.querySelector('[data-for="assisting"]'), units, (unit) => {
    form.querySelector('[data-for="assisting"]').value = "";
    mine.assisting.set(unit.value, unit.label);
    drawAssisting(mine);
    lookAhead(mine);
  });
  const category = form.querySelector('[data-for="category"]');
  choose(category, categories, (item) => {
    category.value = item.label;
    mine.category = item.value;
    category.blur();
    lookAhead(mine);
  });
  form.addEventListener("change", (event) => {
    if (event.target.name === "lead" && event.target.value) lookAhead(mine);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    dispatch(mine);
  });
}

function drawAssisting(mine) {
  const list = mine.form.querySelector("[data-assisting]");
  list.replaceChildren(...[...mine.assisting].map(([code, name]) => {
    const chip = document.createElement("li");
    chip.className = "tag tag-main";
    chip.append(name);
    const remove = document.createElement("button");
    remove.type = "button";
    remove.textContent = "×";
    remove.setAttribute("aria-label", s("remove", { name }));
    remove.addEventListener("click", () => {
      mine.assisting.delete(code);
      drawAssisting(mine);
      lookAhead(mine);
    });
    chip.append(remove);
    return chip;
  }));
}

/** What a dispatch now would say, or null while no lead is chosen. */
function decision({ article, form, assisting, category }) {
  const lead = form.querySelector("input[name=lead]:checked")?.value;
  if (!lead) return null;
  return {
    lead,
    assisting: [...assisting.keys()].filter((unit) => unit !== lead),
    category,
    version: Number(article.dataset.version),
  };
}

/** Say who would be called before anything is sent. */
function lookAhead(mine) {
  clearTimeout(mine.waiting);
  mine.turn = (mine.turn ?? 0) + 1;
  const turn = mine.turn;
  mine.form.querySelector("[data-send]").disabled = true;
  mine.waiting = setTimeout(async () => {
    const wanted = decision(mine);
    if (!wanted) return;
    try {
      const { items } = await ask("POST", "/api/v1/held/dispatches", {
        preview: true,
        items: [{ ticket_id: mine.article.dataset.ticket, ...wanted }],
      });
      if (turn === mine.turn) drawOutlook(mine, items[0]);
    } catch (error) {
      tell(error);
    }
  }, LOOK_AHEAD_MS);
}

function drawOutlook(mine, answer) {
  const box = mine.form.querySelector("[data-outlook]");
  box.classList.toggle("is-wrong", !answer.ok);
  mine.form.querySelector("[data-send]").disabled = !answer.ok;
  if (!answer.ok) {
    box.replaceChildren(paragraph(sentence({ errors: answer.errors })));
    if (answer.code === "out_of_date" || answer.code === "wrong_state") {
      desk.noted(mine.article, [sentence({ errors: answer.errors }), changesOf(answer)].filter(Boolean).join("\n"));
    }
    return;
  }
  const title = paragraph(s("will_call"));
  title.className = "fw-bold";
  box.replaceChildren(title, calledList(answer));
  if (mine.sendWhenReady) dispatch(mine);
}

function calledList(answer) {
  const list = document.createElement("ul");
  for (const { unit, relation, task } of answer.summonses) {
    const line = document.createElement("li");
    line.textContent = `${s(relation)}：${nameOf(unit)}${task ? `（${task}）` : ""}`;
    list.append(line);
  }
  return list;
}

function paragraph(text) {
  const made = document.createElement("p");
  made.textContent = text;
  return made;
}

async function dispatch(mine) {
  const wanted = decision(mine);
  if (!wanted || mine.busy) return;
  if (mine.form.querySelector("[data-send]").disabled) {
    mine.sendWhenReady = !mine.form.querySelector(".is-wrong"); // Enter came before the outlook
    return;
  }
  mine.sendWhenReady = false;
  mine.busy = true;
  const { ticket, number, key } = mine.article.dataset;
  const next = desk.next(key);
  try {
    await ask("POST", `/api/v1/held/${ticket}/dispatch`, wanted);
    mine.article.dataset.over = "1";
    desk.sent(s("sent", { number, unit: nameOf(wanted.lead) }), `/dispatch/${ticket}`, key);
    picked.delete(key);
    await desk.refresh();
    if (next && desk.row(next)) await desk.open(next, { focus: true });
    else await desk.open(key, { address: `/dispatch/${ticket}`, focus: true });
  } catch (error) {
    refused(mine.article, error);
  } finally {
    mine.busy = false;
  }
}

/** A 409 says who did what; all that was filled in stays. */
function refused(article, error) {
  if (error instanceof Refused && error.status === 409) {
    desk.noted(article, [sentence(error.problem), changesOf(error.problem)].filter(Boolean).join("\n"));
    desk.refresh().catch(tell);
    return;
  }
  tell(error);
}

// ---- merges, assisting, handing over ----

function preparedForMerge(form) {
  if (!form || !may) return;
  form.addEventListener("change", () => {
    form.querySelector("[data-send]").disabled = !form.querySelector("input[name=decision]:checked");
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const decided = form.querySelector("input[name=decision]:checked")?.value;
    if (!decided) return;
    const { merge, key } = open.article.dataset;
    const article = open.article;
    const next = desk.next(key);
    try {
      const reason = form.elements.reason.value.trim() || s("default_reason");
      await ask("POST", `/api/v1/merges/${merge}/decisions`, { decision: decided, reason });
      article.dataset.over = "1";
      toast(s("settled"), "good");
      await desk.refresh();
      await desk.open(next && desk.row(next) ? next : key, {
        address: (next && desk.row(next)?.dataset.address) || `/dispatch/${merge}`, focus: true,
      });
    } catch (error) {
      refused(article, error);
    }
  });
}

function preparedForAssisting(form) {
  if (!form) return;
  const field = form.querySelector('[data-for="add"]');
  let unit = null;
  choose(field, units, (item) => {
    unit = item.value;
    field.value = item.label;
    form.elements.task.focus();
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!unit) return field.focus();
    const key = open.article.dataset.key;
    const wrong = form.querySelector("[data-wrong]");
    wrong.hidden = true;
    const { status, data } = await send("POST", `/api/v1/whistles/${form.dataset.addAssisting}/assisting`, {
      unit, task: form.elements.task.value.trim() || null,
    });
    if (status >= 400) {
      wrong.textContent = sentence(data);
      wrong.hidden = false;
      return;
    }
    toast(s("added", { unit: nameOf(unit) }), "good");
    await desk.open(key, { address: `/dispatch/${data.ticket_ids[0]}`, focus: true });
  });
}

const handDialog = document.getElementById("hand-dialog");
const handForm = document.getElementById("hand-form");

function handOver() {
  if (!open?.article.dataset.ticket) return;
  document.getElementById("hand-wrong").hidden = true;
  handForm.reset();
  handDialog.showModal();
}

document.getElementById("hand-close").addEventListener("click", () => handDialog.close());
handForm.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { article } = open;
  const said = Object.fromEntries(new FormData(handForm));
  const body = { ...said, to_name: said.to_name.trim() || null, version: Number(article.dataset.version) };
  const { status, data } = await send("POST", `/api/v1/held/${article.dataset.ticket}/hand-overs`, body);
  if (status >= 400) {
    const wrong = document.getElementById("hand-wrong");
    wrong.textContent = [sentence(data), changesOf(data)].filter(Boolean).join("\n");
    wrong.hidden = false;
    return;
  }
  handDialog.close();
  const role = handForm.elements.to_role.selectedOptions[0].textContent;
  toast(s("handed", { number: article.dataset.number, name: body.to_name ?? role }), "good");
  await desk.refresh();
  await desk.open(article.dataset.key, { focus: true });
});

// ---- many at once ----

const bulkDialog = document.getElementById("bulk-dialog");
const bulkSend = document.getElementById("bulk-send");
let previewed = [];

function drawPicked() {
  const bar = document.getElementById("bulk");
  if (!bar) return;
  const there = new Map(desk.rows().map((row) => [row.dataset.key, row]));
  for (const key of [...picked]) if (!there.has(key)) picked.delete(key);
  for (const [key, row] of there) {
    const box = row.querySelector("input.queue-pick");
    if (box) box.checked = picked.has(key);
  }
  bar.hidden = picked.size === 0;
  document.getElementById("bulk-count").textContent = s("picked", { n: picked.size });
}

function pick(row, on) {
  if (on) picked.add(row.dataset.key);
  else picked.delete(row.dataset.key);
  drawPicked();
}

function bulkItems() {
  return desk.rows().filter((row) => picked.has(row.dataset.key)).map((row) => ({
    ticket_id: row.dataset.key, lead: row.dataset.best, assisting: [],
  }));
}

async function preview() {
  const items = bulkItems();
  if (!items.length) return;
  try {
    const answer = await ask("POST", "/api/v1/held/dispatches", { preview: true, items });
    previewed = items.map((item, at) => ({ ...item, version: answer.items[at].version, ok: answer.items[at].ok }));
    drawBulk(answer.items, "bulk_ok");
    const n = previewed.filter((item) => item.ok).length;
    bulkSend.textContent = n ? s("bulk_send", { n }) : s("bulk_none_ok");
    bulkSend.disabled = !n;
    bulkSend.hidden = false;
    bulkDialog.showModal();
    bulkSend.focus();
  } catch (error) {
    tell(error);
  }
}

function drawBulk(answers, good) {
  document.getElementById("bulk-items").replaceChildren(...answers.map((answer) => {
    const row = desk.row(answer.ticket_id);
    const line = document.createElement("div");
    line.className = "bulk-item";
    const number = paragraph(row?.dataset.number ?? numbers.get(answer.ticket_id) ?? "");
    numbers.set(answer.ticket_id, number.textContent);
    number.className = "figure";
    const what = document.createElement("div");
    const title = row?.querySelector(".queue-title")?.textContent ?? "";
    if (title) what.append(paragraph(title));
    if (answer.ok) what.append(calledList(answer));
    else what.append(paragraph([sentence({ errors: answer.errors }), changesOf(answer)].filter(Boolean).join("\n")));
    const tag = document.createElement("span");
    tag.className = `tag ${answer.ok ? "tag-good" : "tag-bad"}`;
    tag.textContent = s(answer.ok ? good : "bulk_wrong");
    line.append(number, what, tag);
    return line;
  }));
}
const numbers = new Map();

async function sendBulk() {
  const items = previewed.filter((item) => item.ok).map(({ ok, ...item }) => item);
  bulkSend.disabled = true;
  try {
    const answer = await ask("POST", "/api/v1/held/dispatches", { preview: false, items });
    const failed = answer.items.filter((item) => !item.ok);
    drawBulk(answer.items, "bulk_sent");
    bulkSend.hidden = true;
    for (const item of answer.items) if (item.ok) picked.delete(item.ticket_id);
    toast(s("bulk_done", { n: answer.items.length - failed.length }), "good");
    if (failed.length) toast(s("bulk_failed", { n: failed.length }), "bad");
    else bulkDialog.close();
    await desk.refresh();
  } catch (error) {
    tell(error);
  }
}

document.getElementById("queue-box").addEventListener("change", (event) => {
  if (event.target.matches("input.queue-pick")) pick(event.target.closest(".queue-row"), event.target.checked);
});
document.getElementById("bulk-close").addEventListener("click", () => bulkDialog.close());
bulkSend.addEventListener("click", sendBulk);
document.getElementById("bulk-preview")?.addEventListener("click", preview);
document.getElementById("bulk-none")?.addEventListener("click", () => {
  picked.clear();
  drawPicked();
});

// ---- keys ----

const field = (what) => open?.form?.querySelector(`[data-for="${what}"]`);

shortcut("ArrowDown", s("key_down"), () => desk.step(1), { when: idle });
shortcut("ArrowUp", s("key_up"), () => desk.step(-1), { when: idle });
for (const n of [1, 2, 3]) {
  shortcut(String(n), s("key_choose", { n }), () => {
    const radios = open.article.querySelectorAll(".candidate:not(.candidate-other) input[type=radio]:not(:disabled)");
    radios[n - 1]?.click();
    radios[n - 1]?.focus();
  }, { when: () => Boolean(open) });
}
shortcut("Enter", s("key_send"), () => {
  const form = open.form ?? open.article.querySelector("[data-decide-merge]");
  if (open.form) dispatch(open);
  else form.requestSubmit();
}, {
  when: () => may && idle() && Boolean(open?.article.querySelector(".candidate input[type=radio]:checked")),
});
shortcut("u", s("key_unit"), () => field("lead").focus(), { when: () => Boolean(field("lead")) });
shortcut("a", s("key_assisting"), () => field("assisting").focus(), { when: () => Boolean(field("assisting")) });
shortcut("c", s("key_category"), () => field("category").focus(), { when: () => Boolean(field("category")) });
shortcut("h", s("key_hand"), handOver, { when: () => Boolean(open?.article.dataset.ticket) });
shortcut("x", s("key_pick"), () => {
  const box = desk.row(open.article.dataset.key)?.querySelector("input.queue-pick:not(:disabled)");
  if (box) pick(box.closest(".queue-row"), !box.checked);
}, { when: () => may && Boolean(open) });
shortcut("b", s("key_bulk"), preview, { when: () => picked.size > 0 });

const asked = new URLSearchParams(location.search).get("open");
if (asked) desk.open(asked, { address: `/dispatch/${asked}`, focus: true });
else if (desk.rows().length) desk.open(desk.rows()[0].dataset.key);
