/** What lies over the items: the one in sight, the last query, the middle, a line being drawn. */

/**
 * @typedef {Object} Marks
 * @property {[number, number]|null} item in sight
 * @property {[number, number]|null} query
 * @property {boolean} middle whether keys point at what is in the middle
 * @property {[number, number][]} line that is being drawn
 */

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Marks} marks in pixels of the page
 * @param {number} density pixels of the canvas to one of the page
 */
export function drawMarks(canvas, { item, query, middle, line }, density) {
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const style = getComputedStyle(canvas);
  const [text, ground, accent] = ["--text", "--card", "--accent"].map((name) => style.getPropertyValue(name));
  context.setTransform(density, 0, 0, density, 0, 0);
  context.clearRect(0, 0, canvas.width, canvas.height);
  /** @param {() => void} draw a path, which gets an edge that is seen on every colour */
  const outline = (draw, colour = text) => {
    for (const [width, shade] of [[5, ground], [2.5, colour]]) {
      context.lineWidth = Number(width);
      context.strokeStyle = String(shade);
      context.beginPath();
      draw();
      context.stroke();
    }
  };
  if (middle) {
    const [x, y] = [canvas.width / density / 2, canvas.height / density / 2];
    outline(() => {
      for (const [across, down] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
        context.moveTo(x + 6 * across, y + 6 * down);
        context.lineTo(x + 14 * across, y + 14 * down);
      }
    });
  }
  if (item) outline(() => context.arc(item[0], item[1], 8, 0, 2 * Math.PI));
  if (query) {
    outline(() => {
      context.arc(query[0], query[1], 11, 0, 2 * Math.PI);
      context.moveTo(query[0] + 4, query[1]);
      context.arc(query[0], query[1], 4, 0, 2 * Math.PI);
    }, accent);
  }
  if (line.length > 1) {
    context.setLineDash([6, 4]);
    outline(() => line.forEach(([x, y]) => context.lineTo(x, y)), accent);
    context.setLineDash([]);
  }
}
