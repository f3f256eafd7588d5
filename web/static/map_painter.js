/**
 * Painting the items: straight into a picture's pixels.
 *
 * 100,000 of them take 5 ms so; WebGL without a graphics card took 400, and is not everywhere.
 */

/** @typedef {{scale: number, left: number, top: number}} Window where the unit square lies, in pixels */

/**
 * @typedef {Object} Looks
 * @property {Uint32Array} colours one per label; the last is for no label
 * @property {Uint8Array} hidden 1 for a label that is not shown, in the same order
 * @property {Uint8Array|null} selected 1 for an item of the selection; null while there is none
 */

const PALE = 0x38ffffff; // what is left of the others' colour beside a selection

/**
 * How large an item is painted: larger where there are few, and nearer to them.
 * @param {number} count of items
 * @param {number} zoom 1 = the whole map
 * @param {number} density pixels of the screen to one of the page
 * @returns {number} its radius in pixels of the screen
 */
export function pointRadius(count, zoom, density) {
  const base = count > 20_000 ? 1.1 : count > 2_000 ? 1.8 : 3;
  return Math.max(1, Math.round(density * Math.min(8, base * zoom ** 0.4)));
}

/** @param {HTMLCanvasElement} canvas */
export function createPainter(canvas) {
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  let picture = context.createImageData(1, 1);
  let pixels = new Uint32Array(picture.data.buffer);

  /**
   * @param {import("./map_data.js").MapData} data
   * @param {Window} window
   * @param {Looks} looks
   * @param {number} radius in pixels
   */
  return (data, window, looks, radius) => {
    const { width, height } = canvas;
    if (picture.width !== width || picture.height !== height) {
      picture = context.createImageData(width, height);
      pixels = new Uint32Array(picture.data.buffer);
    }
    pixels.fill(0);
    const disc = discOffsets(radius, width);
    const { selected } = looks;
    // Those of the selection last, so that none is covered.
    paint(data, window, looks, disc, radius, selected ? 0 : -1, selected ? PALE : 0xffffffff);
    if (selected) paint(data, window, looks, disc, radius, 1, 0xffffffff);
    context.putImageData(picture, 0, 0);
  };

  /**
   * @param {import("./map_data.js").MapData} data
   * @param {Window} window
   * @param {Looks} looks
   * @param {Int32Array} disc
   * @param {number} radius
   * @param {number} which of `selected`; -1 for all
   * @param {number} mask of their colour
   */
  function paint({ count, xs, ys, numbers }, { scale, left, top }, looks, disc, radius, which, mask) {
    const { colours, hidden, selected } = looks;
    const { width, height } = canvas;
    const none = colours.length - 1;
    for (let i = 0; i < count; i++) {
      if (selected && selected[i] !== which) continue;
      const x = Math.round(xs[i] * scale + left);
      const y = Math.round(ys[i] * scale + top);
      if (x < radius || y < radius || x >= width - radius || y >= height - radius) continue;
      const label = numbers[i] < 0 ? none : numbers[i];
      if (hidden[label]) continue;
      const place = y * width + x;
      const colour = colours[label] & mask;
      for (let j = 0; j < disc.length; j++) pixels[place + disc[j]] = colour;
    }
  }
}

/**
 * How far each pixel of a disc lies from its middle, in a picture's pixels.
 * @param {number} radius
 * @param {number} width of the picture
 */
function discOffsets(radius, width) {
  const offsets = [];
  for (let y = -radius; y <= radius; y++) {
    for (let x = -radius; x <= radius; x++) {
      if (x * x + y * y <= radius * radius + 0.5) offsets.push(y * width + x);
    }
  }
  return Int32Array.from(offsets);
}
