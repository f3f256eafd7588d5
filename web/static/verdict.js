/** A verdict in sight and in words: its mark, the label, the probability as number and bar, the reason. */

import { fill, h, icon, percent } from "./dom.js";

const ANNOUNCE_AFTER = 600; // milliseconds of quiet: a drawing's answers come many times a second

/** A place for a verdict; what is in it is spoken once it rests. */
export function createVerdict() {
  const spoken = h("p", { class: "sr-only", "aria-live": "polite", role: "status" });
  const mark = h("span", { class: "mark" });
  const title = h("h2", { class: "verdict-label" });
  const word = h("span", { class: "verdict-word" });
  const number = h("span", { class: "number" });
  const share = h("div", { class: "share" }, number, h("span", { class: "quiet" }, "probability"));
  const fillBar = h("div", { class: "bar-fill" });
  const bar = h("div", { class: "bar", role: "meter", "aria-valuemin": 0, "aria-valuemax": 100 }, fillBar);
  const reason = h("p", { class: "reason" });
  const notes = h("ul", { class: "notes" });
  const body = h(
    "div",
    { class: "verdict" },
    h("div", { class: "verdict-head" }, mark, h("div", {}, title, word), share),
    bar,
    reason,
    notes,
  );
  let timer = 0;

  /**
   * @param {{title: string, word?: string, verdict: string, probability: number, of: string, reason: string, notes: string[]}} one
   *   `word`: what stands under the title, the verdict by default; `of`: what the probability is of
   */
  function show(one) {
    body.dataset.verdict = one.verdict;
    fill(mark, icon(/** @type {any} */ (one.verdict)));
    fill(title, one.title);
    fill(word, one.word ?? one.verdict);
    fill(number, percent(one.probability));
    fillBar.style.width = `${100 * one.probability}%`;
    bar.setAttribute("aria-label", one.of);
    bar.setAttribute("aria-valuenow", (100 * one.probability).toFixed(1));
    bar.setAttribute("aria-valuetext", percent(one.probability));
    fill(reason, one.reason);
    fill(notes, one.notes.map((note) => h("li", {}, note)));
    clearTimeout(timer);
    const words = [one.title, one.word ?? one.verdict, percent(one.probability)].filter(Boolean).join(", ");
    timer = window.setTimeout(() => fill(spoken, `${words}. ${one.reason}.`), ANNOUNCE_AFTER);
  }
  return { element: h("div", {}, body, spoken), show };
}
