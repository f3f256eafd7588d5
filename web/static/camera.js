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
    try {
      const video = { facingMode: "environment", width: { ideal: 1280 } };
      const blob = await takeStill(await navigator.mediaDevices.getUserMedia({ video }));
      if (blob) onPicture(blob);
    } catch (error) {
      const cure = "Allow the camera for this page, or choose a file.";
      onError({ message: `The camera gives no picture: ${/** @type {Error} */ (error).message}.`, cure });
    }
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
    /** @param {Blob|null} blob */
    const end = (blob) => {
      for (const track of stream.getTracks()) track.stop();
      dialog.close();
      dialog.remove();
      resolve(blob);
    };
    const still = () => {
      const canvas = document.createElement("canvas");
      canvas.width = video.videoWidth;
      canvas.height = video.videoHeight;
      canvas.getContext("2d")?.drawImage(video, 0, 0);
      canvas.toBlob(end, "image/jpeg", 0.92);
    };
    const take = iconButton("camera", "Take the picture", still, { class: "primary" });
    const cancel = h("button", { type: "button", onclick: () => end(null) }, "Cancel");
    const dialog = /** @type {HTMLDialogElement} */ (
      h("dialog", { class: "camera", "aria-label": "Camera" }, video, h("div", { class: "row" }, take, cancel))
    );
    dialog.addEventListener("cancel", () => end(null));
    document.body.append(dialog);
    dialog.showModal();
  });
}
