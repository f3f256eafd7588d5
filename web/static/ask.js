/** Ask: a drawing, or pictures, and at once what they are nearest to, and why. */

import { newestOnly, sendPictures } from "./api.js";
import { createAnswer } from "./answer.js";
import { fill, h, icon, labelText, percent, plural, showError } from "./dom.js";
import { createPictureSource } from "./picture_source.js";
import { asQuery, createStrictness } from "./strictness.js";

/** Milliseconds without a stroke before the server is asked. */
const QUIET = 150;
const NEIGHBOURS = 10;

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
    icon("pen"),
    h("h2", {}, "What is it?"),
    h("p", {}, `Draw something, or give a picture. Among ${plural(session.details.pictures, "picture")} the run finds the nearest, and says whether that is a match.`),
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
      const sent = await Promise.all(pictures.map(async ({ name, blob }) => ({ name, blob: await blob() })));
      const query = { k: NEIGHBOURS, steps: sent.length === 1 ? 1 : 0, ...asQuery(limit) };
      const told = await sendPictures("/query", sent, { query, signal });
      results = told.results;
      session.query = results.length === 1 && results[0].position ? { position: results[0].position, label: results[0].label } : null;
      asked = limit.threshold;
      problem.replaceChildren();
      show();
    } catch (error) {
      if (signal.aborted) return;
      results = [];
      fill(panel, problem);
      showError(problem, error);
    }
    panel.removeAttribute("aria-busy");
  });

  function show() {
    if (!results.length) return;
    open = Math.min(open, results.length - 1);
    const one = results[open];
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
    multiple: true,
    onChange: (given) => {
      pictures = given;
      open = 0;
      if (pictures.length) return send();
      send.stop();
      results = [];
      fill(panel, empty);
    },
  });
  const parts = [h("div", { class: "card" }, source.element), panel, h("div", { class: "card" }, strictness.element)];
  fill(element, h("h1", { class: "sr-only" }, "Ask"), h("div", { class: "two asking" }, parts));
  return { paste: source.take };
}
