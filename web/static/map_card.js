/** The picture of the item in sight, beside it: on hover, at a tap, or for the one in the middle. */

import { thumbnail } from "./api.js";
import { fill, h, labelText, picture } from "./dom.js";

const QUIET = 50; // milliseconds that one has to stay on an item, so that a sweep asks for few

/**
 * @param {HTMLElement} stage
 * @param {(id: number) => void} onSelect
 */
export function createCard(stage, onSelect) {
  const card = h("div", { class: "map-card", hidden: true });
  stage.append(card);
  let timer = 0;

  return {
    /**
     * @param {{id: number, label: string, place: [number, number], fixed: boolean}|null} item `place`
     *   in the stage; `fixed`: it stays, so that it can be pressed
     */
    show(item) {
      clearTimeout(timer);
      card.hidden = true;
      if (!item) return;
      timer = window.setTimeout(() => {
        const image = picture(thumbnail(item.id), { width: 72, height: 72 });
        const open = h("button", { type: "button", onclick: () => onSelect(item.id) }, "Open");
        const words = h("p", {}, h("strong", {}, labelText(item.label)), h("span", { class: "quiet" }, ` item ${item.id}`));
        fill(card, image, words, item.fixed ? open : null);
        card.classList.toggle("fixed", item.fixed);
        card.hidden = false;
        const [x, y] = item.place;
        const left = x + 14 + card.offsetWidth > stage.clientWidth ? x - 14 - card.offsetWidth : x + 14;
        const top = Math.min(Math.max(4, y - card.offsetHeight / 2), stage.clientHeight - card.offsetHeight - 4);
        card.style.left = `${Math.max(4, left)}px`;
        card.style.top = `${top}px`;
      }, QUIET);
    },
  };
}
