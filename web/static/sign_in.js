/** The form that asks for the server's token; it is kept as a cookie that no script can read. */

import { ask } from "./api.js";
import { h, showError } from "./dom.js";

/**
 * Ask for the token until the server takes one.
 * @param {HTMLElement} element
 * @param {() => void} onSignedIn
 */
export function showSignIn(element, onSignedIn) {
  const token = /** @type {HTMLInputElement} */ (
    h("input", { id: "token", type: "password", required: true, autocomplete: "current-password", spellcheck: "false" })
  );
  const problem = h("div", {});
  /** @param {Event} event */
  const send = async (event) => {
    event.preventDefault();
    try {
      await ask("/session", { method: "POST", headers: { Authorization: `Bearer ${token.value}` } });
      onSignedIn();
    } catch (error) {
      token.value = "";
      token.focus();
      showError(problem, error);
    }
  };
  const form = h(
    "form",
    { class: "card sign-in", onsubmit: send },
    h("h1", {}, "This server asks who you are"),
    h("p", {}, "Give the token that it was started with (SIAM_SERVE_TOKEN)."),
    h("label", { for: "token" }, "Token"),
    token,
    h("button", { class: "primary" }, "Sign in"),
    problem,
  );
  element.replaceChildren(form);
  token.focus();
}
