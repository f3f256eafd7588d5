/** A still picture from the camera; where the browser gives no camera, the phone's own. */

import { h, iconButton } from "./dom.js";

/**
 * A button that ends in a picture.
 * @param {(blob: Blob) => void} onPicture
 * @param {(error: {message: string, cure: string}) => void} onError
 */
export function createCameraButton(onPicture, onError) {
  const capture = /** @type {HTMLInputElement} */ (
    h("input", { type: "file", accept: "image/*", capture: "environment", hidden: true, "aria-hidden": "true" })
  );
  capture.addEventListener("change", () => {
    if (capture.files?.[0]) onPicture(capture.files[0]);
    capture.value = "";
  });
  const button = iconButton("camera", "Camera", async () => {
    if (!navigator.mediaDevices?.getUserMedia) return capture.click();
    button.toggleAttribute("disabled", true); // until the person has answered, and the picture is taken
    try {
      const video = { facingMode: "environment", width: { ideal: 1280 } };
      const blob = await takeStill(await navigator.mediaDevices.getUserMedia({ video }));
      if (blob) onPicture(blob);
    } catch (error) {
      const cure = "Allow the camera for this page, or choose a file.";
      onError({ message: `The camera gives no picture: ${/** @type {Error} */ (error).message}.`, cure });
    }
    button.toggleAttribute("disabled", false);
    button.focus();
  });
  return [button, capture];
}

/**
 * Show what the camera sees until a still is taken or the dialog is closed.
 * @param {MediaStream} stream
 * @returns {Promise<Blob|null>}
 */
function takeStill(stream) {
  return new Promise((resolve) => {
    const video = /** @type {HTMLVideoElement} */ (
      h("video", { autoplay: true, playsinline: true, muted: true, "aria-label": "What the camera sees" })
    );
    video.srcObject = stream;
    let taken = /** @type {Blob|null} */ (null);
    const still = () => {
      const canvas = document.createElement("canvas");
      canvas.width = video.videoWidth;
      canvas.height = video.videoHeight;
      canvas.getContext("2d")?.drawImage(video, 0, 0);
      canvas.toBlob((blob) => ((taken = blob), dialog.close()), "image/jpeg", 0.92);
    };
    const take = iconButton("camera", "Take the picture", still, { class: "primary", disabled: true });
    video.addEventListener("loadeddata", () => take.toggleAttribute("disabled", false));
    const cancel = h("button", { type: "button", onclick: () => dialog.close() }, "Cancel");
    const dialog = /** @type {HTMLDialogElement} */ (
      h("dialog", { class: "camera", "aria-label": "Camera" }, video, h("div", { class: "row" }, take, cancel))
    );
    dialog.addEventListener("close", () => {
      for (const track of stream.getTracks()) track.stop();
      dialog.remove();
      resolve(taken);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
