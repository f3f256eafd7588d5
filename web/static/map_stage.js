/** What the map is made of: two canvases over each other, buttons, and room for the lists beside. */

import { fill, h } from "./dom.js";

/**
 * @param {HTMLElement} place
 * @param {{onZoom: (way: number) => void, onWhole: () => void}} options `way`: 1 nearer, -1 farther
 */
export function buildStage(place, { onZoom, onWhole }) {
  let drawing = false;
  const points = /** @type {HTMLCanvasElement} */ (
    h("canvas", { class: "map-points", tabindex: 0, role: "application" })
  );
  const marks = /** @type {HTMLCanvasElement} */ (h("canvas", { class: "map-marks", "aria-hidden": "true" }));
  const stage = h("div", { class: "map-stage" }, points, marks);
  const move = h("button", { type: "button", onclick: () => setDrawing(false) }, "Move");
  const lasso = h("button", { type: "button", onclick: () => setDrawing(true) }, "Lasso");

  /** @param {boolean} value */
  function setDrawing(value) {
    drawing = value;
    move.setAttribute("aria-pressed", String(!value));
    lasso.setAttribute("aria-pressed", String(value));
    stage.classList.toggle("drawing", value);
  }

  setDrawing(false);
  const button = (/** @type {string} */ text, /** @type {string} */ name, /** @type {() => void} */ onclick) =>
    h("button", { type: "button", "aria-label": name, title: name, onclick }, text);
  const tools = h(
    "div",
    { class: "row between" },
    h("div", { class: "row", role: "group", "aria-label": "What dragging does" }, move, lasso),
    h(
      "div",
      { class: "row", role: "group", "aria-label": "Zoom" },
      button("+", "Zoom in", () => onZoom(1)),
      button("−", "Zoom out", () => onZoom(-1)),
      button("Whole map", "Show the whole map", onWhole),
    ),
  );
  const asked = h("p", { class: "quiet" });
  const note = h("p", { class: "sr-only", role: "status" });
  const legend = h("div", { class: "card" });
  const selection = h("div", { class: "card" });
  const main = h("div", { class: "map-main" }, tools, stage, asked, note);
  fill(place, h("div", { class: "map" }, main, h("div", { class: "map-side" }, selection, legend)));
  return { stage, points, marks, asked, note, legend, selection, isDrawing: () => drawing };
}
