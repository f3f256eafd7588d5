/** Where one looks at the map, and how closely: wheel, fingers, mouse, buttons and keys, by d3-zoom. */

import { select, zoom, zoomIdentity } from "./vendor/d3-zoom.js";

const MARGIN = 16; // around the whole map, in pixels of the page
const CLOSEST = 256;
const STEP = 1.6; // of a button or key
const SHIFT = 80; // of an arrow key, in pixels of the page

/**
 * @param {HTMLCanvasElement} canvas
 * @param {() => void} onChange
 * @param {() => boolean} isDrawing whether one finger or the mouse draws, and does not move the map
 */
export function createCamera(canvas, onChange, isDrawing) {
  let transform = zoomIdentity;
  const zooming = zoom()
    .scaleExtent([0.7, CLOSEST])
    .filter((/** @type {any} */ event) => {
      if (event.type === "wheel") return true;
      const fingers = event.touches?.length ?? 1;
      return !event.button && !event.ctrlKey && (!isDrawing() || fingers > 1);
    })
    .on("zoom", (/** @type {any} */ event) => {
      transform = event.transform;
      onChange();
    });
  const selection = select(canvas).call(zooming);

  const size = () => ({ width: canvas.clientWidth, height: canvas.clientHeight });

  /** The unit square's side and corner in pixels of the page, before one has moved. */
  function whole() {
    const { width, height } = size();
    const side = Math.max(1, Math.min(width, height) - 2 * MARGIN);
    return { side, left: (width - side) / 2, top: (height - side) / 2 };
  }

  return {
    /** @returns {number} 1 = the whole map */
    zoom: () => transform.k,

    /**
     * Where the unit square lies.
     * @param {number} density pixels of the answer to one of the page
     * @returns {import("./map_painter.js").Window}
     */
    window(density = 1) {
      const { side, left, top } = whole();
      return {
        scale: density * side * transform.k,
        left: density * (left * transform.k + transform.x),
        top: density * (top * transform.k + transform.y),
      };
    },

    /** The stage has another size: what may be seen and moved to follows it. */
    resize() {
      const { width, height } = size();
      zooming.extent([[0, 0], [width, height]]);
      zooming.translateExtent([[-width / 2, -height / 2], [1.5 * width, 1.5 * height]]);
    },

    /** @param {number} direction 1 nearer, -1 farther */
    zoomBy: (direction) => zooming.scaleBy(selection, STEP ** direction),

    /**
     * @param {number} right
     * @param {number} down
     */
    moveBy: (right, down) =>
      zooming.translateBy(selection, (-SHIFT * right) / transform.k, (-SHIFT * down) / transform.k),

    /** Look at the whole map again. */
    reset: () => zooming.transform(selection, zoomIdentity),
  };
}
