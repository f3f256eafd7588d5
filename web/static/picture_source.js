/** Where a picture comes from: drawn, dropped, pasted, chosen, or by the camera. */

import { createCameraButton } from "./camera.js";
import { fill, h, icon, iconButton, showError } from "./dom.js";
import { isOfInk, toPicture } from "./drawing.js";
import { createPad } from "./pad.js";

/** @typedef {{name: string, blob: () => Promise<Blob>}} Picture what is asked about, made when it is sent */

/**
 * @param {{name: string, chain: string, multiple?: boolean, onChange: (pictures: Picture[]) => void}} options
 *   what it is called; the chain that prepares it; whether several files may come at once; who is told what is to be asked about,
 *   an empty list where there is nothing
 */
export function createPictureSource({ name, chain, multiple = false, onChange }) {
  const ink = isOfInk(chain);
  const shown = h("div", { class: "chosen" });
  const words = "Drop or paste a picture here, or choose one";
  const empty = h("div", { class: "place", onclick: () => input.click() }, icon("file"), h("span", {}, words));
  const problem = h("div", {});
  let urls = /** @type {string[]} */ ([]);
  const pad = createPad({
    name,
    chain,
    onChange: (drawing) => {
      const strokes = drawing.strokes;
      onChange(drawing.empty ? [] : [{ name: "drawing.png", blob: () => toPicture(strokes) }]);
    },
  });

  /** @param {File[]|Blob[]} files */
  function take(files) {
    const kept = multiple ? [...files] : [...files].slice(0, 1);
    if (!kept.length) return;
    problem.replaceChildren();
    forget();
    const pictures = kept.map((file) => ({ name: nameOf(file), blob: async () => file }));
    const again = iconButton(...(ink ? /** @type {const} */ (["pen", "Draw instead"]) : /** @type {const} */ (["clear", "Clear"])), () => {
      reset();
      (ink ? pad.canvas : input).focus();
    });
    fill(shown, h("div", { class: "previews" }, kept.slice(0, 6).map(preview)), caption(pictures), again);
    look(shown);
    onChange(pictures);
  }

  /** @param {Blob} file */
  function preview(file) {
    const url = URL.createObjectURL(file);
    urls.push(url);
    const image = h("img", { src: url, alt: nameOf(file) });
    image.addEventListener("error", () => image.remove()); // a format that this browser does not show
    return image;
  }

  function forget() {
    urls.forEach((url) => URL.revokeObjectURL(url));
    urls = [];
  }

  function reset() {
    forget();
    shown.replaceChildren();
    look(...(ink ? [pad.sheet, pad.tools] : [empty]));
    pad.clear();
  }

  /** @param {...HTMLElement} seen of what a picture may come from; the rest is out of sight */
  function look(...seen) {
    for (const one of [empty, pad.sheet, pad.tools, shown]) one.hidden = !seen.includes(one);
    draw.hidden = ink || seen.includes(pad.sheet);
  }

  const input = /** @type {HTMLInputElement} */ (
    h("input", { type: "file", accept: "image/*,.heic,.avif", multiple, class: "hidden-input", "aria-label": `${name}: choose a file` })
  );
  input.addEventListener("change", () => {
    take([...(input.files ?? [])]);
    input.value = "";
  });
  const choose = h("label", { class: "button" }, input, icon("file"), h("span", {}, multiple ? "Choose files" : "Choose"));
  const camera = createCameraButton((blob) => take([blob]), (error) => showError(problem, error));
  // A run of photos is asked with photos: its paper is there for who wants it.
  const draw = iconButton("pen", "Draw", () => {
    reset();
    look(pad.sheet, pad.tools);
    pad.canvas.focus();
  });
  const element = h(
    "div",
    { class: "source", role: "group", "aria-label": name },
    empty,
    pad.sheet,
    shown,
    pad.tools,
    h("div", { class: "row" }, choose, camera, draw),
    problem,
  );
  look(...(ink ? [pad.sheet, pad.tools] : [empty]));
  acceptDrops(element, take);
  return { element, take, reset };
}

/**
 * Let files be dropped on an element, and be pasted while it is in sight.
 * @param {HTMLElement} element
 * @param {(files: File[]) => void} take
 */
function acceptDrops(element, take) {
  element.addEventListener("dragover", (event) => {
    event.preventDefault();
    element.classList.add("over");
  });
  element.addEventListener("dragleave", () => element.classList.remove("over"));
  element.addEventListener("drop", (event) => {
    event.preventDefault();
    element.classList.remove("over");
    take([...(event.dataTransfer?.files ?? [])]);
  });
}

/** @param {{name: string}[]} pictures */
function caption(pictures) {
  const more = pictures.length > 6 ? ` and ${pictures.length - 6} more` : "";
  return h("p", { class: "quiet" }, pictures.slice(0, 6).map((one) => one.name).join(", ") + more);
}

/** @param {Blob} file */
const nameOf = (file) => /** @type {File} */ (file).name || "picture";
