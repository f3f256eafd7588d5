/** The page: paper to draw on, and what the run says of the drawing. */

const NEIGHBOURS = 6;
const tower = { ...RUN.tower, weights: toFloats(RUN.tower.weights) };
const gallery = { vectors: toFloats(RUN.gallery.vectors), labels: RUN.gallery.labels, calibration: RUN.calibration };
const drawing = new Drawing();
const canvas = document.querySelector("canvas");
const pen = document.querySelector("input[type=range]");
let pointer = null;

pen.value = RUN.preparation.chain === "digit" ? 0.08 : 0.03;
document.querySelector("h1").textContent = RUN.name;
document.querySelector("#about").textContent = RUN.about;

/** Float32 from base64, little-endian as all browsers' machines are. */
function toFloats(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new Float32Array(bytes.buffer);
}

/** What the run says of strokes; null where there are none. Kept by name for tests and for others' pages. */
function ask(strokes) {
  const pixels = prepare(strokes, RUN.preparation);
  return pixels && answer(pixels);
}

function answer(pixels) {
  const embedding = embed(tower, pixels);
  return { pixels, embedding, ...decide(embedding, gallery) };
}

function show() {
  paint(canvas, drawing.strokes, { ink: "#000", paper: "#fff" });
  const said = ask(drawing.strokes);
  const [verdict, evidence, near] = ["#verdict", "#evidence", "#near"].map((name) => document.querySelector(name));
  near.replaceChildren();
  if (!said) {
    verdict.textContent = evidence.textContent = "";
    return;
  }
  const name = RUN.gallery.names[said.label];
  verdict.dataset.verdict = said.verdict;
  verdict.textContent = said.verdict === "no match" ? `no match (nearest: ${name})` : `${said.verdict}: ${name}`;
  evidence.textContent = `probability ${(100 * said.probability).toFixed(1)} %, nearest at ${said.near[0].distance.toFixed(3)} (0 to 2, smaller = closer)`;
  for (const { item, distance } of said.near.slice(0, NEIGHBOURS)) {
    const figure = document.createElement("figure");
    const label = RUN.gallery.names[RUN.gallery.labels[item]];
    if (RUN.gallery.pictures[item]) {
      const picture = document.createElement("img");
      picture.src = `data:image/png;base64,${RUN.gallery.pictures[item]}`;
      picture.alt = label;
      figure.append(picture);
    }
    const caption = document.createElement("figcaption");
    caption.textContent = `${label} ${distance.toFixed(3)}`;
    figure.append(caption);
    near.append(figure);
  }
}

function place(event) {
  const box = canvas.getBoundingClientRect();
  return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
}

canvas.addEventListener("pointerdown", (event) => {
  if (pointer !== null || event.button > 0) return;
  pointer = event.pointerId;
  canvas.setPointerCapture(pointer);
  drawing.begin(place(event), { width: Number(pen.value), erases: false });
  show();
});
canvas.addEventListener("pointermove", (event) => {
  if (event.pointerId !== pointer) return;
  const between = event.getCoalescedEvents?.() ?? [];
  (between.length ? between : [event]).forEach((one) => drawing.extend(place(one)));
  requestAnimationFrame(show);
});
for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => (pointer = null));
document.querySelector("#undo").addEventListener("click", () => (drawing.undo(), show()));
document.querySelector("#clear").addEventListener("click", () => (drawing.clear(), show()));
show();
window.siam = { ask, answer, paint };
