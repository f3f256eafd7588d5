/** One item: its picture, label and key, its own neighbours; another label for it, or its end. */

import { ask, thumbnail } from "./api.js";
import { createTiles, withDistance } from "./answer.js";
import { confirmation, fill, h, labelText, picture, showError } from "./dom.js";

/**
 * @param {HTMLElement} element
 * @param {import("./session.js").Session} session
 */
export function mountItem(element, session) {
  /**
   * Each item that is gone to has a place of its own: an answer that comes late finds it gone.
   * @param {string} id
   * @param {AbortSignal} signal
   */
  async function show(id, signal) {
    const body = h("div", {});
    fill(element, h("h1", {}, `Item ${id}`), body);
    try {
      present(body, await ask(`/items/${encodeURIComponent(id)}`, { query: { k: 12 }, signal }));
    } catch (error) {
      showError(body, error);
    }
  }

  /**
   * @param {HTMLElement} body
   * @param {any} item
   */
  function present(body, item) {
    const neighbours = createTiles("nearest");
    neighbours.show((item.neighbours ?? []).map(withDistance));
    const shown = picture(thumbnail(item.id), { alt: `Picture of item ${item.id}`, class: "item-picture" });
    const label = h("dd", {}, labelText(item.label));
    const more = Object.entries(item.meta ?? {}).map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]);
    const facts = [["Key", item.key], ["Split", item.split], ["Number", String(item.id)], ...more];
    const told = facts.filter(([, value]) => value).map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]);
    fill(
      body,
      h("div", { class: "two" }, [
        h("div", { class: "card" }, shown, h("dl", { class: "facts" }, h("dt", {}, "Label"), label, told), session.writable && changes(body, item, label)),
        h("div", { class: "card" }, h("h2", {}, "Nearest pictures"), neighbours.element),
      ]),
    );
  }

  /**
   * @param {HTMLElement} body
   * @param {any} item
   * @param {HTMLElement} label where it stands
   */
  function changes(body, item, label) {
    const said = h("div", { role: "status" });
    const input = /** @type {HTMLInputElement} */ (h("input", { id: "item-label", value: item.label ?? "", list: "item-labels", autocomplete: "off" }));
    const known = (session.details.labels ?? []).filter((/** @type {any} */ one) => one.label);
    /** @param {string|null} wanted */
    const relabel = async (wanted) => {
      const before = item.label;
      try {
        item = { ...item, ...(await ask(`/items/${item.id}`, { method: "PATCH", json: { label: wanted } })) };
        fill(label, labelText(item.label));
        input.value = item.label ?? "";
        const undo = h("button", { type: "button", class: "small", onclick: () => relabel(before) }, "Undo");
        fill(said, h("p", {}, `It is ${labelText(item.label)} now. `, undo));
        undo.focus();
      } catch (error) {
        showError(said, error);
      }
    };
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
    const words = { name: "Remove", question: "Remove it from the index?", yes: "Yes, remove it", no: "No" };
    return h("div", { class: "changes" }, form, confirmation(words, () => remove(body, item.id, said)), said);
  }

  /**
   * @param {HTMLElement} body
   * @param {number} id
   * @param {HTMLElement} said
   */
  async function remove(body, id, said) {
    try {
      await ask(`/items/${id}`, { method: "DELETE" });
      const done = h("p", { tabindex: -1 }, "It is removed from the index.");
      fill(body, h("div", { class: "card" }, done, h("a", { href: "#run" }, "To the run's pictures")));
      done.focus();
    } catch (error) {
      showError(said, error);
    }
  }
  return { show };
}
