// Where the pointer is, the nearest point within reach shows its picture and class.
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
