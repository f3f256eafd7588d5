/** Ask: a drawing, or pictures, and at once what they are nearest to, and why. */

import { newestOnly, sendPictures } from "./api.js";
import { createAnswer } from "./answer.js";
import { fill, h, icon, labelText, percent, plural, showError } from "./dom.js";
import { isOfInk } from "./drawing.js";
import { createPictureSource } from "./picture_source.js";
import { asQuery, createStrictness } from "./strictness.js";

/** Milliseconds without a stroke before the server is asked. */
const QUIET = 150;
const NEIGHBOURS = 10;
/** Pictures of a request: photos of a phone are megabytes each, and a request is bounded. */
const AT_ONCE = 8;

/**
 * @param {HTMLElement} element
 * @param {import("./session.js").Session} session
 */
export function mountAsk(element, session) {
  let pictures = /** @type {import("./picture_source.js").Picture[]} */ ([]);
  let results = /** @type {import("./answer.js").Result[]} */ ([]);
  let asked = session.details.threshold;
  let open = 0;
  const answer = createAnswer();
  const list = h("ul", { class: "results" });
  const onMap = h("a", { href: "#map" }, "Its place in the map");
  const problem = h("div", {});
  const empty = h(
    "div",
    { class: "empty" },
    icon(isOfInk(session.details.chain) ? "pen" : "file"),
    h("h2", {}, "What is it?"),
    h("p", {}, `${isOfInk(session.details.chain) ? "Draw something, or give" : "Give"} a picture. Among ${plural(session.details.pictures, "picture")} the run finds the nearest, and says whether that is a match.`),
  );
  const panel = h("div", { class: "card answer-card" }, empty);
  const strictness = createStrictness({
    points: session.details.operating_points,
    threshold: session.details.threshold,
    onMove: () => show(),
    onSettle: () => pictures.length && send(),
  });

  const send = newestOnly(QUIET, async (signal) => {
    const limit = strictness.limit();
    panel.setAttribute("aria-busy", "true");
    try {
      const query = { k: NEIGHBOURS, steps: pictures.length === 1 ? 1 : 0, ...asQuery(limit) };
      const answers = /** @type {import("./answer.js").Result[]} */ ([]);
      for (let start = 0; start < pictures.length; start += AT_ONCE) {
        const portion = pictures.slice(start, start + AT_ONCE);
        const sent = await Promise.all(portion.map(async ({ name, blob }) => ({ name, blob: await blob() })));
        answers.push(...(await sendPictures("/query", sent, { query, signal })).results);
        results = answers;
        asked = limit.threshold;
        problem.replaceChildren();
        show();
      }
    } catch (error) {
      if (signal.aborted) return;
      forget(problem);
      showError(problem, error);
    }
    panel.removeAttribute("aria-busy");
  });

  /** @param {HTMLElement} instead of an answer */
  function forget(instead) {
    results = [];
    session.query = null;
    fill(panel, instead);
  }

  function show() {
    if (!results.length) return;
    open = Math.min(open, results.length - 1);
    const one = results[open];
    session.query = one.position ? { position: one.position, label: one.label } : null;
    fill(list, results.length > 1 ? results.map(resultRow) : null);
    if (one.error) showError(problem, { message: one.error });
    else answer.show(one, asked, strictness.limit().threshold);
    fill(panel, results.length > 1 && list, one.error ? problem : answer.element, session.query && onMap);
  }

  /**
   * @param {import("./answer.js").Result} one
   * @param {number} place
   */
  function resultRow(one, place) {
    const words = one.error ? "cannot be read" : `${labelText(one.label)} · ${one.verdict} · ${percent(one.probability)}`;
    const choose = () => {
      open = place;
      show();
      /** @type {HTMLElement} */ (list.children[place]?.firstElementChild)?.focus();
    };
    const shown = { type: "button", onclick: choose, "aria-pressed": String(place === open), "data-verdict": one.error ? "no match" : one.verdict };
    return h("li", {}, h("button", shown, h("span", {}, one.input), h("span", { class: "quiet" }, words)));
  }

  const source = createPictureSource({
    name: "The picture",
    chain: session.details.chain,
    multiple: true,
    onChange: (given) => {
      pictures = given;
      open = 0;
      if (pictures.length) return send();
      send.stop();
      panel.removeAttribute("aria-busy");
      forget(empty);
    },
  });
  const parts = [h("div", { class: "card" }, source.element), panel, h("div", { class: "card" }, strictness.element)];
  fill(element, h("h1", { class: "sr-only" }, "Ask"), h("div", { class: "two asking" }, parts));
  return { paste: source.take };
}
