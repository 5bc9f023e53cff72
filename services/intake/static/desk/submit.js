// Submits the form: as a ticket, answered at once, handed over in an emergency, joined to another.

import { ask, Refused } from "/static/http.js";
import { confirmed, tell, toast } from "/static/dialogs.js";
import { isComposing } from "/static/shortcuts.js";
import { s, sentence } from "/static/strings.js";
import { clashed, current, keep } from "./draft.js";
import { clearErrors, field, read, showErrors, ticket } from "./form.js";
import { joined } from "./near.js";

const LEAST = 10;
const done = document.getElementById("done");
const handOver = document.getElementById("hand-over-dialog");
let busy = false;
let next = null;

/** `act` begins the next form once the number was read out. */
export function onNext(act) {
  next = act;
}

/** Register what is filled in. */
export function submit() {
  const join = joined();
  const then = join ? { join: { how: join.how, ticket_id: join.ticket_id } } : {};
  return send(ticket(), then);
}

/** Register and answer at once, in the words of the reply. */
export function answerNow() {
  const { reply, article } = read();
  if (!reply.trim()) {
    document.getElementById("reply-field").hidden = false;
    field("reply").focus();
    return toast(s("need_reply"));
  }
  const answer = { text: reply.trim() };
  if (article) {
    const [article_id, version] = article.split("@");
    answer.article = { article_id, version: Number(version) };
  }
  return send(ticket(), { answer });
}

/** Ask where to: 1 to 4, or Escape. */
export function askHandOver() {
  if (!handOver.open) handOver.showModal();
}

handOver.addEventListener("keydown", (event) => {
  if (isComposing(event) || !/^[1-4]$/.test(event.key)) return;
  event.preventDefault();
  handOver.querySelectorAll("[data-to]")[Number(event.key) - 1].click();
});
handOver.addEventListener("click", (event) => {
  const to = event.target.closest("[data-to]")?.dataset.to;
  if (!to) return;
  handOver.close();
  handOverTo(to);
});

/** An emergency is never held up by what is missing: the least is filled in. */
function handOverTo(to) {
  const made = ticket();
  const words = s("emergency_words", { to });
  if (made.description.length < LEAST) made.description = `${made.description}${made.description ? "。" : ""}${words}`;
  if (!Object.keys(made.place).length) made.place = { no_location: true };
  made.urgency = "critical";
  return send(made, { transfer: { to } }, s("emergency_reason", { to }));
}

async function send(made, then, reason = null, sure = false) {
  if (busy) return;
  busy = true;
  clearErrors();
  const { urgency_reason, language } = read();
  try {
    await keep(); // should the submission fail, the words are safe
    document.body.classList.add("submitting");
    const { draftId, version, callId } = current();
    const receipt = await ask("POST", `/api/v1/drafts/${draftId}/submissions`, {
      version,
      ticket: made,
      language,
      urgency_reason: reason ?? (urgency_reason.trim() || null),
      call_id: callId,
      confirmed: sure,
      ...then,
    });
    show(receipt, then);
  } catch (error) {
    busy = false; // a question may lead to another try
    await refused(error, made, then, reason);
  } finally {
    busy = false;
    document.body.classList.remove("submitting");
  }
}

async function refused(error, made, then, reason) {
  if (!(error instanceof Refused)) return error instanceof TypeError ? toast(s("no_network"), "bad") : tell(error);
  const { code, errors } = error.problem;
  if (code === "marked_number") {
    if (await confirmed(sentence(error.problem), { yes: s("marked_yes") })) await send(made, then, reason, true);
  } else if (code === "draft_changed") {
    clashed(s("clash"));
  } else if (errors?.length) {
    showErrors(errors);
  } else {
    tell(error);
  }
}

function show(receipt, then) {
  const to = then.transfer?.to;
  const how = to ? "transferred" : then.answer ? "answered" : then.join?.how === "merge" ? "joined" : null;
  const number = grouped(receipt.number);
  const by = new Date(receipt.dispatch_by.by).toLocaleString("zh-CN", {
    month: "long", day: "numeric", hour: "2-digit", minute: "2-digit", hour12: false,
    timeZone: "Asia/Shanghai",
  });
  document.getElementById("done-title").textContent = how ? s(`${how}_title`, { to }) : s("submitted");
  document.getElementById("done-number").textContent = number;
  document.getElementById("done-words").textContent = s(`read_${how ?? "registered"}`, { number, by, to });
  document.getElementById("done-open").href = `/desk/tickets/${receipt.ticket_id}`;
  done.showModal();
}

/** 1599 20261121 000001 7: as it is read out. */
function grouped(number) {
  return number.replace(/^(\d{4})(\d{8})(\d+)(\d)$/, "$1 $2 $3 $4");
}

// However it is closed, the next caller gets an empty form.
done.addEventListener("close", () => next?.());
document.getElementById("done-next").addEventListener("click", () => done.close());
