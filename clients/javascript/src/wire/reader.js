/** What a socket brings, as many bytes at a time as are wanted. */

import { Bell } from "./bell.js";
import { ConnectionEnded, ProtocolError } from "./errors.js";

export class Reader {
  #bell = new Bell();
  #error = null;
  heard = Date.now();
  begun = Infinity; // when the frame began that is not there yet

  constructor(socket) {
    this.socket = socket;
    socket.on("error", (error) => (this.#error = error)).on("readable", () => (this.heard = Date.now()));
    for (const event of ["readable", "end", "close"]) socket.on(event, () => this.#bell.ring());
  }

  /** End the socket behind what was written; closed with bytes unread it would be reset, and that lost. */
  end() { this.socket.removeAllListeners("readable").end().resume(); }

  /** The next `size` bytes. Raises: ConnectionEnded. */
  async take(size) {
    for (;;) {
      const data = size > 0 ? this.socket.read(size) : Buffer.alloc(0);
      if (data?.length === size) return data;
      if (this.#error) throw new ConnectionEnded("broken", this.#error.message);
      // At its end a socket gives what is left of it, however little that is.
      if (data || this.socket.readableEnded || this.socket.destroyed)
        throw new ConnectionEnded("closed", "the peer closed the stream");
      await this.#bell.wait();
    }
  }

  /** The body of the next frame. Raises: ProtocolError for one above the limit, ConnectionEnded. */
  async body(limit) {
    const size = (await this.take(4)).readUInt32BE();
    if (size > limit) throw new ProtocolError("frame_too_large", `${size} bytes are above ${limit}`);
    this.begun = Date.now();
    const data = await this.take(size);
    this.begun = Infinity;
    return data;
  }
}
