// The live picture. We ask for the next one when the last is drawn: a slow phone sees fewer, never older.

import { h } from "./dom.js";
import { said } from "./strings.js";
import { address } from "./wire.js";

export function picture() {
  const canvas = h("canvas", { role: "img", "aria-label": said.picture, width: 16, height: 9 });
  const figure = h("figure", { id: "picture" }, canvas,
    h("button", { class: "quiet", onclick: () => fill(figure), "aria-label": said.fullScreen, title: said.fullScreen },
      h("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" }, h("path", { d: "M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4" }))));
  const brush = canvas.getContext("2d", { alpha: false });
  let socket, asked = false;

  function ask() {
    if (asked || document.hidden || socket?.readyState !== WebSocket.OPEN) return;
    asked = true;
    socket.send(String(Math.ceil(canvas.clientWidth * Math.min(devicePixelRatio, 2)) || 480));
  }

  function open() {
    socket = new WebSocket(address("picture"));
    socket.binaryType = "blob";
    asked = false;
    socket.onopen = ask;
    socket.onmessage = async ({ data }) => {
      const bitmap = await createImageBitmap(data).catch(() => null);
      if (bitmap) draw(bitmap);
      asked = false;
      requestAnimationFrame(ask);
    };
    socket.onclose = () => setTimeout(open, 1000);
  }

  function draw(bitmap) {
    if (canvas.width !== bitmap.width || canvas.height !== bitmap.height)
      [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
    brush.drawImage(bitmap, 0, 0);
    bitmap.close();
    canvas.dataset.drawn = 1 + Number(canvas.dataset.drawn ?? 0);
  }

  document.addEventListener("visibilitychange", ask);
  open();
  return figure;
}

/** Full screen; on a telephone that knows none, over the whole page. */
function fill(figure) {
  if (document.fullscreenElement) document.exitFullscreen();
  else if (figure.requestFullscreen) figure.requestFullscreen().catch(() => figure.classList.toggle("fills"));
  else figure.classList.toggle("fills");
}
