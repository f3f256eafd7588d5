/** One item: its picture, label and key, its own neighbours; another label for it, or its end. */

import { ask, thumbnail } from "./api.js";
import { createNeighbours } from "./answer.js";
import { fill, h, labelText, picture, showError } from "./dom.js";

/**
 * @param {HTMLElement} element
 * @param {import("./session.js").Session} session
 */
export function mountItem(element, session) {
  /** @param {string} id */
  async function show(id) {
    try {
      present(await ask(`/items/${encodeURIComponent(id)}`, { query: { k: 12 } }));
    } catch (error) {
      fill(element, h("h1", {}, `Item ${id}`));
      const problem = h("div", {});
      element.append(problem);
      showError(problem, error);
    }
  }

  /** @param {any} item */
  function present(item) {
    const neighbours = createNeighbours();
    neighbours.show(item.neighbours ?? []);
    const shown = picture(thumbnail(item.id), { alt: `Picture of item ${item.id}`, class: "item-picture" });
    const more = Object.entries(item.meta ?? {}).map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]);
    const facts = [["Label", labelText(item.label)], ["Key", item.key], ["Split", item.split], ["Number", String(item.id)], ...more];
    const told = facts.filter(([, value]) => value);
    const list = h("dl", { class: "facts" }, told.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
    fill(
      element,
      h("h1", {}, `Item ${item.id}`),
      h("div", { class: "two" }, [
        h("div", { class: "card" }, shown, list, session.writable ? changes(item) : null),
        h("div", { class: "card" }, h("h2", {}, "Nearest pictures"), neighbours.element),
      ]),
    );
  }

  /** @param {any} item */
  function changes(item) {
    const said = h("div", { role: "status" });
    const input = /** @type {HTMLInputElement} */ (h("input", { id: "item-label", value: item.label ?? "", list: "item-labels", autocomplete: "off" }));
    const known = (session.details.labels ?? []).filter((/** @type {any} */ one) => one.label);
    /** @param {string|null} label */
    const relabel = async (label) => {
      try {
        await ask(`/items/${item.id}`, { method: "PATCH", json: { label } });
        await show(String(item.id));
        const undo = h("button", { type: "button", class: "small", onclick: () => again(item.label) }, "Undo");
        const done = h("p", { role: "status" }, `It is ${labelText(label)} now. `, undo);
        element.querySelector(".changes")?.append(done);
        undo.focus();
      } catch (error) {
        showError(said, error);
      }
    };
    const again = relabel;
    /** @param {Event} event */
    const send = (event) => {
      event.preventDefault();
      relabel(input.value.trim() || null);
    };
    const form = h(
      "form",
      { class: "row", onsubmit: send },
      h("div", { class: "field" }, h("label", { for: "item-label" }, "Another label"), input),
      h("datalist", { id: "item-labels" }, known.map((/** @type {any} */ one) => h("option", { value: one.label }))),
      h("button", {}, "Relabel"),
    );
    return h("div", { class: "changes" }, form, removal(item, said), said);
  }

  /**
   * Removing asks once more: a picture that is gone can only be added again.
   * @param {any} item
   * @param {HTMLElement} said
   */
  function removal(item, said) {
    const place = h("div", { class: "row" });
    const first = h("button", { type: "button", class: "danger", onclick: confirm }, "Remove");
    function confirm() {
      const yes = h("button", { type: "button", class: "danger", onclick: remove }, "Yes, remove it");
      const no = h("button", { type: "button", onclick: () => (fill(place, first), first.focus()) }, "No");
      fill(place, h("span", {}, "Remove it from the index?"), yes, no);
      yes.focus();
    }
    async function remove() {
      try {
        await ask(`/items/${item.id}`, { method: "DELETE" });
        fill(element, h("h1", {}, `Item ${item.id}`), h("div", { class: "card", role: "status" }, h("p", {}, "It is removed from the index."), h("a", { href: "#run" }, "To the run's pictures")));
      } catch (error) {
        showError(said, error);
      }
    }
    fill(place, first);
    return place;
  }
  return { show };
}
