/** A drawing as strokes: what is kept of it, undone of it, and sent of it as a picture. */

/** @typedef {{width: number, erases: boolean, points: [number, number][]}} Stroke lengths as shares of the side */

/** Pixels along a side of the picture that is sent; from 140 to 448 digits were told alike. */
const SIDE = 280;

/** @param {string} chain that prepares a run's pictures: of ink, so that drawings are what it knows */
export const isOfInk = (chain) => ["digit", "glyph"].includes(chain);

export class Drawing {
  constructor() {
    /** @type {Stroke[]} */
    this.strokes = [];
    /** @type {Stroke[][]} */
    this.before = [];
  }

  /** Whether nothing was drawn on it. */
  get empty() {
    return !this.strokes.some((stroke) => !stroke.erases);
  }

  /**
   * Begin a stroke at a point.
   * @param {[number, number]} point 0 to 1, from the left and from the top
   * @param {{width: number, erases: boolean}} pen
   */
  begin(point, pen) {
    this.before.push(this.strokes);
    this.strokes = [...this.strokes, { ...pen, points: [point] }];
  }

  /** @param {[number, number]} point */
  extend(point) {
    this.strokes[this.strokes.length - 1]?.points.push(point);
  }

  undo() {
    this.strokes = this.before.pop() ?? this.strokes;
  }

  clear() {
    if (this.strokes.length) this.before.push(this.strokes);
    this.strokes = [];
  }
}

/**
 * Paint the strokes over the whole of a canvas.
 * @param {HTMLCanvasElement} canvas square
 * @param {readonly Stroke[]} strokes
 * @param {{ink: string, paper: string}} colours
 */
export function paint(canvas, strokes, { ink, paper }) {
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const side = canvas.width;
  context.fillStyle = paper;
  context.fillRect(0, 0, side, side);
  context.lineCap = context.lineJoin = "round";
  for (const { width, erases, points } of strokes) {
    context.strokeStyle = erases ? paper : ink;
    context.lineWidth = width * side;
    context.beginPath();
    context.moveTo(points[0][0] * side, points[0][1] * side);
    // Through the middles of the lines between the points: a hand draws no corners.
    for (let at = 1; at < points.length; at++) {
      const [x, y] = points[at - 1];
      const [nextX, nextY] = points[at];
      context.quadraticCurveTo(x * side, y * side, ((x + nextX) / 2) * side, ((y + nextY) / 2) * side);
    }
    const [x, y] = points[points.length - 1];
    context.lineTo(x * side, y * side);
    context.stroke();
  }
}

/**
 * The drawing as a person would photograph it: black ink on white paper.
 * @param {readonly Stroke[]} strokes
 * @returns {Promise<Blob>} a PNG
 */
export function toPicture(strokes) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIDE;
  paint(canvas, strokes, { ink: "#000", paper: "#fff" });
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("The drawing is no picture."))), "image/png");
  });
}
