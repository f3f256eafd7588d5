/** The map's data: each item's id, label and place, as the server sends them. */

import { ApiError, address, ask } from "./api.js";

/**
 * @typedef {Object} MapData
 * @property {number} count of items
 * @property {{label: string, count: number}[]} labels by name
 * @property {Float64Array} ids
 * @property {Int32Array} numbers places in `labels`, -1 for no label
 * @property {Float32Array} xs 0 to 1, from the left
 * @property {Float32Array} ys 0 to 1, from the top
 */

const PAUSE = 1000; // milliseconds between two looks at how far a computation is

/**
 * Wait until the run has a map; the server begins one where there is none.
 * @param {(status: {step: string, done: number, total: number}) => void} tell
 * @param {AbortSignal} signal
 * @throws {ApiError} there will be none
 */
export async function waitForMap(tell, signal) {
  for (;;) {
    const status = await ask("/map/status", { signal });
    if (status.status === "ready") return;
    if (status.status === "failed") throw new ApiError(200, status.error);
    tell(status);
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}

/**
 * @param {AbortSignal} signal
 * @returns {Promise<MapData>}
 */
export async function fetchMap(signal) {
  const response = await fetch(address("/map"), { signal });
  if (!response.ok) throw new ApiError(response.status, (await response.json()).error ?? {});
  return decodeMap(await response.arrayBuffer());
}

/**
 * Read the form of `siam.web.map_format`: a header in JSON, then plain arrays.
 * @param {ArrayBuffer} content
 * @returns {MapData}
 */
export function decodeMap(content) {
  const start = 4 + new DataView(content).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(content, 4, start - 4)));
  const { count, labels } = header;
  const ids = new Float64Array(content, start, count);
  const numbers = new Int32Array(content, start + 8 * count, count);
  const places = new Uint16Array(content, start + 12 * count, 2 * count);
  const xs = new Float32Array(count);
  const ys = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    xs[i] = places[2 * i] / 65535;
    ys[i] = places[2 * i + 1] / 65535;
  }
  return { count, labels, ids, numbers, xs, ys };
}

/**
 * The label of the item in row `i`; "" for none.
 * @param {MapData} data
 * @param {number} i
 */
export const labelAt = (data, i) => (data.numbers[i] < 0 ? "" : data.labels[data.numbers[i]].label);
