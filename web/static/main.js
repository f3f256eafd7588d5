/** The page: which part is in sight, by the address's part after #; signing in; choosing a run. */

import { mountAsk } from "./ask.js";
import { fill, h, showError } from "./dom.js";
import { mountItem } from "./item.js";
import { mountLabel } from "./label.js";
import { mountRun } from "./run.js";
import { mountSame } from "./same.js";
import { openSession } from "./session.js";
import { showSignIn } from "./sign_in.js";

/**
 * @typedef {import("./session.js").Session} Session
 * @typedef {{show?: (argument: string, signal: AbortSignal) => unknown, paste?: (files: File[]) => void}} View
 *   `signal`: aborted when another part is gone to, for which an answer would come too late
 */

const TITLES = { ask: "Ask", same: "Same or different", map: "Map", label: "Label", run: "Run", item: "Item" };
/** @typedef {keyof typeof TITLES} Name */

const message = /** @type {HTMLElement} */ (document.getElementById("message"));
const content = /** @type {HTMLElement} */ (document.getElementById("content"));
const sections = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("main > section")]);
const views = /** @type {Map<Name, View>} */ (new Map());
/** Where a part was left by a link of its own: what had the focus, and how far it was scrolled. */
const left = /** @type {Map<Name, {focus: HTMLElement, top: number}>} */ (new Map());
/** Whether what the index holds was changed since the run was looked at. */
let changed = false;
let session = /** @type {Session|null} */ (null);
/** Aborted when the run is closed: its views wait for nothing and listen to nothing any more. */
let life = new AbortController();
/** Aborted when another part is gone to. */
let visit = new AbortController();

/** @type {Record<Name, (element: HTMLElement, session: Session, life: AbortSignal) => View>} */
const mounts = {
  ask: mountAsk,
  same: mountSame,
  label: mountLabel,
  run: (element, opened) => mountRun(element, opened, choose),
  item: mountItem,
  map: mountMapView,
};

/**
 * @param {HTMLElement} element
 * @param {Session} session
 * @param {AbortSignal} life
 * @returns {View}
 */
function mountMapView(element, session, life) {
  const place = h("div", {});
  fill(element, h("h1", {}, "Map"), place);
  const { writable } = session;
  const onSelect = (/** @type {number} */ id) => (location.hash = `#item/${id}`);
  // Only who looks at the map loads it.
  const opened = import("./map.js").then(({ mountMap }) => mountMap(place, { writable, onSelect, life }));
  opened.catch((error) => showError(place, error));
  window.addEventListener("siam-items-changed", async () => (await opened).refresh(), { signal: life });
  return { show: async () => (await opened).showQuery(session.query) };
}

/** @returns {[Name, string]} the part that the address names, and what of it */
function place() {
  const [name, ...rest] = location.hash.slice(1).split("/");
  return [name in TITLES ? /** @type {Name} */ (name) : "ask", decodeURIComponent(rest.join("/"))];
}

/** Show the part that the address names. */
async function route() {
  visit.abort();
  if (!session) return; // who opens it comes here then
  const { signal } = (visit = new AbortController());
  const [name, argument] = place();
  const element = /** @type {HTMLElement} */ (document.getElementById(name));
  leave();
  document.querySelector("dialog")?.close(); // below it nothing would take the focus
  const title = argument ? `${TITLES[name]} ${argument}` : TITLES[name];
  document.title = `${title} · ${session.run} · siam`;
  for (const section of sections) section.hidden = section !== element;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.getAttribute("href") === `#${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  try {
    if (changed && name === "run") await lookAgain(element, session, signal);
    const view = views.get(name) ?? mounts[name](element, session, life.signal);
    views.set(name, view);
    const shown = view.show?.(argument, signal);
    arrive(name, element);
    await shown;
  } catch (error) {
    showError(element, error);
  }
}

/** Remember where the part in sight is left, if a link in it leads away. */
function leave() {
  const focus = /** @type {HTMLElement} */ (document.activeElement);
  const section = sections.find((one) => !one.hidden);
  if (!section) return;
  const name = /** @type {Name} */ (section.id);
  if (section.contains(focus)) left.set(name, { focus, top: window.scrollY });
  else left.delete(name);
}

/**
 * Put the focus where the part was left, otherwise on its heading: who does not see the page is told
 * so that another part is there.
 * @param {Name} name
 * @param {HTMLElement} element
 */
function arrive(name, element) {
  const before = left.get(name);
  const back = before && element.contains(before.focus);
  window.scrollTo(0, back ? before.top : 0);
  if (back) return before.focus.focus({ preventScroll: true });
  const heading = element.querySelector("h1");
  if (!heading || !arrived) return void (arrived = true); // as the page opens it is read from its top
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}
let arrived = false;

/**
 * Read the run's counts once more, after a change of its index.
 * @param {HTMLElement} element
 * @param {Session} opened
 * @param {AbortSignal} signal
 */
async function lookAgain(element, opened, signal) {
  views.delete("run");
  element.replaceChildren();
  changed = false;
  try {
    Object.assign(opened, await openSession(opened.run, signal), { query: opened.query });
  } catch (error) {
    changed = true;
    throw error;
  }
}

/**
 * Ask another run from now on; the address says which, so that it can be kept and sent.
 * @param {string} name
 */
function choose(name) {
  history.replaceState(null, "", `?${new URLSearchParams({ run: name })}${location.hash}`);
  // Where arrow keys choose, each step is another run: the next step is to be possible.
  start(name).then(() => document.getElementById("run-name")?.focus());
}

/** The run that the address names; null for the one that is served. */
const named = () => new URLSearchParams(location.search).get("run");

/** @param {string|null} name of the run to ask; null: the one that is served */
async function start(name) {
  close();
  const { signal } = life;
  try {
    session = await openSession(name, signal);
    message.replaceChildren();
    fill(/** @type {HTMLElement} */ (document.getElementById("run-link")), session.run);
    await route();
  } catch (error) {
    if (signal.aborted) return;
    if (/** @type {any} */ (error).status === 401) askForToken();
    else showError(message, error);
  }
}

/** End all that the open run's views do, and take them away. */
function close() {
  life.abort();
  life = new AbortController();
  session = null;
  views.clear();
  left.clear();
  for (const section of sections) section.replaceChildren();
}

function askForToken() {
  if (message.querySelector(".sign-in")) return; // several questions may be refused at once
  close();
  document.title = "Sign in · siam";
  showSignIn(message, () => start(named()));
}

/** Files that are dropped beside a place for them would make the browser leave the page. */
function guardDrops() {
  for (const name of ["dragover", "drop"]) {
    window.addEventListener(name, (event) => event.preventDefault());
  }
}

window.addEventListener("paste", (event) => {
  const files = [.../** @type {ClipboardEvent} */ (event).clipboardData?.files ?? []];
  if (files.length) views.get(place()[0])?.paste?.(files);
});
// The address names a part, so the link to the content must not change it.
document.querySelector(".skip")?.addEventListener("click", (event) => {
  event.preventDefault();
  content.focus();
});
window.addEventListener("siam-items-changed", () => (changed = true));
window.addEventListener("siam-token-wanted", askForToken);
window.addEventListener("hashchange", route);
guardDrops();
start(named());
