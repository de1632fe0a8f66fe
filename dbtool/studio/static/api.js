/** Requests to the server: the token travels in a header, never in an address. */

const TOKEN = "dbtool.token";

/** What the server refused: `status` of HTTP, and the code, message and hint that a terminal would print. */
export class ApiError extends Error {
  constructor(status, body) {
    const { message, hint = "", code = "" } = body?.error ?? {};
    super(message ?? `the server answered ${status}`);
    Object.assign(this, { status, code, hint, body });
  }

  /** The message with what to do about it. */
  get text() {
    return this.hint ? `${this.message}\n${this.hint}` : this.message;
  }
}

/** Take the token from the address, `#t=…`, keep it for this tab, and erase it from where it can be seen. */
export function takeToken() {
  const found = readToken(location.hash);
  if (!found) return;
  keepToken(found.token);
  history.replaceState(null, "", location.pathname + (found.rest && `#${found.rest}`));
}

/** Return the token of a link, and the place that the link leads to. */
export function readToken(text) {
  const match = /(?:^|[#&])t=([\w-]+)(?:&to=(.*))?/.exec(text);
  return match && { token: match[1], rest: decodeURIComponent(match[2] ?? "") };
}

export function hasToken() {
  return sessionStorage.getItem(TOKEN) !== null;
}

export function keepToken(token) {
  sessionStorage.setItem(TOKEN, token);
}

export function forgetToken() {
  sessionStorage.removeItem(TOKEN);
}

/** Ask the server; raises ApiError. A signal that is aborted cancels the statement in the database too. */
export async function api(path, body = {}, { signal } = {}) {
  const headers = { "Content-Type": "application/json", "X-Dbtool-Token": sessionStorage.getItem(TOKEN) ?? "" };
  const answer = await fetch(`/api/${path}`, { method: "POST", headers, body: JSON.stringify(body), signal, cache: "no-store" }).catch((error) => {
    if (isAborted(error)) throw error;
    throw new ApiError(0, { error: { message: "studio does not answer", hint: "start `dbtool studio` again; what is staged stays here" } });
  });
  const found = await answer.json().catch(() => null);
  if (answer.ok) return found;
  if (answer.status === 401) document.dispatchEvent(new Event("locked"));
  throw new ApiError(answer.status, found);
}

/** Whether an error only says that nobody waits for the answer any more. */
export function isAborted(error) {
  return error?.name === "AbortError";
}

/** Let the browser save what a ticket stands for. */
export function download({ ticket, name }) {
  const link = document.createElement("a");
  Object.assign(link, { href: `/api/download/${encodeURIComponent(ticket)}`, download: name });
  link.click();
}
