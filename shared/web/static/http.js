// Requests of a page's scripts: with the CSRF token, as JSON, and refusals as what they say.

/** A refused request; `problem` is {code, zh, en, errors?, state?, version?}. */
export class Refused extends Error {
  constructor(status, problem) {
    super(problem.en ?? problem.code ?? String(status));
    this.status = status;
    this.problem = problem;
  }
}

/** The CSRF token of this page. */
export function csrf() {
  return document.querySelector('meta[name="csrf"]').content;
}

/**
 * Send a request; `body` is an object (sent as JSON), FormData, Blob or nothing.
 * Answers {status, data}, also when refused; throws TypeError when the network is away.
 */
export async function send(method, url, body = undefined, headers = {}, options = {}) {
  const all = { Accept: "application/json", "X-CSRF-Token": csrf(), ...headers };
  let content = body;
  if (body !== undefined && !(body instanceof FormData) && !(body instanceof Blob)) {
    all["Content-Type"] = "application/json";
    content = JSON.stringify(body);
  }
  const answer = await fetch(url, {
    method,
    headers: all,
    body: content,
    credentials: "same-origin",
    ...options,
  });
  if (answer.status === 401) {
    const here = location.pathname + location.search;
    document.dispatchEvent(new CustomEvent("shaodao:signed-out", { detail: { here } }));
  }
  const type = answer.headers.get("Content-Type") ?? "";
  const data = type.includes("json") ? await answer.json() : await answer.text();
  return { status: answer.status, data };
}

/** The data of a request that must succeed; throws Refused otherwise. */
export async function ask(method, url, body = undefined, headers = {}, options = {}) {
  const { status, data } = await send(method, url, body, headers, options);
  if (status >= 400) throw new Refused(status, typeof data === "object" ? data : {});
  return data;
}
