/** The page: which part is in sight, by the address's part after #; signing in; choosing a run. */

import { mountAsk } from "./ask.js";
import { fill, h, showError } from "./dom.js";
import { mountItem } from "./item.js";
import { mountLabel } from "./label.js";
import { mountRun } from "./run.js";
import { mountSame } from "./same.js";
import { openSession } from "./session.js";
import { showSignIn } from "./sign_in.js";

/** @typedef {{show?: (argument: string) => unknown, paste?: (files: File[]) => void, unmount?: () => unknown}} View */

const TITLES = { ask: "Ask", same: "Same or different", map: "Map", label: "Label", run: "Run", item: "Item" };
/** @typedef {keyof typeof TITLES} Name */

const message = /** @type {HTMLElement} */ (document.getElementById("message"));
const views = /** @type {Map<Name, View>} */ (new Map());
/** Whether what the index holds was changed since the run was looked at. */
let changed = false;
let session = /** @type {import("./session.js").Session|null} */ (null);

/** @type {Record<Name, (element: HTMLElement) => View>} */
const mounts = {
  ask: (element) => mountAsk(element, known()),
  same: (element) => mountSame(element, known()),
  label: (element) => mountLabel(element, known()),
  run: (element) => mountRun(element, known(), choose),
  item: (element) => mountItem(element, known()),
  map: (element) => mountMapView(element, known()),
};

/**
 * @param {HTMLElement} element
 * @param {import("./session.js").Session} session
 * @returns {View}
 */
function mountMapView(element, session) {
  const place = h("div", {});
  fill(element, h("h1", {}, "Map"), place);
  const { writable } = session;
  const onSelect = (/** @type {number} */ id) => (location.hash = `#item/${id}`);
  // Only who looks at the map loads it.
  const opened = import("./map.js").then(({ mountMap }) => mountMap(place, { writable, onSelect }));
  opened.catch((error) => showError(place, error));
  const refresh = async () => (await opened).refresh();
  window.addEventListener("siam-items-changed", refresh);
  const unmount = async () => {
    window.removeEventListener("siam-items-changed", refresh);
    (await opened).close();
  };
  return { show: async () => (await opened).showQuery(session.query), unmount };
}

function known() {
  if (!session) throw new Error("No run is open.");
  return session;
}

/** @returns {[Name, string]} the part that the address names, and what of it */
function place() {
  const [name, ...rest] = location.hash.slice(1).split("/");
  return [name in TITLES ? /** @type {Name} */ (name) : "ask", decodeURIComponent(rest.join("/"))];
}

async function route() {
  if (!session) return;
  const [name, argument] = place();
  if (changed && name === "run") {
    changed = false;
    views.delete("run");
    Object.assign(session, await openSession(session.run), { query: session.query });
  }
  const title = argument ? `${TITLES[name]} ${argument}` : TITLES[name];
  document.title = `${title} · ${session.run} · siam`;
  for (const section of document.querySelectorAll("main > section")) {
    /** @type {HTMLElement} */ (section).hidden = section.id !== name;
  }
  for (const link of document.querySelectorAll("nav a")) {
    if (link.getAttribute("href") === `#${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const element = /** @type {HTMLElement} */ (document.getElementById(name));
  try {
    const view = views.get(name) ?? mounts[name](element);
    views.set(name, view);
    view.show?.(argument);
    window.scrollTo(0, 0);
  } catch (error) {
    showError(element, error);
  }
}

/**
 * Ask another run from now on; the address says which, so that it can be kept and sent.
 * @param {string} name
 */
function choose(name) {
  history.replaceState(null, "", `?${new URLSearchParams({ run: name })}${location.hash}`);
  start(name);
}

/** The run that the address names; null for the one that is served. */
const named = () => new URLSearchParams(location.search).get("run");

/** @param {string|null} name of the run to ask; null: the one that is served */
async function start(name) {
  for (const view of views.values()) view.unmount?.();
  views.clear();
  for (const section of document.querySelectorAll("main > section")) section.replaceChildren();
  try {
    session = await openSession(name);
    message.replaceChildren();
    fill(/** @type {HTMLElement} */ (document.getElementById("run-link")), session.run);
    await route();
  } catch (error) {
    session = null;
    if (/** @type {any} */ (error).status === 401) askForToken();
    else showError(message, error);
  }
}

function askForToken() {
  for (const section of document.querySelectorAll("main > section")) section.replaceChildren();
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
window.addEventListener("siam-items-changed", () => (changed = true));
window.addEventListener("siam-token-wanted", askForToken);
window.addEventListener("hashchange", route);
guardDrops();
start(named());
