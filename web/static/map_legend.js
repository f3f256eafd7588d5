/** The labels with their colours and counts; each is shown or hidden by a press. */

import { fill, fitLabels, h, labelText, plural } from "./dom.js";

// More are not told apart by colour, nor found in a list.
const MOST = 200;

/**
 * @param {HTMLElement} element
 * @param {import("./map_data.js").MapData} data
 * @param {string[]} colours one per label; the last is for no label
 * @param {Uint8Array} hidden 1 for a label that is not shown, in the same order; changed here
 * @param {() => void} onChange
 */
export function showLegend(element, data, colours, hidden, onChange) {
  const without = data.numbers.reduce((sum, number) => sum + Number(number < 0), 0);
  const rows = data.labels.map(({ label, count }, number) => ({ label, count, number }));
  if (without) rows.push({ label: "", count: without, number: data.labels.length });
  const told = rows.length > MOST ? rows.sort((a, b) => b.count - a.count).slice(0, MOST) : rows;
  const buttons = told.map(({ label, count, number }) => {
    const swatch = h("span", { class: "map-swatch" });
    swatch.style.background = colours[number];
    const button = h(
      "button",
      { type: "button", "aria-pressed": String(!hidden[number]) },
      swatch,
      h("span", { class: "map-name" }, labelText(label)),
      h("span", { class: "quiet" }, count.toLocaleString("en")),
    );
    button.addEventListener("click", () => {
      hidden[number] = hidden[number] ? 0 : 1;
      button.setAttribute("aria-pressed", String(!hidden[number]));
      onChange();
    });
    return { button, number };
  });
  /** @param {number} value */
  const setAll = (value) => {
    hidden.fill(value);
    for (const { button } of buttons) button.setAttribute("aria-pressed", String(!value));
    onChange();
  };
  const list = h("ul", { class: "map-legend", tabindex: 0, "aria-label": "Labels" }, buttons.map(({ button }) => h("li", {}, button)));
  fill(
    element,
    h(
      "div",
      { class: "row between" },
      h("h2", {}, "Labels"),
      h(
        "div",
        { class: "row" },
        h("button", { type: "button", onclick: () => setAll(0) }, "Show all"),
        h("button", { type: "button", onclick: () => setAll(1) }, "Hide all"),
      ),
    ),
    fitLabels(list, told.map(({ label }) => labelText(label))),
    rows.length > told.length ? h("p", { class: "quiet" }, `and ${plural(rows.length - told.length, "label")} more`) : null,
  );
}
