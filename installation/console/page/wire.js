// The line to the piece: one WebSocket, opened again whenever it is lost; and what is asked over HTTP.

import { tell } from "./dom.js";
import { said } from "./strings.js";

const RETRY = [0.5, 1, 2, 5]; // seconds between two tries
export const query = new URLSearchParams(location.search).get("as") === "visitor" ? "?as=visitor" : "";

export function address(path) {
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/console/${path}${query}`;
}

export class Wire {
  constructor() {
    this.listeners = {};
    this.tries = 0;
  }

  /** Call back with every news of a kind. */
  on(kind, listener) {
    (this.listeners[kind] ??= []).push(listener);
    return this;
  }

  open() {
    this.socket = new WebSocket(address("talk"));
    this.socket.onopen = () => { this.tries = 0; };
    this.socket.onmessage = ({ data }) => this.hear(JSON.parse(data));
    this.socket.onclose = () => {
      this.hear({ lost: true });
      setTimeout(() => this.open(), 1000 * RETRY[Math.min(this.tries++, RETRY.length - 1)]);
    };
  }

  hear(news) {
    const { hello, ...rest } = news; // first who we are, then everything else
    for (const [kind, told] of [...(hello ? [["hello", hello]] : []), ...Object.entries(rest)])
      for (const listener of this.listeners[kind] ?? []) listener(told);
  }

  /** Ask for something: an address and its arguments, as over OSC. */
  send(address, ...args) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify([address, ...args]));
  }
}

/** Ask the console over HTTP; what is refused is said, and comes back as null. */
export async function post(path, body, { type = "application/json", refuse = (why) => tell(why, true) } = {}) {
  try {
    const answer = await fetch(`/console/${path}`, { method: "POST", body, headers: { "Content-Type": type } });
    const text = await answer.text();
    const told = answer.headers.get("Content-Type")?.includes("json") ? JSON.parse(text) : { refused: text };
    if (answer.ok) return told;
    refuse(told.refused);
  } catch {
    refuse(said.lost);
  }
  return null;
}

export async function get(path) {
  const answer = await fetch(`/console/${path}`);
  return answer.ok ? answer.json() : [];
}
