/** Items of a stream as they come and go (docs/wire.md, Streams): both ends, and their credit. */

import { Bell } from "./bell.js";
import { ProtocolError, SendError } from "./errors.js";
import { BYTES_LOG, ITEMS_LOG, LIMITS, body } from "./frames.js";
import { own } from "./msgpack.js";

const WINDOW = [2 ** ITEMS_LOG, 2 ** BYTES_LOG];
const MOST = 2 ** 31 - 1; // credit of a stream
/** What a stream of a connection is known by. */
export const streamKey = (lane, rid) => `${lane}.${rid}`;

/** Items that come, on a lane with the ask of this number. `read(number, payload)` makes one of what has come. */
export class ItemsIn {
  #items = []; // that have come and are not taken
  #room = [0, 0]; // how much more may come: items, bytes
  #owed = [0, 0]; // what was taken and not granted again
  #end = null; // { error } when no more come
  #bell = new Bell();
  received = 0;

  /**
   * `asked`: the window was granted as the items were asked for; else it is when somebody begins to read. `began()` hears
   * of all that comes, `ended(code, text)` of the end, `late()` that nothing came for `idle` ms.
   */
  constructor(connection, lane, rid, options) {
    const defaults = { asked: false, idle: Infinity, began() {}, ended: () => this.over(null) };
    Object.assign(this, { connection, lane, rid, ...defaults, ...options });
    if (this.asked) this.#room = WINDOW;
    connection.readers.set(streamKey(lane, rid), this);
  }

  /** These have come. Raises: ProtocolError for more than may. */
  came(number, payloads) {
    this.began();
    const [items, bytes] = [payloads.length, payloads.reduce((size, { length }) => size + length, 0)];
    if (items > this.#room[0] || bytes - payloads.at(-1).length >= this.#room[1])
      throw new ProtocolError("window_overrun", `${items} items, ${bytes} bytes on a stream without credit for them`);
    this.#room = [this.#room[0] - items, this.#room[1] - bytes];
    this.received += items;
    this.#items.push(...payloads.map((payload) => [number, own(payload)]));
    this.#bell.ring();
  }

  /** That many were sent, and no more are. Raises: ProtocolError where others have come. */
  complete(count, code, text) {
    this.began();
    const { received } = this;
    if (count !== received) throw new ProtocolError("stream_gap", `${count} items were sent, ${received} came`);
    this.ended(code, text);
  }

  /** No more come; whoever reads hears of the error, if there is one, behind those that have. */
  over(error) {
    if (this.#end) return;
    this.#end = { error };
    this.connection.readers.delete(streamKey(this.lane, this.rid));
    this.#bell.ring();
  }

  async *[Symbol.asyncIterator]() {
    if (!this.asked) this.#grant(WINDOW);
    this.asked = true;
    for (;;) {
      while (this.#items.length === 0 && !this.#end) if (!(await this.#bell.wait(this.idle))) this.late();
      if (this.#items.length === 0 && this.#end.error) throw this.#end.error;
      if (this.#items.length === 0) return;
      const [number, payload] = this.#items.shift();
      this.#owed = [this.#owed[0] + 1, this.#owed[1] + payload.length];
      if (this.#owed.some((owed, at) => 4 * owed >= WINDOW[at])) this.#grant(this.#owed);
      yield this.read(number, payload);
    }
  }

  #grant([items, bytes]) {
    this.#owed = [0, 0];
    this.#room = [this.#room[0] + items, this.#room[1] + bytes];
    if (!this.#end) this.connection.outbox.now("GRANT", this.lane, this.rid, items, bytes);
  }
}

/** Items that go, as far as their reader has granted and the socket takes them. */
export class ItemsOut {
  #room = [0, 0]; // items, bytes
  #batch = null; // { number, payloads, size } that share a frame and are not written yet
  #end = null; // the error of who sends more
  #bell = new Bell();
  sent = 0;

  constructor(connection, lane, rid, began = () => {}) {
    Object.assign(this, { connection, outbox: connection.outbox, lane, rid, began });
    connection.senders.set(streamKey(lane, rid), this);
  }

  /** The reader has room for that many more. Raises: ProtocolError for more than there may be. */
  granted(items, bytes) {
    this.began();
    this.#room = [this.#room[0] + items, this.#room[1] + bytes];
    if (Math.max(...this.#room) > MOST) throw new ProtocolError("credit_overflow", "too much credit on a stream");
    this.#bell.ring();
  }

  /** Send one when there is room for it, within that many ms. Raises: what ended the stream, SendError `not_sent`. */
  async send(number, payload, idle = Infinity) {
    while (!this.#end && (this.outbox.full || this.#room.some((room) => room <= 0))) {
      if (this.outbox.full) await this.outbox.drained();
      else if (!(await this.#bell.wait(idle))) throw new SendError("not_sent", `the reader took no item within ${idle} ms`);
    }
    if (this.#end) throw this.#end;
    this.#room = [this.#room[0] - 1, this.#room[1] - payload.length];
    this.sent += 1;
    if (number !== this.#batch?.number || this.#batch.size + payload.length > LIMITS.part) {
      this.#write();
      setImmediate(() => this.#write());
      this.#batch = { number, payloads: [], size: 0 };
    }
    this.#batch.payloads.push(payload);
    this.#batch.size += payload.length;
  }

  #write() {
    const { number, payloads } = this.#batch ?? {};
    this.#batch = null;
    if (payloads) this.outbox.add(this.lane, body("ITEMS", this.lane, this.rid, number, payloads));
  }

  /** That was all, or all because of what the code says. */
  finish(code = "", text = "") {
    if (this.#end) return;
    this.#write();
    this.outbox.add(this.lane, body("END", this.lane, this.rid, this.sent, code, text));
    this.stop(new SendError("stream_ended", "it has been ended: no more items go with it"));
  }

  /** Nobody reads any more: whoever sends hears why. */
  stop(error) {
    if (this.#end) return;
    this.#end = error;
    this.#batch = null;
    this.connection.senders.delete(streamKey(this.lane, this.rid));
    this.#bell.ring();
  }
}
