/** Which items are where on the screen: the nearest to a point, those inside a line drawn round them. */

/**
 * @typedef {import("./map_data.js").MapData} MapData
 * @typedef {import("./map_painter.js").Window} Window
 */

/**
 * @param {MapData} data
 * @param {Uint8Array} hidden 1 for a label that is not shown; the last is for no label
 * @param {number} i
 */
export const isShown = (data, hidden, i) =>
  !hidden[data.numbers[i] < 0 ? hidden.length - 1 : data.numbers[i]];

/**
 * The shown item nearest to a point, all in one unit of length.
 * @param {MapData} data
 * @param {Uint8Array} hidden
 * @param {Window} window
 * @param {[number, number]} point
 * @param {number} within
 * @returns {number} its row; -1 where none is so near
 */
export function nearestItem(data, hidden, { scale, left, top }, [x, y], within) {
  let best = within * within;
  let found = -1;
  for (let i = 0; i < data.count; i++) {
    const across = data.xs[i] * scale + left - x;
    const down = data.ys[i] * scale + top - y;
    const apart = across * across + down * down;
    if (apart <= best && isShown(data, hidden, i)) {
      best = apart;
      found = i;
    }
  }
  return found;
}

/**
 * The shown items inside a closed line.
 * @param {MapData} data
 * @param {Uint8Array} hidden
 * @param {Window} window
 * @param {[number, number][]} line its corners
 * @returns {number[]} rows
 */
export function itemsInside(data, hidden, { scale, left, top }, line) {
  const [xs, ys] = [line.map(([x]) => x), line.map(([, y]) => y)];
  const [low, high] = [Math.min(...xs), Math.max(...xs)];
  const [first, last] = [Math.min(...ys), Math.max(...ys)];
  const rows = [];
  for (let i = 0; i < data.count; i++) {
    const x = data.xs[i] * scale + left;
    const y = data.ys[i] * scale + top;
    if (x < low || x > high || y < first || y > last) continue;
    if (isShown(data, hidden, i) && isInside(line, x, y)) rows.push(i);
  }
  return rows;
}

/**
 * Whether a ray from a point crosses a closed line an odd number of times.
 * @param {[number, number][]} line
 * @param {number} x
 * @param {number} y
 */
function isInside(line, x, y) {
  let inside = false;
  for (let i = 0, j = line.length - 1; i < line.length; j = i++) {
    const [ax, ay] = line[i];
    const [bx, by] = line[j];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  }
  return inside;
}
