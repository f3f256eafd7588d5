/** Label: the pictures that teach the run most, one after another, one key each. */

import { address, ask } from "./api.js";
import { fill, fitLabels, h, iconButton, labelText, percent, plural, showError } from "./dom.js";
import { keysOf } from "./label_keys.js";

const LOOK_AGAIN = 700; // milliseconds

/**
 * A key's name beside what it does; where there are no keys it is not shown.
 * @param {string} name
 */
const key = (name) => h("kbd", { "aria-hidden": "true" }, name);

/**
 * @param {HTMLElement} element
 * @param {import("./session.js").Session} session
 * @param {AbortSignal} life aborted when the run is closed
 */
export function mountLabel(element, session, life) {
  const title = h("h1", {}, "Label");
  if (!session.labelling || !session.writable) {
    const how = "siam serve --writable --label FOLDER";
    const words = "Pictures are labelled here where the server may write and was given a folder of them:";
    fill(element, title, h("div", { class: "card" }, h("p", {}, words), h("pre", { tabindex: 0 }, how)));
    return {};
  }
  let keys = /** @type {Map<string, string>} */ (new Map());
  let asked = /** @type {any} */ (null);
  let turn = 0;
  let busy = false;
  const spoken = h("p", { class: "sr-only", role: "status" });
  const problem = h("div", { class: "problem" });
  const body = h("div", { class: "two" });

  /**
   * @param {string} path
   * @param {any} [json]
   */
  async function step(path, json) {
    if (busy || life.aborted) return;
    busy = true;
    // Whoever else labels the same folder may have answered the question that is in sight.
    const meant = path && path !== "/undo" ? { key: asked?.key } : {};
    try {
      show(await ask(`/labelling${path}`, path ? { method: "POST", json: { ...meant, ...json } } : {}));
      problem.replaceChildren();
    } catch (error) {
      showError(problem, error);
      // Somebody else answered it: the one that is asked about by now is to be seen.
      if (/** @type {any} */ (error).code === "question") await ask("/labelling").then(show, (again) => showError(problem, again));
    } finally {
      busy = false;
    }
  }
  /** @param {string} label */
  const give = (label) => step("/label", { label });

  /** @param {any} answer as GET /labelling gives it */
  function show(answer) {
    asked = answer.question;
    if (answer.looking) {
      const { done, total } = answer.looking;
      const bar = h("progress", { max: total || 1, value: done, "aria-label": "Pictures looked at" });
      const words = total ? `${done.toLocaleString("en")} of ${plural(total, "picture")}` : "";
      fill(body, h("div", { class: "card progress" }, h("p", {}, "The pictures are being looked at. ", words), bar));
      window.setTimeout(() => step(""), LOOK_AGAIN);
      return;
    }
    keys = keysOf(answer.labels, keys);
    turn += 1;
    const left = asked?.left ?? 0;
    const progress = h(
      "div",
      { class: "progress" },
      h("progress", { max: answer.done + left || 1, value: answer.done, "aria-label": "Pictures done" }),
      h("span", {}, `${answer.done.toLocaleString("en")} done, ${left.toLocaleString("en")} left`),
    );
    const undo = iconButton("undo", "Undo", () => step("/undo"), { disabled: !answer.can_undo });
    undo.append(key("u"));
    const hadFocus = body.contains(document.activeElement);
    if (!asked) {
      fill(spoken, "All pictures are labelled or passed over.");
      fill(body, h("div", { class: "card empty" }, h("h2", {}, "Nothing is left to label"), progress, undo));
      if (hadFocus) undo.focus();
      return;
    }
    const guess = asked.label ? `${asked.label}, ${asked.verdict}, ${percent(asked.probability)}` : "no guess";
    fill(spoken, `Next picture: ${asked.key}. The run's guess: ${guess}.`);
    const image = h("img", { src: address("/labelling/picture", { turn }), alt: `The picture to label: ${asked.key}` });
    const accept = asked.label && h("button", { type: "button", class: "primary", onclick: () => give(asked.label) }, `It is ${asked.label}`, key("Enter"));
    const skip = h("button", { type: "button", onclick: () => step("/skip") }, "Skip", key("s"));
    fill(
      body,
      h("figure", { class: "card asked" }, image, h("figcaption", { class: "quiet" }, asked.key)),
      h("div", { class: "card" }, progress, h("p", {}, "The run's guess: ", h("strong", {}, guess)), h("div", { class: "row" }, accept, skip, undo), choices(), newLabel(answer.labels)),
    );
    if (hadFocus) (accept || skip).focus({ preventScroll: true });
  }

  function choices() {
    const buttons = [...keys].map(([name, label]) => {
      const guessed = label === asked.label ? "guess" : null;
      return h("button", { type: "button", class: guessed, onclick: () => give(label) }, h("kbd", { "aria-hidden": "true" }, name), h("span", {}, label));
    });
    return fitLabels(h("div", { class: "label-keys", role: "group", "aria-label": "Labels" }, buttons), [...keys.values()]);
  }

  /** @param {string[]} labels */
  function newLabel(labels) {
    const input = /** @type {HTMLInputElement} */ (h("input", { id: "new-label", list: "all-labels", autocomplete: "off", required: true }));
    /** @param {Event} event */
    const send = (event) => {
      event.preventDefault();
      give(input.value);
    };
    return h(
      "form",
      { class: "row", onsubmit: send },
      h("label", { for: "new-label" }, "Another label ", key("n")),
      input,
      h("button", {}, "Give it"),
      h("datalist", { id: "all-labels" }, labels.map((label) => h("option", { value: label }))),
    );
  }

  /** @param {KeyboardEvent} event */
  function press(event) {
    if (element.hidden || !asked || event.ctrlKey || event.metaKey || event.altKey) return;
    const target = /** @type {HTMLElement} */ (event.target);
    if (target.closest("input, select, textarea")) return;
    const label = keys.get(event.key.toLowerCase());
    if (event.key === "Enter" && asked.label && !target.closest("button, a")) give(asked.label);
    else if (event.key === "s") step("/skip");
    else if (event.key === "u") step("/undo");
    else if (event.key === "n") document.getElementById("new-label")?.focus();
    else if (label !== undefined) give(label);
    else return;
    event.preventDefault();
  }
  document.addEventListener("keydown", press, { signal: life });
  fill(element, title, spoken, problem, body);
  step("");
  return {};
}
