// The contact of who asked: fetched from intake for a purpose, recorded there, shown for the moment.

import { csrf } from "/static/http.js";
import { s, sentence } from "/static/strings.js";
import { sayWrong } from "./form.js";

/** Make the form of a contact show the telephone on a tap, and forget it when it closes. */
export function contactForm(form, intake) {
  const shown = form.querySelector("[data-step=shown]");
  const reveal = form.querySelector("[data-reveal]");
  reveal.addEventListener("click", async () => {
    form.querySelector(".form-error").hidden = true;
    if (!intake) {
      sayWrong(form, s("no_intake"));
      return;
    }
    reveal.disabled = true;
    try {
      show(shown, await look(intake, form));
      const phone = form.querySelector("input[name=how][value=phone]");
      if (![...form.querySelectorAll("input[name=how]")].some((each) => each.checked)) phone.checked = true;
    } catch (error) {
      if (error.problem) sayWrong(form, sentence(error.problem));
      else if (error instanceof TypeError) sayWrong(form, s("offline"));
      else throw error;
    } finally {
      reveal.disabled = false;
    }
  });
  form.closest("dialog").addEventListener("close", () => {
    shown.replaceChildren();
    shown.hidden = true;
  });
}

/** One look, which intake records. */
async function look(intake, form) {
  const ticket = form.querySelector("[data-ticket]").value;
  const purpose = form.querySelector("[data-purpose]").value;
  const answer = await fetch(`${intake}/api/v1/tickets/${ticket}/disclosures`, {
    method: "POST",
    credentials: "include", // the same sign-in; intake lets this one origin ask
    headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf() },
    body: JSON.stringify({ purpose }),
  });
  const data = await answer.json();
  if (!answer.ok) throw Object.assign(new Error("refused"), { problem: data });
  return data;
}

function show(box, { name, phone, door, text }) {
  const list = document.createElement("dl");
  list.className = "pairs";
  const add = (label, value) => {
    if (!value) return;
    list.append(
      Object.assign(document.createElement("dt"), { textContent: label }),
      Object.assign(document.createElement("dd"), { textContent: value }),
    );
  };
  add(s("name"), name);
  add(s("phone"), phone ?? s("no_number"));
  add(s("door"), door);
  add(s("own_words"), text);
  const parts = [list];
  if (phone) {
    const call = Object.assign(document.createElement("a"), { href: `tel:${phone}`, className: "btn btn-primary", textContent: `${s("call_now")} ${phone}` });
    parts.push(call);
  }
  parts.push(Object.assign(document.createElement("p"), { className: "form-hint", textContent: s("hidden") }));
  box.replaceChildren(...parts);
  box.hidden = false;
  box.querySelector("a")?.focus();
}
