// The desk's REST API from the page: session, CSRF, an idempotency key for whatever changes something.

const ROOT = "/api/v1";
const TRIES = 3;
const PAUSE = 700;

export class ApiError extends Error {
  constructor({ code, message, detail, trace_id: traceId }, status) {
    super(message || "The desk refused, and did not say why.");
    Object.assign(this, { code: code ?? "UNKNOWN", detail: detail ?? {}, traceId, status });
  }
}

// Signing in again in another tab changes it: the cookie knows, the page as it was loaded does not.
function csrf() {
  return /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie)?.[1] ?? document.querySelector("meta[name=csrf-token]").content;
}

function key() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

export async function get(path) {
  return answer(await fetch(ROOT + path, { headers: { Accept: "application/json" }, credentials: "same-origin" }));
}

// A change is sent again under the same key when no answer came: the desk does it once.
export async function send(method, path, body = {}) {
  const headers = {
    "Content-Type": "application/json", Accept: "application/json",
    "X-CSRFToken": csrf(), "Idempotency-Key": key(),
  };
  const request = { method, headers, body: JSON.stringify(body), credentials: "same-origin" };
  for (let attempt = 1; ; attempt += 1) {
    try {
      const response = await fetch(ROOT + path, request);
      if (response.status !== 503 || attempt === TRIES) return await answer(response);
    } catch (error) {
      if (error instanceof ApiError) throw error;
      if (attempt === TRIES) {
        throw new ApiError({
          code: "NO_ANSWER",
          message: "The desk did not answer. It is not known whether this was done: look at the orders before you try again.",
        }, 0);
      }
    }
    await wait(PAUSE * attempt);
  }
}

// A question with a body: it changes nothing, so it is asked once and not again.
export async function ask(path, body) {
  const headers = { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": csrf() };
  return answer(await fetch(ROOT + path, { method: "POST", headers, body: JSON.stringify(body), credentials: "same-origin" }));
}

export const post = (path, body) => send("POST", path, body);
export const patch = (path, body) => send("PATCH", path, body);

async function answer(response) {
  const type = response.headers.get("content-type") ?? "";
  const body = type.includes("json") && response.status !== 204 ? await response.json() : {};
  if (response.ok) return body;
  if (response.status === 401) {
    throw new ApiError({ code: "SIGNED_OUT", message: "Your session has ended. Nothing was done: sign in again in another tab, then go on here." }, 401);
  }
  throw new ApiError(body, response.status);
}

export async function pages(path, limit = 400) {
  const found = [];
  let next = path;
  while (next && found.length < limit) {
    const page = await get(next);
    if (Array.isArray(page)) return page;
    found.push(...page.results);
    next = page.next ? page.next.slice(page.next.indexOf(ROOT) + ROOT.length) : null;
  }
  return found;
}
