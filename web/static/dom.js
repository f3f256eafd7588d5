/** Elements and words: what every part of the page builds itself from. */

/** @typedef {Node|string|number|null|undefined|false} Child what is null or false is left out */

/**
 * Build an element. Text is only ever set as text: labels come from strangers' files.
 * @param {string} tag
 * @param {Record<string, any>} [attributes] `on…` functions listen, true is present, false/null absent
 * @param {...(Child|Child[]|Child[][])} children
 * @returns {HTMLElement}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value") /** @type {HTMLInputElement} */ (element).value = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  fill(element, ...children);
  return element;
}

/**
 * Give an element new children.
 * @param {Element} element
 * @param {...(Child|Child[]|Child[][])} children
 */
export function fill(element, ...children) {
  const wanted = children.flat(2).filter((one) => one !== null && one !== undefined && one !== false);
  element.replaceChildren(...wanted.map((one) => (one instanceof Node ? one : String(one))));
}

/** Pixels of a picture up to which each of them is to be seen, rather than smoothed. */
const TINY = 32;

/**
 * A picture from the server; what cannot be shown leaves its place empty.
 * @param {string} source
 * @param {Record<string, any>} [attributes]
 */
export function picture(source, attributes = {}) {
  const image = /** @type {HTMLImageElement} */ (h("img", { src: source, alt: "", ...attributes }));
  image.addEventListener("load", () => image.classList.toggle("pixels", image.naturalWidth <= TINY));
  image.addEventListener("error", () => image.classList.add("missing"));
  return image;
}

const ICONS = {
  pen: "M4 20l1-4L16 5l3 3L8 19zM14 7l3 3",
  eraser: "M7 20h12M5 14l8-9 6 5-8 9H8z",
  undo: "M9 7L4 12l5 5M4 12h10a5 5 0 0 1 0 10",
  clear: "M6 7h12M9 7V4h6v3M7 7l1 13h8l1-13",
  file: "M4 19V6h6l2 2h8v11zM12 11v5M9.5 13.5h5",
  camera: "M4 8h4l2-3h4l2 3h4v11H4zM12 10a3 3 0 1 0 0 6 3 3 0 0 0 0-6z",
  match: "M5 13l4 4L19 7",
  unsure: "M9 9a3 3 0 1 1 4 3c-1 .5-1 1-1 2M12 18v.5",
  "no match": "M6 6l12 12M18 6L6 18",
  same: "M5 13l4 4L19 7",
  different: "M6 6l12 12M18 6L6 18",
};

/**
 * A line drawing that says nothing by itself; the text beside it does.
 * @param {keyof ICONS} name
 * @returns {SVGElement}
 */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  const path = document.createElementNS(space, "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", ICONS[name] ?? "");
  svg.append(path);
  return svg;
}

/**
 * A button with a line drawing and a word.
 * @param {keyof ICONS} drawing
 * @param {string} words
 * @param {() => void} action
 * @param {Record<string, any>} [attributes]
 */
export function iconButton(drawing, words, action, attributes = {}) {
  const button = { type: "button", onclick: action, ...attributes };
  return h("button", button, icon(drawing), h("span", {}, words));
}

/**
 * A button that asks once more: what it does cannot be taken back.
 * @param {{name: string, question: string, yes: string, no: string}} words `name`: of the button
 * @param {() => void} action
 */
export function confirmation({ name, question, yes, no }, action) {
  const place = h("div", { class: "row" });
  const first = h("button", { type: "button", class: "danger", onclick: ask }, name);
  const back = () => (fill(place, first), first.focus());
  function ask() {
    const act = h("button", { type: "button", class: "danger", onclick: action }, yes);
    fill(place, h("p", {}, question), act, h("button", { type: "button", onclick: back }, no));
    act.focus();
  }
  place.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !place.contains(first)) back();
  });
  fill(place, first);
  return place;
}

/**
 * A fraction as per cent, which never says 100 % or 0 % of what is not.
 * @param {number} fraction 0 to 1
 */
export function percent(fraction) {
  if (fraction > 0.9995 && fraction < 1) return "> 99.9 %";
  if (fraction > 0 && fraction < 0.0005) return "< 0.1 %";
  return `${(100 * fraction).toFixed(1).replace(/\.0$/, "")} %`;
}

/**
 * A share as a person reads it: "2.6 % of", or "1 in 11,000,000".
 * @param {number} fraction above 0
 */
export function smallShare(fraction) {
  const round = (/** @type {number} */ number) => Number(number.toPrecision(2)).toLocaleString("en");
  return fraction < 0.01 ? `1 in ${round(1 / fraction)}` : `${round(100 * fraction)} % of`;
}

/**
 * The number beside a word: `plural(1, "picture")` is "1 picture".
 * @param {number} count
 * @param {string} noun
 */
export function plural(count, noun) {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}

/**
 * Make a list's columns as wide as its longest label wants: words are broken only beyond that.
 * @param {HTMLElement} list
 * @param {string[]} labels
 */
export function fitLabels(list, labels) {
  const longest = Math.min(20, Math.max(0, ...labels.map((label) => label.length)));
  list.style.setProperty("--label", `${longest}ch`);
  return list;
}

/** @param {string|null|undefined} label */
export const labelText = (label) => label || "no label";

/**
 * What went wrong and what mends it, in place of what was asked for.
 * @param {Element} element
 * @param {any} error
 */
export function showError(element, error) {
  if (error?.name === "AbortError") return;
  const words = error?.message || "Something went wrong.";
  const cure = error?.cure ? h("p", {}, error.cure) : null;
  fill(element, h("div", { class: "error", role: "alert" }, h("p", {}, h("strong", {}, words)), cure));
}
