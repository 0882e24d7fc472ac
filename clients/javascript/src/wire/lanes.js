/** What messages need on their way: credit (docs/wire.md, Credit), and parts where a body is large (Parts). */

import { Bell } from "./bell.js";
import { ProtocolError } from "./errors.js";
import { LIMITS, body, framed } from "./frames.js";

const CUT_ABOVE = 65_536;
const PARTS_BUDGET = 33_558_528;
const FULL = 1 << 20; // bytes that wait to be written, and what can wait waits

/** The lane of an index, of those of one side's channels. Raises: ProtocolError where there is none, with the word. */
export function laneOf(lanes, index, word = "unknown_channel") {
  if (!lanes[index]) throw new ProtocolError(word, `there is no channel ${index}, but ${lanes.length} of them`);
  return lanes[index];
}

/** A window of messages and bytes, as its sender and its receiver both count it. */
export class Window {
  #owed = [0, 0];

  constructor({ messages, bytes }) {
    const least = { messages, bytes }; // as it was announced; `whole`: as it is now
    Object.assign(this, { messages, bytes, least, whole: least, credited: -Infinity });
  }

  /** It is so large from now on (WINDOW). Raises: ProtocolError for less than was announced. */
  resize(messages, bytes) {
    if (messages < this.least.messages || bytes < this.least.bytes)
      throw new ProtocolError("bad_field", `a window of ${messages} messages, ${bytes} bytes is below what was announced`);
    this.messages += messages - this.whole.messages;
    this.bytes += bytes - this.whole.bytes;
    this.whole = { messages, bytes };
  }

  /** Take credit for a payload; false where it may not go. */
  take(size) {
    if (this.messages <= 0 || (size > this.bytes && 2 * this.bytes <= this.least.bytes)) return false;
    this.messages -= 1;
    this.bytes -= size;
    return true;
  }

  /** Credit that came back. Raises: ProtocolError for more than was taken. */
  grant(messages, bytes) {
    this.messages += messages;
    this.bytes += bytes;
    if (this.messages <= this.whole.messages && this.bytes <= this.whole.bytes) return;
    throw new ProtocolError("credit_overflow", `CREDIT for ${messages} messages and ${bytes} bytes is too much`);
  }

  /** Owe what a payload took: [messages, bytes] to give back now, or null while that is little and not `all`. */
  owe(size, all) {
    const [messages, bytes] = (this.#owed = [this.#owed[0] + 1, this.#owed[1] + size]);
    return all || 2 * messages >= this.least.messages || 2 * bytes >= this.least.bytes ? this.settle() : null;
  }

  /** All that is owed, or null. */
  settle() {
    const owed = this.#owed;
    this.#owed = [0, 0];
    this.grant(...owed);
    return owed[0] > 0 ? owed : null;
  }
}

/** Writes bodies to a socket: small ones at once, large ones a part at a time, so that nothing waits behind them. */
export class Outbox {
  #waiting = new Map(); // lane -> how many of its bodies are not written yet
  #cutting = 0; // bytes of them
  #last = Promise.resolve(); // one body in parts after the other: that keeps the budget
  #bell = new Bell();

  constructor(socket) {
    this.socket = socket;
    for (const event of ["drain", "close"]) socket.on(event, () => this.#bell.ring());
  }

  get empty() { return this.#cutting === 0; }

  /** Bytes that wait to be written. */
  get unread() { return this.socket.writableLength + this.#cutting; }

  /** The peer reads so slowly that what can wait has to. */
  get full() { return this.unread > FULL && !this.socket.destroyed; }

  async drained() {
    while (this.socket.writableNeedDrain && !this.socket.destroyed) await this.#bell.wait();
  }

  /** A frame that is never cut. */
  now(name, ...fields) { this.#write(body(name, ...fields)); }

  /** A body of a lane, behind those before it. Returns a promise of its being written, or nothing: it is. */
  add(lane, data) {
    const before = this.#waiting.get(lane) ?? 0;
    if (before === 0 && data.length <= (this.empty ? CUT_ABOVE : LIMITS.part)) return this.#write(data);
    this.#waiting.set(lane, before + 1);
    this.#cutting += data.length;
    return (this.#last = this.#last.then(() => this.#cut(lane, data)));
  }

  async #cut(lane, data) {
    for (let at = 0; at < data.length && !this.socket.destroyed; at += LIMITS.part) {
      await this.drained();
      const piece = data.subarray(at, at + LIMITS.part);
      this.#write(piece.length === data.length ? data : body("PART", lane, data.length - at - piece.length, piece));
    }
    this.#cutting -= data.length;
    this.#waiting.set(lane, this.#waiting.get(lane) - 1);
  }

  #write(data) {
    if (this.socket.destroyed) return;
    if (this.socket.writableCorked === 0) {
      this.socket.cork();
      process.nextTick(() => this.socket.uncork());
    }
    this.socket.write(framed(data));
  }
}

/** Puts parts together; `limit(lane)` is the largest payload of the lane. */
export class Reassembler {
  #lanes = new Map(); // lane -> { data, left, at }
  #room = PARTS_BUDGET;

  constructor(limit) { this.limit = limit; }

  /** When the last part came of the body that waits longest for its next one; Infinity where none does. */
  get oldest() { return Math.min(Infinity, ...[...this.#lanes.values()].map(({ at }) => at)); }

  /** The body that this part completes, or null. Raises: ProtocolError. */
  add(lane, left, data) {
    const size = left + data.length;
    const whole = this.#lanes.get(lane) ?? this.#begun(lane, size);
    if (size !== whole.left) throw new ProtocolError("part_out_of_order", `${left} of ${whole.left} are not left`);
    whole.data.set(data, whole.data.length - size);
    Object.assign(whole, { left, at: Date.now() });
    if (left > 0) return null;
    this.#lanes.delete(lane);
    this.#room += whole.data.length;
    return whole.data;
  }

  #begun(lane, size) {
    if (size > Math.max(this.limit(lane), 65_536) + 64) throw new ProtocolError("part_too_large", `${size} bytes`);
    if (size > this.#room) throw new ProtocolError("part_budget", "too many bodies in parts at once");
    this.#room -= size;
    const whole = { data: Buffer.alloc(size), left: size, at: Date.now() };
    this.#lanes.set(lane, whole);
    return whole;
  }
}
