/** The map of the gallery: every indexed picture a point, near to those that it is like. */

import { newestOnly } from "./api.js";
import { fill, h, labelText, plural, showError } from "./dom.js";
import { createCamera } from "./map_camera.js";
import { createCard } from "./map_card.js";
import { chooseColours } from "./map_colours.js";
import { fetchMap, labelAt, waitForMap } from "./map_data.js";
import { showLegend } from "./map_legend.js";
import { drawMarks } from "./map_marks.js";
import { createPainter, pointRadius } from "./map_painter.js";
import { isShown, itemsInside, nearestItem } from "./map_places.js";
import { createSelection } from "./map_selection.js";
import { buildStage } from "./map_stage.js";

const [NEAR, NEAR_FINGER, NEAR_MIDDLE] = [10, 24, 60]; // pixels of the page
const DENSEST = 2; // pixels of the screen to one of the page: more costs more than it shows

/**
 * @param {HTMLElement} element gets the map; it may be out of sight
 * @param {{writable: boolean, onSelect: (id: number) => void, life: AbortSignal}} options `onSelect`: an
 *   item is opened; `life`: aborted when the map is to end
 */
export function mountMap(element, { writable, onSelect, life }) {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const place = h("div", {}, h("p", { class: "quiet" }, "The map is loaded when it is in sight."));
  fill(element, place);
  let query = /** @type {{position: [number, number], label: string|null}|null} */ (null);
  let view = /** @type {ReturnType<typeof createView>|null} */ (null);
  let begun = false;

  const load = newestOnly(0, async (signal) => {
    try {
      await waitForMap((status) => {
        endView(); // it is laid out anew: other places, once they are there
        tellProgress(place, status);
      }, signal);
      const data = await fetchMap(signal);
      if (view) view.setData(data);
      else view = createView(place, data, { writable, onSelect, dark });
      view.setQuery(query);
    } catch (error) {
      if (signal.aborted) return;
      endView();
      showError(place, error);
    }
  });

  function endView() {
    view?.close();
    view = null;
  }

  // A map costs the server a minute, once: it begins when somebody looks.
  const sight = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    sight.disconnect();
    begun = true;
    load();
  });
  sight.observe(element);
  life.addEventListener("abort", () => {
    load.stop();
    sight.disconnect();
    endView();
  });

  return {
    /** @param {{position: [number, number], label: string|null}|null} asked where the last query lies */
    showQuery(asked) {
      query = asked?.position ? asked : null;
      view?.setQuery(query);
    },
    /** Items were changed. */
    refresh: () => begun && load(),
  };
}

/**
 * @param {HTMLElement} place
 * @param {{step: string, done: number, total: number}} status
 */
function tellProgress(place, { step, done, total }) {
  if (!place.querySelector("progress")) {
    const words = "The map is being laid out, once; it takes a minute or two for some ten thousand pictures.";
    fill(place, h("p", {}, words), h("progress", { "aria-label": "Laying out the map" }), h("p", { class: "quiet" }));
  }
  const bar = /** @type {HTMLProgressElement} */ (place.querySelector("progress"));
  if (total) Object.assign(bar, { max: total, value: done });
  fill(/** @type {Element} */ (place.lastElementChild), step);
}

/**
 * @param {HTMLElement} place
 * @param {import("./map_data.js").MapData} first
 * @param {{writable: boolean, onSelect: (id: number) => void, dark: MediaQueryList}} options
 */
function createView(place, first, { writable, onSelect, dark }) {
  const parts = buildStage(place, { onZoom: (way) => camera.zoomBy(way), onWhole: () => camera.reset() });
  const { stage, points, marks, legend, note } = parts;
  const paint = createPainter(points);
  const camera = createCamera(points, move, parts.isDrawing);
  const card = createCard(stage, onSelect);
  const selection = createSelection(parts.selection, {
    writable,
    onSelect,
    onClear: () => select([]),
    onChange: () => window.dispatchEvent(new Event("siam-items-changed")),
  });
  let data = first;
  let hidden = new Uint8Array(0);
  let colours = chooseColours(0, dark.matches);
  let chosen = /** @type {number[]} */ ([]);
  let selected = /** @type {Uint8Array|null} */ (null);
  let query = /** @type {{position: [number, number], label: string|null}|null} */ (null);
  let line = /** @type {[number, number][]} */ ([]);
  let sight = -1;
  let pinned = false; // the item in sight stays so until another is pressed, or the map moves
  let byKeys = false;
  let frame = 0;

  const density = () => Math.min(DENSEST, devicePixelRatio);

  /** @param {number} i */
  function placeOf(i) {
    const { scale, left, top } = camera.window();
    return /** @type {[number, number]} */ ([data.xs[i] * scale + left, data.ys[i] * scale + top]);
  }

  function draw() {
    frame = 0;
    if (!points.width || !points.height) return; // out of sight
    const looks = { colours: colours.pixels, hidden, selected };
    paint(data, camera.window(density()), looks, pointRadius(data.count, camera.zoom(), density()));
    const { scale, left, top } = camera.window();
    const asked = query && [query.position[0] * scale + left, query.position[1] * scale + top];
    const item = sight < 0 ? null : placeOf(sight);
    drawMarks(marks, { item, query: /** @type {any} */ (asked), middle: byKeys, line }, density());
    if (!performance.getEntriesByName("siam-map").length) performance.mark("siam-map");
  }

  function redraw() {
    frame ||= requestAnimationFrame(draw);
  }

  /** Another part of the map is seen: what was in sight is elsewhere, or gone. */
  function move() {
    look(byKeys ? nearest(middle(), NEAR_MIDDLE) : -1, byKeys);
    redraw();
  }

  /** @returns {[number, number]} */
  const middle = () => [points.clientWidth / 2, points.clientHeight / 2];

  /** @param {[number, number]} point @param {number} within */
  const nearest = (point, within) => nearestItem(data, hidden, camera.window(), point, within);

  /**
   * @param {number} i row of the item in sight; -1 for none
   * @param {boolean} fixed
   */
  function look(i, fixed) {
    if (i === sight && (i < 0 || !fixed)) return;
    if (i !== sight && byKeys) {
      fill(note, i < 0 ? "No picture in the middle." : `${labelText(labelAt(data, i))}, item ${data.ids[i]}`);
    }
    sight = i;
    pinned = fixed && i >= 0;
    const shown = i < 0 ? null : { id: data.ids[i], label: labelAt(data, i), place: placeOf(i), fixed };
    card.show(shown);
    redraw();
  }

  /** @param {number[]} rows */
  function select(rows) {
    chosen = rows;
    selected = rows.length ? new Uint8Array(data.count) : null;
    for (const row of rows) /** @type {Uint8Array} */ (selected)[row] = 1;
    selection.show(data, rows);
    redraw();
  }

  /** @param {import("./map_data.js").MapData} fresh */
  function setData(fresh) {
    const kept = new Set(chosen.map((row) => data.ids[row]));
    const out = new Set(data.labels.filter((_, i) => hidden[i]).map(({ label }) => label));
    data = fresh;
    sight = -1;
    pinned = false;
    card.show(null);
    hidden = Uint8Array.from([...data.labels.map(({ label }) => Number(out.has(label))), 0]);
    const words = `Map of ${plural(data.count, "picture")}. Arrow keys move it, plus and minus zoom, Enter opens the picture in the middle, Space selects it.`;
    points.setAttribute("aria-label", words);
    recolour();
    const rows = [];
    for (let i = 0; i < data.count; i++) if (kept.has(data.ids[i])) rows.push(i);
    select(rows);
  }

  function recolour() {
    colours = chooseColours(data.labels.length, dark.matches);
    showLegend(legend, data, colours.css, hidden, () => {
      select(chosen.filter((row) => isShown(data, hidden, row)));
    });
    redraw();
  }

  /** @param {KeyboardEvent} event */
  function press(event) {
    const item = nearest(middle(), NEAR_MIDDLE);
    /** @type {Record<string, () => void>} */
    const keys = {
      "+": () => camera.zoomBy(1),
      "=": () => camera.zoomBy(1),
      "-": () => camera.zoomBy(-1),
      0: () => camera.reset(),
      ArrowLeft: () => camera.moveBy(-1, 0),
      ArrowRight: () => camera.moveBy(1, 0),
      ArrowUp: () => camera.moveBy(0, -1),
      ArrowDown: () => camera.moveBy(0, 1),
      Enter: () => item >= 0 && onSelect(data.ids[item]),
      " ": () => item >= 0 && select(chosen.includes(item) ? chosen.filter((row) => row !== item) : [...chosen, item]),
      Escape: () => select([]),
    };
    if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
    event.preventDefault();
    byKeys = true;
    keys[event.key]();
    move();
  }

  /** @param {MouseEvent} event @returns {[number, number]} */
  const pointOf = (event) => {
    const box = points.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  points.addEventListener("keydown", press);
  points.addEventListener("blur", () => ((byKeys = false), redraw()));
  points.addEventListener("focus", () => {
    byKeys = points.matches(":focus-visible");
    if (byKeys) move();
  });
  points.addEventListener("click", (event) => {
    if (parts.isDrawing()) return;
    const touch = /** @type {PointerEvent} */ (event).pointerType === "touch";
    look(nearest(pointOf(event), touch ? NEAR_FINGER : NEAR), true);
  });
  points.addEventListener("pointerdown", (event) => {
    byKeys = false;
    if (parts.isDrawing() && event.isPrimary && !event.button) {
      points.setPointerCapture(event.pointerId);
      line = [pointOf(event)];
    }
  });
  points.addEventListener("pointermove", (event) => {
    if (line.length) {
      line.push(pointOf(event));
      redraw();
    } else if (event.pointerType !== "touch" && !event.buttons && !pinned) look(nearest(pointOf(event), NEAR), false);
  });
  points.addEventListener("pointerleave", () => {
    if (!pinned) look(-1, false);
  });
  /** @param {PointerEvent} event */
  const endLine = (event) => {
    if (!line.length) return;
    const inside = line.length > 2 && event.type === "pointerup" ? itemsInside(data, hidden, camera.window(), line) : [];
    line = [];
    select(event.shiftKey ? [...new Set([...chosen, ...inside])] : inside);
  };
  points.addEventListener("pointerup", endLine);
  points.addEventListener("pointercancel", endLine);
  dark.addEventListener("change", recolour);
  const sizes = new ResizeObserver(() => {
    for (const canvas of [points, marks]) {
      canvas.width = Math.round(stage.clientWidth * density());
      canvas.height = Math.round(stage.clientHeight * density());
    }
    camera.resize();
    draw();
  });
  sizes.observe(stage);
  setData(first);

  return {
    setData,
    /** @param {{position: [number, number], label: string|null}|null} asked */
    setQuery(asked) {
      query = asked;
      fill(parts.asked, asked ? `The rings mark your picture: ${labelText(asked.label)}.` : null);
      redraw();
    },
    close() {
      sizes.disconnect();
      dark.removeEventListener("change", recolour);
      cancelAnimationFrame(frame);
    },
  };
}
