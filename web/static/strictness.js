/** The slider of the false accept rate: how many different pictures may pass for the same. */

import { fill, h, smallShare } from "./dom.js";

/** @typedef {{false_accept_rate: number|null, threshold: number}} Limit the rate is null where the run's own limit holds */

/**
 * @param {{points: {false_accept_rate: number, threshold: number}[], threshold: number,
 *   onMove: (limit: Limit) => void, onSettle: (limit: Limit) => void}} options
 *   the rates to choose among, rising; the run's own largest distance; who is told of each step, and
 *   who when the slider rests
 */
export function createStrictness({ points, threshold, onMove, onSettle }) {
  const own = /** @type {Limit} */ ({ false_accept_rate: null, threshold });
  let limit = own;
  const home = points.findLastIndex((point) => point.threshold <= threshold);
  const words = h("output", { class: "strictness-words" });
  const slider = /** @type {HTMLInputElement} */ (
    h("input", { type: "range", min: 0, max: Math.max(points.length - 1, 0), step: 1, value: Math.max(home, 0), "aria-label": "False accept rate, from strict to lenient" })
  );
  const back = h("button", { type: "button", class: "small", hidden: true }, "Most accurate");

  /** @param {Limit} next */
  function set(next) {
    limit = next;
    back.hidden = limit === own;
    const rate = limit.false_accept_rate;
    const share = rate === null ? "The most accurate" : `${smallShare(rate)} different pairs pass`;
    fill(words, h("strong", {}, share), ` · distance ${limit.threshold.toFixed(3)} at most`);
    slider.setAttribute("aria-valuetext", words.textContent ?? "");
  }

  slider.addEventListener("input", () => {
    set(points[Number(slider.value)] ?? own);
    onMove(limit);
  });
  slider.addEventListener("change", () => onSettle(limit));
  back.addEventListener("click", () => {
    slider.value = String(Math.max(home, 0));
    set(own);
    onMove(limit);
    onSettle(limit);
    slider.focus();
  });
  set(own);
  const element = h(
    "div",
    { class: "strictness", role: "group", "aria-label": "How strict the verdict is" },
    h("div", { class: "row between" }, h("h2", {}, "False accept rate"), back),
    slider,
    h("div", { class: "row between quiet", "aria-hidden": "true" }, h("span", {}, "strict"), h("span", {}, "lenient")),
    words,
  );
  element.hidden = points.length < 2;
  return { element, limit: () => limit };
}

/**
 * The options of a request that is to be decided by a limit.
 * @param {Limit} limit
 */
export const asQuery = (limit) => ({ false_accept_rate: limit.false_accept_rate });
