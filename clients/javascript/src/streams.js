/** A stream as its sender has it. */

import { SendError } from "./wire/errors.js";

/** What `open` returns: items go to a handler with `send`, its answer is `result()`, and what it yields can be read. */
export class OpenStream {
  #parts;
  #settle;
  #answer = new Promise((...settle) => (this.#settle = settle));

  /** `write(item)` makes [number, payload] of one, `close()` gives it up; `outgoing` is null where no items go. */
  constructor(parts) {
    this.#parts = parts;
    this.#answer.catch(() => {}); // nobody may ask for it
  }

  /** Items that have come, those that are not taken yet too. */
  get received() { return this.#parts.incoming.received; }

  /** Send an item, when its reader has room. Raises: SendError, `stream_ended` where the handler has answered; TypeError. */
  async send(item) { await this.#parts.outgoing.send(...this.#parts.write(item), this.#parts.incoming.idle); }

  /** There are no more items. */
  end() { this.#parts.outgoing.finish(); }

  /** End the items, and wait for the answer. Raises: SendError. */
  async result() {
    this.end();
    return this.#answer;
  }

  /** Give it up, unless it is answered. */
  close() { this.#parts.close(); }

  /** What the handler yields; leaving the loop gives it up. */
  async *[Symbol.asyncIterator]() {
    try {
      yield* this.#parts.incoming;
    } finally {
      this.close();
    }
  }

  /** It is answered, or has ended with this error. */
  over(error, answer) {
    const [resolve, reject] = this.#settle;
    this.#parts.incoming.over(error);
    const ended = "the handler takes no more items: result() has its answer";
    this.#parts.outgoing?.stop(error ?? new SendError("stream_ended", ended));
    if (error) reject(error);
    else resolve(answer);
  }
}
