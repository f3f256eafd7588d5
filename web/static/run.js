/** Run: which run answers, how good it is, what it holds, and what the audit found in it. */

import { address, ask } from "./api.js";
import { itemTile } from "./answer.js";
import { fill, h, labelText, percent, plural, showError } from "./dom.js";
import { createItems } from "./items.js";

/** Findings of an audit that are shown, and pictures beside one. */
const [SHOWN, BESIDE] = [60, 3];
/** Figures in the order they are shown: which, and in words. */
const FIGURES = [
  ["retrieval", "recall@1", "Nearest picture is of the same class"],
  ["retrieval", "recall@5", "One of the nearest five is"],
  ["retrieval", "map@r", "Mean average precision (MAP@R)"],
  ["pairs", "accuracy", "Pairs judged rightly"],
  ["pairs", "auc", "Area under the pairs' ROC curve"],
  ["pairs", "eer", "Equal error rate (0 % is best)"],
];

/**
 * @param {HTMLElement} element
 * @param {import("./session.js").Session} session
 * @param {(name: string) => void} onChoose told of another run
 */
export function mountRun(element, session, onChoose) {
  const { details } = session;
  const items = createItems(session);
  fill(
    element,
    h("h1", {}, session.run),
    h("div", { class: "two" }, [
      h("div", { class: "card" }, chooser(session, onChoose), summary(details), assessment(details)),
      h("div", { class: "card" }, h("h2", {}, "How good it is"), figures(details), report(session)),
    ]),
    details.audit ? findings(session.run) : null,
    h("div", { class: "card" }, h("h2", {}, "Labels"), labels(details, items.filter)),
    h("div", { class: "card" }, items.element),
  );
  return { show: () => items.show() };
}

/**
 * @param {import("./session.js").Session} session
 * @param {(name: string) => void} onChoose
 */
function chooser(session, onChoose) {
  const options = session.runs.map(({ name, pictures, classes }) =>
    h("option", { value: name, selected: name === session.run }, `${name} (${`${classes} classes`}, ${plural(pictures ?? 0, "picture")})`),
  );
  const select = /** @type {HTMLSelectElement} */ (h("select", { id: "run-name" }, options));
  select.addEventListener("change", () => onChoose(select.value));
  return h("div", { class: "field" }, h("label", { for: "run-name" }, "Run"), select);
}

/** @param {any} details */
function summary(details) {
  const size = details.picture_shape ? details.picture_shape.slice(0, 2).join(" × ") : null;
  const rows = [
    ["Trained", details.created ? new Date(details.created).toLocaleString() : null],
    ["Preset", details.preset],
    ["Pictures", details.pictures?.toLocaleString("en")],
    ["Network's input", size && `${size} pixels, prepared by the chain “${details.chain}”`],
  ];
  const told = rows.filter(([, value]) => value);
  return h("dl", { class: "facts" }, told.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

/** @param {any} details */
function assessment(details) {
  const { verdict, advice } = details.assessment ?? {};
  const more = advice?.length > 0 && h("ul", { class: "notes" }, advice.map((/** @type {string} */ one) => h("li", {}, one)));
  return [verdict && h("p", { class: "assessment" }, verdict), more && h("details", {}, h("summary", {}, "What would make it better"), more)];
}

/** @param {any} details */
function figures(details) {
  const told = FIGURES.filter(([kind, name]) => typeof details.figures?.[kind]?.[name] === "number");
  if (!told.length) return h("p", { class: "quiet" }, "No figures are kept with this run.");
  const rows = told.map(([kind, name, words]) => {
    const value = details.figures[kind][name];
    const interval = details.figures[kind][`${name}_ci95`];
    const between = interval ? `${percent(interval[0])} to ${percent(interval[1])}` : "";
    return h("tr", {}, h("th", { scope: "row" }, words), h("td", {}, h("strong", {}, percent(value))), h("td", { class: "quiet" }, between));
  });
  const head = h("tr", {}, ["Figure", "Value", "95 % interval"].map((words) => h("th", { scope: "col" }, words)));
  return [h("table", {}, h("thead", {}, head), h("tbody", {}, rows)), h("p", { class: "quiet" }, origin(details))];
}

/**
 * Whose the figures are: an encoder may have been trained on others' pictures.
 * @param {any} details
 */
function origin({ dataset, classes, labels }) {
  const words = `Measured on test pictures of “${dataset}”, which it was trained on (${classes.length} classes).`;
  const own = (labels ?? []).map((/** @type {any} */ one) => one.label).filter(Boolean);
  if (!own.length || own.some((/** @type {string} */ one) => classes.includes(one))) return words;
  return `${words} None of the labels here was among them: of your pictures these figures say little.`;
}

/** @param {import("./session.js").Session} session */
function report(session) {
  if (!session.details.report) return null;
  const source = address(`/runs/${encodeURIComponent(session.run)}/report`);
  const frame = h("iframe", { src: source, sandbox: "", loading: "lazy", title: `Report of ${session.run}` });
  const whole = h("a", { href: source, target: "_blank", rel: "noopener" }, "in a page of its own");
  return h("details", {}, h("summary", {}, "Report: curves, calibration, worst mistakes"), h("p", {}, whole), frame);
}

/**
 * @param {any} details
 * @param {(label: string) => void} onChoose
 */
function labels(details, onChoose) {
  const counts = /** @type {{label: string|null, count: number}[]} */ (details.labels ?? []);
  const most = Math.max(1, ...counts.map((one) => one.count));
  const rows = counts.map(({ label, count }) => {
    const fillBar = h("span", { class: "count-fill" });
    fillBar.style.width = `${(100 * count) / most}%`;
    const words = [h("span", { class: "count-label" }, labelText(label)), h("span", { class: "count-bar" }, fillBar), h("span", { class: "quiet" }, count.toLocaleString("en"))];
    const show = { type: "button", class: "count", onclick: () => onChoose(label ?? "") };
    return h("li", {}, label ? h("button", show, words) : h("div", { class: "count" }, words));
  });
  return h("ul", { class: "counts" }, rows);
}

/**
 * What `siam audit` found, looked up when it is opened.
 * @param {string} run
 */
function findings(run) {
  const body = h("div", {});
  const path = `/runs/${encodeURIComponent(run)}/audit`;
  const part = h("details", { class: "card" }, h("summary", {}, h("h2", {}, "What the audit found")), body);
  const open = async () => {
    part.removeEventListener("toggle", open);
    try {
      const audit = await ask(path);
      const all = audit.findings ?? [];
      const more = all.length > SHOWN && h("p", { class: "quiet" }, `and ${plural(all.length - SHOWN, "finding")} more: siam audit --html audit.html`);
      fill(body, h("p", { class: "quiet" }, audit.way), all.length ? h("ul", { class: "findings" }, all.slice(0, SHOWN).map(finding)) : h("p", {}, "It found nothing amiss."), more);
    } catch (error) {
      showError(body, error);
    }
  };
  part.addEventListener("toggle", open);
  return part;
}

/** @param {any} one as `siam audit --json` has it */
function finding(one) {
  const ids = [one.id, ...one.beside_ids].filter((id) => typeof id === "number").slice(0, BESIDE + 1);
  const tiles = ids.map((id) => itemTile({ id, label: id === one.id ? one.label : "beside", key: one.path }));
  return h("li", {}, tiles.length > 0 && h("ol", { class: "tiles" }, tiles), h("div", {}, h("strong", {}, `${one.problem}: `), one.path, h("p", { class: "quiet" }, one.evidence), one.proposal && h("p", {}, one.proposal)));
}
