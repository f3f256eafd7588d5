/** What the page knows of the server and of the run that it asks: read once, read again on change. */

import { ApiError, ask, chooseRun } from "./api.js";

/**
 * @typedef {Object} Session
 * @property {string} run its name
 * @property {any[]} runs all that there are
 * @property {any} details of the run: figures, labels, operating points
 * @property {boolean} writable whether this page may change the index
 * @property {boolean} labelling whether a folder waits for labels
 * @property {string} version of siam
 * @property {{position: [number, number], label: string|null}|null} query the last one's place in the map
 */

/**
 * @param {string|null} name of the run; null for the one that is served
 * @param {AbortSignal} signal aborted when it is no longer wanted
 * @returns {Promise<Session>}
 * @throws {ApiError} 401 where the server first wants its token
 */
export async function openSession(name, signal) {
  chooseRun(name);
  const health = await ask("/health", { signal });
  if (health.token_required && !health.run) throw new ApiError(401, { code: "token" });
  const listing = await ask("/runs", { signal });
  const run = name ?? listing.run;
  const details = await ask(`/runs/${encodeURIComponent(run)}`, { signal });
  const kept = listing.runs.find((/** @type {any} */ one) => one.name === run) ?? {};
  const points = details.operating_points ?? [];
  return {
    run,
    runs: listing.runs,
    details: {
      pictures: kept.pictures ?? 0,
      ...kept,
      ...details,
      operating_points: points,
      threshold: details.threshold ?? points[Math.floor(points.length / 2)]?.threshold ?? 1,
    },
    writable: health.writable,
    labelling: Boolean(health.labelling),
    version: health.version,
    query: null,
  };
}
