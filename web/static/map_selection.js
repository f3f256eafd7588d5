/** What was chosen on the map: listed, labelled, removed. */

import { ask, thumbnail } from "./api.js";
import { confirmation, fill, h, labelText, picture, plural, showError } from "./dom.js";
import { labelAt } from "./map_data.js";

const SHOWN = 60; // pictures of a larger selection

/**
 * @param {HTMLElement} element
 * @param {{writable: boolean, onSelect: (id: number) => void, onClear: () => void,
 *   onChange: () => void}} options `onChange`: the index was changed
 */
export function createSelection(element, { writable, onSelect, onClear, onChange }) {
  const said = h("div", { "aria-live": "polite" });
  const body = h("div", { class: "map-selection" });
  element.append(h("h2", {}, "Selection"), said, body);

  /**
   * @param {string} path
   * @param {Record<string, any>} json
   * @param {string} done what to say then
   */
  async function change(path, json, done) {
    try {
      await ask(path, { method: "POST", json });
      onClear();
      const told = h("p", { tabindex: -1 }, done);
      fill(said, told);
      told.focus(); // what was pressed is gone
      onChange();
    } catch (error) {
      showError(said, error);
    }
  }

  /**
   * @param {number[]} ids
   * @param {string[]} labels that there are
   */
  function labelForm(ids, labels) {
    const input = /** @type {HTMLInputElement} */ (
      h("input", { id: "map-label", list: "map-labels", required: true, maxlength: 200, autocomplete: "off" })
    );
    const submit = (/** @type {Event} */ event) => {
      event.preventDefault();
      const label = input.value.trim();
      if (label) change("/items/label", { ids, label }, `${plural(ids.length, "picture")} labelled ${label}.`);
    };
    return h(
      "form",
      { class: "row", onsubmit: submit },
      h("label", { for: "map-label" }, "Label"),
      input,
      h("datalist", { id: "map-labels" }, labels.map((label) => h("option", { value: label }))),
      h("button", { type: "submit" }, "Label them"),
    );
  }

  /** @param {number[]} ids */
  function removal(ids) {
    const count = plural(ids.length, "picture");
    const question = `Remove ${count} from the index? It cannot be undone.`;
    const words = { name: "Remove them …", question, yes: `Remove ${count}`, no: "Keep" };
    return confirmation(words, () => change("/items/remove", { ids }, `${count} removed from the index.`));
  }

  return {
    /** @param {string} words */
    say: (words) => fill(said, h("p", {}, words)),

    /**
     * @param {import("./map_data.js").MapData} data
     * @param {number[]} rows of `data`
     */
    show(data, rows) {
      if (!rows.length) {
        fill(body, h("p", { class: "quiet" }, "Draw a line round pictures with Lasso, or press Space for the one in the middle."));
        return;
      }
      const ids = rows.map((row) => data.ids[row]);
      const counts = new Map();
      for (const row of rows) counts.set(labelAt(data, row), (counts.get(labelAt(data, row)) ?? 0) + 1);
      const parts = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 8);
      const tiles = rows.slice(0, SHOWN).map((row) => {
        const label = labelText(labelAt(data, row));
        const id = data.ids[row];
        return h(
          "li",
          {},
          h(
            "button",
            { type: "button", onclick: () => onSelect(id), title: `item ${id}` },
            picture(thumbnail(id), { width: 40, height: 40, loading: "lazy" }),
            h("span", {}, label),
            h("span", { class: "sr-only" }, ` item ${id}`),
          ),
        );
      });
      fill(said, h("p", {}, h("strong", {}, `${plural(ids.length, "picture")} selected`)));
      fill(
        body,
        h("p", { class: "quiet" }, parts.map(([label, count]) => `${labelText(label)}: ${count}`).join(" · "), counts.size > parts.length ? " · …" : ""),
        h("div", { class: "row" }, h("button", { type: "button", onclick: onClear }, "Clear"), writable ? removal(ids) : null),
        writable ? labelForm(ids, data.labels.map(({ label }) => label)) : null,
        h("ul", { class: "map-tiles", tabindex: 0, "aria-label": "Selected pictures" }, tiles),
        rows.length > SHOWN ? h("p", { class: "quiet" }, `and ${(rows.length - SHOWN).toLocaleString("en")} more`) : null,
      );
    },
  };
}
