/** The answer to one picture: the verdict, what the network saw, and its neighbours as pictures. */

import { thumbnail } from "./api.js";
import { fill, h, labelText, picture } from "./dom.js";
import { judgeAnswer } from "./judgement.js";
import { createVerdict } from "./verdict.js";

/** @typedef {import("./judgement.js").Answer & {input: string, error?: string, position?: [number, number]|null, steps?: {name: string, picture: string}[]}} Result */

/** A place for the answer to one picture. */
export function createAnswer() {
  const verdict = createVerdict();
  const steps = h("ol", { class: "steps" });
  const stepsPart = h("section", {}, h("h3", {}, "What the network saw"), steps);
  const neighbours = createNeighbours();
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
    neighbours.show(answer.neighbours);
    nearestPart.hidden = !answer.neighbours.length;
    const seen = answer.steps ?? [];
    stepsPart.hidden = !seen.length;
    fill(steps, seen.map((one) => h("li", {}, picture(one.picture), h("span", {}, one.name))));
  }
  return { element, show };
}

/** Pictures with a label and a distance, each a link to its item; those that stay are not loaded again. */
export function createNeighbours() {
  const element = h("ol", { class: "tiles nearest" });
  let known = /** @type {Map<number, HTMLElement>} */ (new Map());

  /** @param {{id: number, label: string|null, distance: number, key: string}[]} neighbours */
  function show(neighbours) {
    const tiles = neighbours.map((one) => {
      const tile = known.get(one.id) ?? itemTile(one);
      fill(/** @type {Element} */ (tile.querySelector(".tile-label")), labelText(one.label));
      fill(/** @type {Element} */ (tile.querySelector(".tile-more")), one.distance.toFixed(3));
      return /** @type {[number, HTMLElement]} */ ([one.id, tile]);
    });
    known = new Map(tiles);
    fill(element, ...known.values());
  }
  return { element, show };
}

/**
 * An item as a picture that leads to it.
 * @param {{id: number, label: string|null, key: string}} item
 * @param {...any} more what else stands under it
 */
export function itemTile(item, ...more) {
  const image = picture(thumbnail(item.id), { loading: "lazy", width: 64, height: 64 });
  const words = [h("span", { class: "tile-label" }, labelText(item.label)), h("span", { class: "tile-more" }, ...more)];
  return h("li", {}, h("a", { class: "tile", href: `#item/${item.id}`, title: item.key }, image, words));
}
