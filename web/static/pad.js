/** A square of paper to draw on: pen, eraser, undo, clear, the pen's width. */

import { h, icon, iconButton } from "./dom.js";
import { Drawing, paint } from "./drawing.js";

/** Pixels of the canvas, however large it is shown. */
const SIDE = 720;
/** The pen's width as a share of the side: digits are told best with 0.08, glyphs of many strokes with 0.03. */
const PEN = { least: 0.02, most: 0.14, digit: 0.08, other: 0.03 };
const ERASER = 2; // times as wide as the pen

/**
 * @param {{name: string, chain: string, onChange: (drawing: Drawing) => void}} options what the paper
 *   is called, what pictures are prepared by, and who is told of each change
 */
export function createPad({ name, chain, onChange }) {
  const drawing = new Drawing();
  let erases = false;
  let pointer = /** @type {number|null} */ (null);
  const canvas = /** @type {HTMLCanvasElement} */ (
    h("canvas", {
      class: "paper",
      width: SIDE,
      height: SIDE,
      tabindex: 0,
      role: "img",
      "aria-label": `${name}: paper to draw on with a finger, a pen or a mouse. Without these, choose a file.`,
    })
  );
  const width = /** @type {HTMLInputElement} */ (
    h("input", { type: "range", min: PEN.least, max: PEN.most, step: 0.005, value: chain === "digit" ? PEN.digit : PEN.other, "aria-label": "Pen width" })
  );
  const pen = iconButton("pen", "Pen", () => choose(false), { "aria-pressed": "true" });
  const eraser = iconButton("eraser", "Eraser", () => choose(true), { "aria-pressed": "false" });
  const undo = iconButton("undo", "Undo", () => change(() => drawing.undo()));
  const clear = iconButton("clear", "Clear", () => change(() => drawing.clear()));
  const hint = h("span", { class: "hint", "aria-hidden": "true" }, icon("pen"), "Draw, or drop or paste a picture");

  /** @param {boolean} eraserChosen */
  function choose(eraserChosen) {
    erases = eraserChosen;
    pen.setAttribute("aria-pressed", String(!erases));
    eraser.setAttribute("aria-pressed", String(erases));
  }

  /** @param {() => void} action */
  function change(action) {
    action();
    show();
    onChange(drawing);
  }

  function show() {
    const style = getComputedStyle(canvas);
    const paper = style.getPropertyValue("--paper").trim() || "#fff";
    paint(canvas, drawing.strokes, { ink: style.getPropertyValue("--ink").trim() || "#000", paper });
    hint.hidden = drawing.strokes.length > 0;
    for (const [button, idle] of /** @type {const} */ ([
      [undo, drawing.before.length === 0],
      [clear, drawing.strokes.length === 0],
    ])) {
      button.toggleAttribute("disabled", idle);
    }
  }

  /**
   * @param {PointerEvent} event
   * @returns {[number, number]}
   */
  function place(event) {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (pointer !== null || event.button > 0) return;
    pointer = event.pointerId;
    canvas.setPointerCapture(pointer);
    const byEraser = erases || (event.buttons & 32) !== 0; // the other end of a pen
    const wide = Number(width.value) * (byEraser ? ERASER : 1);
    change(() => drawing.begin(place(event), { width: wide, erases: byEraser }));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pointer) return;
    const between = event.getCoalescedEvents?.() ?? [];
    change(() => (between.length ? between : [event]).forEach((one) => drawing.extend(place(one))));
  });
  for (const end of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(end, (event) => {
      if (/** @type {PointerEvent} */ (event).pointerId === pointer) pointer = null;
    });
  }
  canvas.addEventListener("keydown", (event) => {
    if (event.key === "Delete" || event.key === "Backspace") change(() => drawing.clear());
    else if (event.key === "z" && (event.ctrlKey || event.metaKey)) change(() => drawing.undo());
    else return;
    event.preventDefault();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);

  const sheet = h("div", { class: "sheet" }, canvas, hint);
  const tools = h(
    "div",
    { class: "tools", role: "group", "aria-label": `${name}: drawing` },
    pen,
    eraser,
    undo,
    clear,
    h("label", { class: "width" }, h("span", { "aria-hidden": "true" }, "Pen width"), width),
  );
  requestAnimationFrame(show); // once it is in the page, and its colours are known
  return { sheet, canvas, tools, drawing, clear: () => change(() => drawing.clear()) };
}
