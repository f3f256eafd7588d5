/** The answer to one picture: the verdict, what the network saw, and its neighbours as pictures. */

import { thumbnail } from "./api.js";
import { fill, h, labelText, picture } from "./dom.js";
import { judgeAnswer } from "./judgement.js";
import { createVerdict } from "./verdict.js";

/** @typedef {import("./judgement.js").Answer & {input: string, error?: string, position?: [number, number]|null, steps?: {name: string, picture: string}[]}} Result */
/** @typedef {{id: number, label: string|null, key: string}} Item */

/** A place for the answer to one picture. */
export function createAnswer() {
  const verdict = createVerdict();
  const steps = h("ol", { class: "steps" });
  const stepsPart = h("section", {}, h("h3", {}, "What the network saw"), steps);
  const neighbours = createTiles("nearest");
  const nearestPart = h("section", {}, h("h3", {}, "Nearest pictures"), neighbours.element);
  const element = h("div", { class: "answer" }, verdict.element, nearestPart, stepsPart);

  /**
   * @param {Result} answer as the server gave it
   * @param {number} asked the largest distance that it was decided by
   * @param {number} limit the largest that is to hold now
   */
  function show(answer, asked, limit) {
    const judged = judgeAnswer(answer, asked, limit);
    verdict.show({
      ...(judged.verdict === "no match" && judged.label
        ? { title: "No match", word: `${judged.label} comes nearest` }
        : { title: labelText(judged.label) }),
      verdict: judged.verdict,
      probability: judged.probability,
      of: "Probability that the label is right",
      reason: judged.reason,
      notes: judged.notes ?? [],
    });
    neighbours.show(answer.neighbours.map(withDistance));
    nearestPart.hidden = !answer.neighbours.length;
    const seen = answer.steps ?? [];
    stepsPart.hidden = !seen.length;
    fill(steps, seen.map((one) => h("li", {}, picture(one.picture), h("span", {}, one.name))));
  }
  return { element, show };
}

/**
 * Items as pictures, each a link to its item; those that stay are not loaded again, and keep the focus.
 * @param {string} [kind] class of the list
 */
export function createTiles(kind = "") {
  const element = h("ol", { class: `tiles ${kind}` });
  let known = /** @type {Map<number, HTMLElement>} */ (new Map());

  /** @param {(Item & {more: string})[]} items `more`: what stands under the label */
  function show(items) {
    const before = [...known.keys()].join();
    known = new Map(items.map((item) => [item.id, known.get(item.id) ?? itemTile(item)]));
    for (const { id, label, more } of items) {
      const words = /** @type {HTMLElement} */ (known.get(id)).querySelectorAll("span");
      fill(words[0], labelText(label));
      fill(words[1], more);
    }
    if ([...known.keys()].join() !== before) fill(element, ...known.values());
  }
  return { element, show };
}

/** @param {Item & {distance: number}} neighbour */
export const withDistance = (neighbour) => ({ ...neighbour, more: neighbour.distance.toFixed(3) });

/**
 * An item as a picture that leads to it.
 * @param {Item} item
 */
export function itemTile(item) {
  const image = picture(thumbnail(item.id), { loading: "lazy", width: 64, height: 64 });
  const words = [h("span", { class: "tile-label" }, labelText(item.label)), h("span", { class: "tile-more" })];
  return h("li", {}, h("a", { class: "tile", href: `#item/${item.id}`, title: item.key }, image, words));
}
