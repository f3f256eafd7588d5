/** Same or different: two pictures side by side, and how strict the verdict is. */

import { newestOnly, sendPictures } from "./api.js";
import { fill, h, showError } from "./dom.js";
import { isOfInk } from "./drawing.js";
import { judgePair } from "./judgement.js";
import { createPictureSource } from "./picture_source.js";
import { asQuery, createStrictness } from "./strictness.js";
import { createVerdict } from "./verdict.js";

const QUIET = 150; // milliseconds without a stroke before the server is asked
const TITLES = { same: "The same", unsure: "Perhaps the same", different: "Different" };

/**
 * @param {HTMLElement} element
 * @param {import("./session.js").Session} session
 */
export function mountSame(element, session) {
  const sides = /** @type {(import("./picture_source.js").Picture|undefined)[]} */ ([undefined, undefined]);
  let answer = /** @type {import("./judgement.js").PairAnswer|null} */ (null);
  const verdict = createVerdict();
  const empty = h("p", { class: "empty" }, `${isOfInk(session.details.chain) ? "Draw or choose" : "Choose"} two pictures: are they of one kind?`);
  const panel = h("div", {}, empty);
  const strictness = createStrictness({
    points: session.details.operating_points,
    threshold: session.details.threshold,
    onMove: show,
    onSettle: () => sides.every(Boolean) && send(),
  });

  const send = newestOnly(QUIET, async (signal) => {
    try {
      const both = /** @type {import("./picture_source.js").Picture[]} */ (sides);
      const sent = await Promise.all(both.map(async ({ name, blob }) => ({ name, blob: await blob() })));
      const query = asQuery(strictness.limit());
      answer = await sendPictures("/verify", sent, { query, signal, parts: ["left", "right"] });
      show();
    } catch (error) {
      if (signal.aborted) return;
      answer = null;
      showError(panel, error);
    }
  });

  function show() {
    if (!answer) return;
    const judged = judgePair(answer, strictness.limit().threshold);
    const { left, right } = judged.notes;
    verdict.show({
      title: TITLES[/** @type {keyof typeof TITLES} */ (judged.verdict)],
      word: "",
      verdict: judged.verdict,
      probability: judged.probability,
      of: "Probability that both are of one kind",
      reason: judged.reason,
      notes: [...left.map((note) => `left: ${note}`), ...right.map((note) => `right: ${note}`)],
    });
    if (panel.firstElementChild !== verdict.element) fill(panel, verdict.element);
  }

  const sources = ["The left picture", "The right picture"].map((name, side) =>
    createPictureSource({
      name,
      chain: session.details.chain,
      onChange: ([picture]) => {
        sides[side] = picture;
        if (sides.every(Boolean)) return send();
        send.stop();
        answer = null;
        fill(panel, empty);
      },
    }),
  );
  const pads = sources.map((source) => h("div", { class: "card" }, source.element));
  const decided = h("div", { class: "card decided" }, panel, strictness.element);
  fill(element, h("h1", {}, "Same or different?"), h("div", { class: "two pair" }, pads), decided);
  /** @param {File[]} files the first goes to the side that has none */
  const paste = (files) => sources[sides[0] ? 1 : 0].take(files);
  return { paste };
}
