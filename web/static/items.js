/** The items of a run: by label or filter, page by page; adding one. */

import { ask, newestOnly, sendPictures } from "./api.js";
import { createTiles } from "./answer.js";
import { fill, h, plural, showError } from "./dom.js";

const PER_PAGE = 48;

/** @param {import("./session.js").Session} session */
export function createItems(session) {
  let offset = 0;
  const tiles = createTiles();
  const problem = h("div", {});
  const found = h("p", { class: "quiet", role: "status" });
  const labels = (session.details.labels ?? []).map((/** @type {any} */ one) => one.label).filter(Boolean);
  labels.sort((/** @type {string} */ one, /** @type {string} */ other) => one.localeCompare(other, "en", { numeric: true }));
  const label = /** @type {HTMLSelectElement} */ (
    h("select", { id: "items-label" }, h("option", { value: "" }, "all"), labels.map((/** @type {string} */ one) => h("option", { value: one }, one)))
  );
  const where = /** @type {HTMLInputElement} */ (h("input", { id: "items-where", placeholder: "split=train", autocomplete: "off" }));
  const earlier = h("button", { type: "button", onclick: () => page(-PER_PAGE) }, "Earlier");
  const later = h("button", { type: "button", onclick: () => page(PER_PAGE) }, "Later");

  /** @param {number} by */
  function page(by) {
    offset = Math.max(0, offset + by);
    show();
  }

  const show = newestOnly(0, async (signal) => {
    try {
      const query = { label: label.value, where: where.value.trim(), offset, limit: PER_PAGE };
      const { total, items } = await ask("/items", { query, signal });
      problem.replaceChildren();
      tiles.show(items.map((/** @type {any} */ item) => ({ ...item, more: item.split ?? "" })));
      const last = offset + items.length;
      fill(found, total ? `${(offset + 1).toLocaleString("en")} to ${last.toLocaleString("en")} of ${plural(total, "picture")}` : "No picture");
      earlier.toggleAttribute("disabled", offset === 0);
      later.toggleAttribute("disabled", last >= total);
    } catch (error) {
      showError(problem, error);
    }
  });

  function restart() {
    offset = 0;
    show();
  }
  label.addEventListener("change", restart);
  /** @param {Event} event */
  const filterSent = (event) => {
    event.preventDefault();
    restart();
  };
  const filters = h(
    "form",
    { class: "row", onsubmit: filterSent },
    h("div", { class: "field" }, h("label", { for: "items-label" }, "Label"), label),
    h("div", { class: "field" }, h("label", { for: "items-where" }, "Filter"), where),
    h("button", {}, "Show"),
  );
  const pages = h("div", { class: "pages" }, earlier, found, later);
  const adding = session.writable ? addForm(labels, restart) : h("p", { class: "quiet" }, "Pictures are added and removed where the server may write: siam serve --writable");
  const element = h("div", { class: "items" }, h("h2", {}, "Pictures"), filters, problem, tiles.element, pages, adding);

  /** @param {string} name of the label to show */
  function filter(name) {
    label.value = name;
    restart();
    element.scrollIntoView({ behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
  }
  return { element, show, filter };
}

/**
 * @param {string[]} labels
 * @param {() => void} onAdded
 */
function addForm(labels, onAdded) {
  const files = /** @type {HTMLInputElement} */ (h("input", { id: "add-files", type: "file", accept: "image/*,.heic,.avif", multiple: true, required: true }));
  const label = /** @type {HTMLInputElement} */ (h("input", { id: "add-label", list: "add-labels", required: true, autocomplete: "off" }));
  const said = h("div", { role: "status" });
  /** @param {Event} event */
  const send = async (event) => {
    event.preventDefault();
    const chosen = [...(files.files ?? [])].map((blob) => ({ name: blob.name, blob }));
    try {
      const told = await sendPictures("/items", chosen, { fields: { label: label.value } });
      const broken = (told.results ?? []).filter((/** @type {any} */ one) => one.error);
      const links = (told.ids ?? []).slice(0, 12).map((/** @type {number} */ id) => [" ", h("a", { href: `#item/${id}` }, `item ${id}`)]);
      const count = (told.added ?? 0) + (told.updated ?? 0);
      fill(said, h("p", {}, `${plural(count, "picture")} added as ${label.value}:`, links.flat()), broken.map((/** @type {any} */ one) => h("p", { class: "error" }, one.error)));
      files.value = "";
      onAdded();
    } catch (error) {
      showError(said, error);
    }
  };
  return h(
    "form",
    { class: "add", onsubmit: send },
    h("h3", {}, "Add pictures"),
    h("div", { class: "row" }, [
      h("div", { class: "field" }, h("label", { for: "add-files" }, "Files"), files),
      h("div", { class: "field" }, h("label", { for: "add-label" }, "Label"), label, h("datalist", { id: "add-labels" }, labels.map((one) => h("option", { value: one })))),
      h("button", { class: "primary" }, "Add"),
    ]),
    said,
  );
}
