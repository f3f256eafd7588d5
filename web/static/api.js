/** The server's API: one function that asks, and what it answers when something is wrong. */

const ROOT = "/api/v1";
/** What changes the index, unless it is only read. */
const CHANGES = /^\/(items|labelling)/;
let chosen = /** @type {string|null} */ (null);

/** What the server says is wrong, with its cure. */
export class ApiError extends Error {
  /**
   * @param {number} status HTTP status, 0 where no server answers
   * @param {{code?: string, message?: string, cure?: string}} error
   */
  constructor(status, error) {
    super(error.message ?? `The server answered ${status}.`);
    this.name = "ApiError";
    this.status = status;
    this.code = error.code ?? "";
    this.cure = error.cure ?? "";
  }
}

/** @param {string|null} name of the run that everything is asked of; null: the one that is served */
export function chooseRun(name) {
  chosen = name;
}

/**
 * The address of something in the API.
 * @param {string} path
 * @param {Record<string, any>} [query] what is null or "" is left out
 */
export function address(path, query = {}) {
  const all = Object.entries({ run: chosen, ...query });
  const told = all.filter(([, value]) => value !== null && value !== undefined && value !== "");
  const words = new URLSearchParams(told.map(([name, value]) => [name, String(value)])).toString();
  return `${ROOT}${path}${words ? `?${words}` : ""}`;
}

/** @param {number} id of an item */
export const thumbnail = (id) => address(`/items/${id}/thumbnail`);

/**
 * Ask the server.
 * @param {string} path below /api/v1
 * @param {{method?: string, query?: Record<string, any>, json?: any, body?: BodyInit,
 *   headers?: Record<string, string>, signal?: AbortSignal}} [options]
 * @returns {Promise<any>} the answer's object; null where there is none
 */
export async function ask(path, options = {}) {
  const { method = "GET", query, json, body, headers = {}, signal } = options;
  const sent = json === undefined ? body : JSON.stringify(json);
  if (json !== undefined) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(address(path, query), { method, body: sent, headers, signal });
  } catch (error) {
    if (/** @type {Error} */ (error).name === "AbortError") throw error;
    const words = { message: "No server answers.", cure: "Start it again: siam serve" };
    throw new ApiError(0, words);
  }
  const text = await response.text();
  const answer = parse(text);
  if (response.ok) {
    if (method !== "GET" && CHANGES.test(path)) window.dispatchEvent(new Event("siam-items-changed"));
    return answer;
  }
  if (response.status === 401 && path !== "/session") window.dispatchEvent(new Event("siam-token-wanted"));
  throw new ApiError(response.status, answer?.error ?? {});
}

/** @param {string} text */
function parse(text) {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}

/**
 * Send one picture, or several, as a form.
 * @param {string} path
 * @param {{name: string, blob: Blob}[]} pictures
 * @param {{query?: Record<string, any>, fields?: Record<string, string>, parts?: string[],
 *   signal?: AbortSignal}} [options] `parts`: the name of each picture's part, "pictures" by default
 */
export function sendPictures(path, pictures, options = {}) {
  const form = new FormData();
  for (const [name, value] of Object.entries(options.fields ?? {})) form.append(name, value);
  pictures.forEach(({ name, blob }, place) => {
    form.append(options.parts?.[place] ?? "pictures", blob, name);
  });
  return ask(path, { method: "POST", body: form, query: options.query, signal: options.signal });
}

/**
 * Keep only the newest of what is asked: it waits for quiet, aborts what is under way, and an older
 * answer never comes after a newer one.
 * @param {number} quiet milliseconds
 * @param {(signal: AbortSignal, ...given: any[]) => Promise<void>} work
 */
export function newestOnly(quiet, work) {
  let timer = 0;
  let controller = new AbortController();
  /** @param {...any} given */
  const ask = (...given) => {
    clearTimeout(timer);
    controller.abort();
    const mine = (controller = new AbortController());
    timer = window.setTimeout(() => work(mine.signal, ...given).catch(ignoreAbort), quiet);
  };
  ask.stop = () => {
    clearTimeout(timer);
    controller.abort();
  };
  return ask;
}

/** @param {Error} error */
function ignoreAbort(error) {
  if (error.name !== "AbortError") throw error;
}
