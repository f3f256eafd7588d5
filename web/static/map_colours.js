/** A colour for each label, told apart on a light ground and on a dark one. */

// Lightness steps from label to label too: neighbouring hues differ in it, also to the colour-blind.
const LIGHT = [0.45, 0.57, 0.66];
const DARK = [0.66, 0.76, 0.86];
const FEW = 12;
// Beyond a few, each hue lies as far as it can from those of the labels just before it.
const GOLDEN_ANGLE = 137.508;

/**
 * @typedef {Object} Colours
 * @property {string[]} css one per label; the last is for no label
 * @property {Uint32Array} pixels the same, as a picture's pixels hold them
 */

/**
 * @param {number} count of labels
 * @param {boolean} dark
 * @returns {Colours}
 */
export function chooseColours(count, dark) {
  const steps = dark ? DARK : LIGHT;
  const css = [];
  for (let i = 0; i < count; i++) {
    const hue = (20 + (count <= FEW ? (i * 360) / count : i * GOLDEN_ANGLE)) % 360;
    css.push(`oklch(${steps[i % 3]} 0.15 ${hue.toFixed(1)})`);
  }
  css.push(dark ? "oklch(0.65 0 0)" : "oklch(0.6 0 0)");
  return { css, pixels: toPixels(css) };
}

/**
 * What the browser paints for each colour, whatever form it is told in.
 * @param {string[]} css
 */
function toPixels(css) {
  const canvas = new OffscreenCanvas(css.length, 1);
  const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d"));
  css.forEach((colour, i) => {
    context.fillStyle = colour;
    context.fillRect(i, 0, 1, 1);
  });
  return new Uint32Array(context.getImageData(0, 0, css.length, 1).data.buffer);
}
