/** A drawing as a network's input: what the chains `digit` and `glyph` make of a picture of it. */

/** Pixels of the sheet that strokes are painted on before they are shrunk. */
const SHEET = 280;
/** Of a digit's longer side: the widths of MNIST's lines, and of the picture, what it fills. */
const NARROWEST = 2.3 / 20, WIDEST = 3.8 / 20, DIGIT = 20 / 28;
/** Of the picture's side: what a glyph's ink fills. */
const GLYPH = 54 / 64;

/**
 * @param {object[]} strokes as `Drawing` keeps them
 * @param {{chain: string, size: number[], channels: number}} preparation the run's
 * @returns {Uint8Array|null} white ink on black, row after row; null where nothing was drawn
 */
export function prepare(strokes, { chain, size, channels }) {
  let sheet = paintSheet(strokes);
  let box = boxOf(sheet, 127);
  if (!box) return null;
  if (chain === "digit") {
    const width = Math.max(...strokes.filter((one) => !one.erases).map((one) => one.width));
    const extent = Math.max(box.right - box.left, box.bottom - box.top) / SHEET;
    const wanted = Math.min(Math.max(width, NARROWEST * extent), WIDEST * extent);
    if (wanted !== width) {
      sheet = paintSheet(strokes.map((one) => (one.erases ? one : { ...one, width: (one.width * wanted) / width })));
      box = boxOf(sheet, 127);
    }
  }
  const grey = chain === "digit" ? frameDigit(sheet, box, size) : frameGlyph(sheet, boxOf(sheet, 76), size);
  return Uint8Array.from({ length: grey.length * channels }, (_, place) => grey[Math.floor(place / channels)]);
}

/** Return grey ink, 0 to 255, of strokes painted in white on black. */
function paintSheet(strokes) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SHEET;
  paint(canvas, strokes, { ink: "#fff", paper: "#000" });
  const { data } = canvas.getContext("2d", { willReadFrequently: true }).getImageData(0, 0, SHEET, SHEET);
  const grey = new Uint8Array(SHEET * SHEET);
  for (let place = 0; place < grey.length; place++) grey[place] = data[4 * place];
  return grey;
}

function boxOf(sheet, least) {
  let [left, top, right, bottom] = [SHEET, SHEET, 0, 0];
  for (let place = 0; place < sheet.length; place++) {
    if (sheet[place] <= least) continue;
    const row = Math.floor(place / SHEET), column = place % SHEET;
    left = Math.min(left, column);
    right = Math.max(right, column + 1);
    top = Math.min(top, row);
    bottom = Math.max(bottom, row + 1);
  }
  return right > left ? { left, top, right, bottom } : null;
}

/** MNIST's form: the longer side 20 of 28 pixels, the centre of mass in the middle. */
function frameDigit(sheet, box, [height, width]) {
  const ink = sheet.map((value) => (value > 127 ? 255 : 0));
  const step = Math.max(box.right - box.left, box.bottom - box.top) / (DIGIT * Math.min(height, width));
  let [mass, x, y] = [0, 0, 0];
  for (let place = 0; place < ink.length; place++) {
    if (!ink[place]) continue;
    mass += 1;
    x += (place % SHEET) + 0.5;
    y += Math.floor(place / SHEET) + 0.5;
  }
  const [left, top] = [x / mass - (width * step) / 2, y / mass - (height * step) / 2];
  return average(ink, [left, top, left + width * step, top + height * step], [height, width]);
}

/** The middle of the ink's box in the middle of the picture, as large as fits. */
function frameGlyph(sheet, box, [height, width]) {
  const [wide, tall] = [box.right - box.left, box.bottom - box.top];
  const zoom = Math.min((GLYPH * height) / tall, (GLYPH * width) / wide);
  const [across, down] = [Math.max(1, Math.round(zoom * wide)), Math.max(1, Math.round(zoom * tall))];
  const own = average(sheet, [box.left, box.top, box.right, box.bottom], [down, across]);
  const framed = new Uint8Array(height * width);
  const [above, beside] = [Math.floor((height - down) / 2), Math.floor((width - across) / 2)];
  for (let row = 0; row < down; row++) {
    framed.set(own.subarray(row * across, (row + 1) * across), (above + row) * width + beside);
  }
  return framed;
}

/** Shrink a part of the sheet by averaging; parts of pixels count as such, what lies outside is 0. */
function average(sheet, [left, top, right, bottom], [height, width]) {
  const [down, across] = [shares(top, bottom, height), shares(left, right, width)];
  const out = new Uint8Array(height * width);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (const [row, part] of down[y]) for (const [column, share] of across[x]) sum += part * share * sheet[row * SHEET + column];
      out[y * width + x] = Math.round(sum);
    }
  }
  return out;
}

/** For each of `count` equal parts from `start` to `end`, the sheet's pixels in it and their shares. */
function shares(start, end, count) {
  const size = (end - start) / count;
  return Array.from({ length: count }, (_, part) => {
    const [from, to] = [start + part * size, start + (part + 1) * size];
    const pixels = [];
    for (let place = Math.max(Math.floor(from), 0); place < Math.min(to, SHEET); place++) {
      pixels.push([place, (Math.min(to, place + 1) - Math.max(from, place)) / size]);
    }
    return pixels;
  });
}
