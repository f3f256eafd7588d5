"""The frame of report.html: its style and script, with `$name` where content goes."""

from __future__ import annotations

from string import Template

__all__ = ["PAGE"]

STYLE = """
:root { color-scheme: light dark; --paper: #fbfbf9; --card: #ffffff; --ink: #1d2327;
  --soft: #5c666e; --line: #d9dee1; --accent: #3f62c4; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #14171a; --card: #1c2125; --ink: #e6e9eb; --soft: #9aa5ad; --line: #363e45;
    --accent: #8fa9f0; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
header, main, footer { max-width: 1120px; margin: 0 auto; padding: 0 16px; }
header { padding-top: 28px; }
h1 { font-size: 1.05rem; font-weight: 600; color: var(--soft); margin: 0; }
.verdict { font-size: 1.5rem; line-height: 1.3; font-weight: 650; margin: 6px 0; }
.soft, figcaption, .note { color: var(--soft); font-size: .9rem; }
section { margin: 34px 0; }
h2 { font-size: 1.2rem; margin: 0 0 4px; }
h3 { font-size: 1rem; margin: 18px 0 4px; }
.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 380px), 1fr));
  gap: 16px; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 12px;
  margin: 0; min-width: 0; }
.card svg { display: block; width: 100%; height: auto; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 5px 10px 5px 0; border-bottom: 1px solid var(--line);
  vertical-align: top; }
td.number, th.number { text-align: right; white-space: nowrap; }
th { font-weight: 600; font-size: .9rem; color: var(--soft); }
.gallery { display: flex; flex-wrap: wrap; gap: 10px; }
.mistake { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 8px;
  font-size: .8rem; text-align: center; max-width: 190px; overflow-wrap: anywhere; margin: 0; }
.mistake div { display: flex; gap: 4px; justify-content: center; }
.mistake img { width: 72px; height: 72px; object-fit: contain; image-rendering: pixelated;
  background: #000; border-radius: 4px; }
.key { display: flex; flex-wrap: wrap; gap: 4px 14px; font-size: .85rem; }
.key span::before { content: ""; display: inline-block; width: .7em; height: .7em;
  border-radius: 50%; background: var(--colour); margin-right: .4em; }
#map-card { position: relative; touch-action: pan-y; }
#map-tip { position: absolute; display: none; pointer-events: none; padding: 6px; z-index: 2;
  background: var(--card); border: 1px solid var(--line); border-radius: 6px; font-size: .8rem;
  box-shadow: 0 2px 10px rgba(0, 0, 0, .3); text-align: center; }
#map-tip i { display: block; width: 84px; height: 84px; image-rendering: pixelated;
  background-color: #000; margin: 0 auto; }
pre { overflow-x: auto; font-size: .82rem; margin: 0; }
.diagram { background: #fff; overflow: auto; max-height: 70vh; text-align: center; }
.diagram img { max-width: 100%; height: auto; }
footer { padding-bottom: 30px; }
"""

# Where the pointer is, the nearest point within reach shows its picture and class.
SCRIPT = """
(() => {
  const card = document.getElementById("map-card");
  if (!card) return;
  const data = JSON.parse(document.getElementById("map-data").textContent);
  const svg = card.querySelector("svg"), tip = document.getElementById("map-tip");
  const points = [...svg.querySelectorAll("#map-points use")].map(
    use => [+use.getAttribute("x"), +use.getAttribute("y")]);
  const picture = tip.querySelector("i"), words = tip.querySelector("span"), side = 84;
  picture.style.backgroundImage = `url(${data.sheet})`;
  picture.style.backgroundSize = `${side * data.columns}px auto`;
  const show = event => {
    const box = svg.getBoundingClientRect(), view = svg.viewBox.baseVal;
    const scale = view.width / box.width;
    const x = (event.clientX - box.left) * scale, y = (event.clientY - box.top) * scale;
    let best = -1, least = (18 * scale) ** 2;
    points.forEach(([px, py], place) => {
      const gap = (px - x) ** 2 + (py - y) ** 2;
      if (gap < least) { least = gap; best = place; }
    });
    if (best < 0) { tip.style.display = "none"; return; }
    picture.style.backgroundPosition =
      `-${side * (best % data.columns)}px -${side * Math.floor(best / data.columns)}px`;
    words.textContent = data.names[data.labels[best]];
    tip.style.display = "block";
    const frame = card.getBoundingClientRect();
    const left = event.clientX - frame.left + 14, top = event.clientY - frame.top + 14;
    tip.style.left = `${Math.max(0, Math.min(left, frame.width - tip.offsetWidth - 4))}px`;
    tip.style.top = `${Math.max(0, Math.min(top, frame.height - tip.offsetHeight - 4))}px`;
  };
  card.addEventListener("pointermove", show);
  card.addEventListener("pointerdown", show);
  card.addEventListener("pointerleave", () => { tip.style.display = "none"; });
})();
"""

# The policy has the browser itself refuse anything from outside the file; the empty icon keeps it
# from asking for one.
PAGE = Template(
    """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<link rel="icon" href="data:,">
<title>$title</title>
<style>"""
    + STYLE.replace("$", "$$")
    + """</style>
</head>
<body>
<header>
<h1>$title</h1>
<p class="verdict">$verdict</p>
<p class="soft">$operating_point</p>
</header>
<main>
$sections
</main>
<footer class="soft">$footer</footer>
<script>"""
    + SCRIPT.replace("$", "$$")
    + """</script>
</body>
</html>
"""
)
