/** What goes to the channels of one peer: sends that wait for credit, asks that wait for answers, streams. */

import { typeOf } from "./channel.js";
import { OpenStream } from "./streams.js";
import { timer } from "./wire/bell.js";
import { ProtocolError, SendError, printable } from "./wire/errors.js";
import { BYTES_LOG, IN_ITEMS, ITEMS_LOG, WITH_ITEMS, body } from "./wire/frames.js";
import { ItemsIn, ItemsOut } from "./wire/items.js";
import { Window, laneOf } from "./wire/lanes.js";

/** Streams that one side may have open on a channel: more of them wait for a place. */
export const MAX_STREAMS = 256;
const STREAMED = IN_ITEMS + 2 ** 8 * ITEMS_LOG + 2 ** 13 * BYTES_LOG;
const FLAGS = { stream: STREAMED, open: STREAMED + WITH_ITEMS };
const MOST = 0xffff_ffff; // a rid, and milliseconds of a budget

export class Asking {
  lanes = []; // the peer's channels, by index
  undescribed; // indexes of those that are to be described, `wanted` or `asked` for: see `Versions`
  #asks = new Map(); // rid -> send
  #rid = 0;
  #stalled = false; // sends wait for the socket

  constructor(connection) {
    Object.assign(this, { connection, outbox: connection.outbox });
  }

  /** How many sends are under way. */
  get load() { return this.lanes.reduce((all, { queue }) => all + queue.size, this.#asks.size); }

  /** The peer's channel of a name, if it is open. */
  lane(name) { return this.lanes.find(({ info, closed }) => info.name === name && !closed); }

  known(index, word) { return laneOf(this.lanes, index, word); }

  /**
   * What of a channel can go to the peer's: `numbers` and `names` of types there, why types are `refused`, or answers
   * to them `unread`. Null: the peer has yet to say.
   */
  agreed(lane, channel) {
    if (lane.info.schema.equals(channel.schema)) return channel.agreed;
    return this.connection.host.versions()?.agreed(this, lane, channel) ?? null;
  }

  /**
   * What is against sending such a message: null, or `{ text }`, with `final` where it stays so, `early` where nobody
   * knows yet.
   */
  against(channel, type, kind) {
    const { usable, hello } = this.connection;
    if (!usable) return { text: "leaves" };
    const lane = this.lane(channel.name);
    if (!lane) return { text: "has no such channel" };
    const found = this.agreed(lane, channel);
    if (!found) return { text: "has yet to say what it declares there", early: true };
    const streams = !FLAGS[kind] || hello.features?.includes("streams") ? null : "it knows no streams";
    const text = found.refused[type] ?? (kind === "tell" ? null : (found.unread[type] ?? streams));
    return text && { text, final: true };
  }

  onOPEN(index, info) {
    if (index !== this.lanes.length || this.lane(info.name)) throw new ProtocolError("bad_field", "OPEN out of turn");
    this.lanes.push({ index, info, window: new Window(info), queue: new Set(), streams: 0 });
    this.connection.host.changed.ring();
  }

  onCLOSE(index, reason) {
    this.known(index).closed = true;
    this.unsent(`the channel is closed: ${reason}`, [this.lanes[index]]);
  }

  onCREDIT(grants) { for (const each of grants) this.#credit("grant", ...each); }
  onWINDOW(...window) { this.#credit("resize", ...window); }

  #credit(how, index, messages, bytes) {
    const lane = this.known(index);
    lane.window[how](messages, bytes);
    this.#pump(lane);
  }

  onDESCRIPTION(index, data) { this.connection.host.versions()?.described(this, this.known(index), data); }

  onREPLY(index, items) {
    for (const [rid, number, payload] of items) {
      const send = this.#asks.get(rid);
      if (send?.lane !== this.known(index)) continue;
      this.#asks.delete(rid); // whatever has come, there is nothing left to cancel
      try {
        if (send.kind === "stream") this.give(send, "answer_type", "it is answered with one value: ask for it");
        else this.#settle(send, null, this.#read(send, number, payload));
      } catch {
        // It has failed with that.
      }
    }
  }

  onERROR(rid, index, sequence, code, text) {
    if (rid > 0) return this.#settle(this.#asks.get(rid), code || "unsaid", text);
    const { peer, host } = this.connection;
    const [channel, why] = [this.lanes[index]?.info.name, { code: printable(code), text: printable(text) }];
    return host.say("undelivered", { peer, channel, sequence, ...why });
  }

  /**
   * Send: a promise of its being written, of the answer, or of the OpenStream when the other side has begun, which is
   * to be before `first`. Raises: SendError, TypeError.
   */
  async send(channel, value, { kind, deadline, first, idle, signal }) {
    const lane = this.lane(channel.name);
    const { numbers, names } = this.agreed(lane, channel);
    const [number, payload] = channel.written(value, lane.info.max_message, numbers);
    const send = { channel, value, kind, deadline, idle, signal, lane, number, payload, numbers, names };
    return new Promise((resolve, reject) => {
      const stop = () => this.give(send, "cancelled", "its sender has given it up");
      Object.assign(send, { resolve, reject, stop });
      if (signal?.aborted) return stop();
      signal?.addEventListener("abort", stop);
      this.#until(send, first);
      lane.queue.add(send);
      return this.#pump(lane);
    });
  }

  #until(send, deadline) {
    clearTimeout(send.timer);
    const late = () => this.give(send, send.rid ? "deadline" : "not_sent", "its time is over");
    send.timer = timer(deadline - Date.now(), late);
  }

  #pump(lane) {
    for (const send of lane.queue) {
      if (this.outbox.full) return void this.#stall();
      if (FLAGS[send.kind] && lane.streams >= MAX_STREAMS) continue;
      if (!lane.window.take(send.payload.length)) return;
      lane.queue.delete(send);
      this.#write(lane, send);
    }
  }

  async #stall() {
    if (this.#stalled) return;
    this.#stalled = true;
    await this.outbox.drained();
    this.#stalled = false;
    for (const lane of this.lanes) this.#pump(lane);
  }

  #write(lane, send) {
    const { kind, number, payload, deadline } = send;
    if (kind === "tell") {
      const written = this.outbox.add(2 * lane.index, body("TELL", lane.index, [[number, 0, payload]]));
      return written ? written.then(() => this.#settle(send, null)) : this.#settle(send, null);
    }
    do this.#rid = (this.#rid % MOST) + 1;
    while (this.#asks.has(this.#rid));
    this.#asks.set((send.rid = this.#rid), send);
    if (FLAGS[kind]) send.stream = this.#stream(lane, send);
    const left = Math.max(0, Math.min(deadline - Date.now(), MOST));
    const item = [send.rid, left, number + (FLAGS[kind] ?? 0), 0, payload];
    return this.outbox.add(2 * lane.index, body("ASK", lane.index, [item]));
  }

  #stream(lane, send) {
    const { connection } = this;
    const { rid, kind, channel, numbers, idle } = send;
    lane.streams += 1;
    const began = () => {
      if (!send.began) this.#until(send, send.deadline);
      send.began = true;
      send.resolve(send.stream);
    };
    const incoming = new ItemsIn(connection, 2 * lane.index + 1, rid, {
      ...{ asked: true, idle, began },
      read: (number, payload) => this.#read(send, number, payload),
      ended: (code, text) => this.#settle(send, code, code ? text : undefined),
      late: () => this.give(send, "deadline", `no item came within ${idle} ms`),
    });
    const outgoing = kind === "open" ? new ItemsOut(connection, 2 * lane.index, rid, began) : null;
    const write = (item) => channel.written(item, lane.info.max_message, numbers);
    const close = () => this.give(send, "cancelled", "its sender has left it");
    return new OpenStream({ incoming, outgoing, write, close });
  }

  /** An answer, or an item of one; where it cannot be read the send fails. Raises: SendError. */
  #read(send, number, payload) {
    try {
      return send.channel.read(number, payload, send.names);
    } catch (error) {
      throw this.give(send, "answer_type", error.message);
    }
  }

  /** Give a send up. Returns the error that it fails with. */
  give(send, code, text) {
    if (this.#asks.get(send.rid) === send) this.outbox.now("CANCEL", send.rid);
    return this.#settle(send, code, text);
  }

  /** The outcome of a send: an answer where there is no code, else a text. Returns the error that it is, if any. */
  #settle(send, code, outcome) {
    if (!send || send.error !== undefined) return send?.error;
    const { lane, stream } = send;
    clearTimeout(send.timer);
    send.signal?.removeEventListener("abort", send.stop);
    this.#asks.delete(send.rid);
    lane.queue.delete(send);
    send.error = code ? this.#error(send, code, outcome) : null;
    if (send.error) send.reject(send.error);
    else send.resolve(stream ?? outcome);
    if (!stream) return send.error;
    stream.over(send.error, outcome);
    lane.streams -= 1;
    this.#pump(lane); // one that waits has its place
    return send.error;
  }

  #error({ channel, value, stream }, code, text) {
    const { hello, peer } = this.connection;
    const items = stream?.received;
    const what = `${typeOf(value)} to ${channel.name} of ${hello.name} (${peer.slice(0, 8)})`;
    const error = new SendError(code, `${what}${items ? `, after ${items} items` : ""}: ${code}: ${text}`, value, peer);
    return Object.assign(error, { items });
  }

  /** What waits for credit will not go. */
  unsent(why, lanes = this.lanes) {
    for (const { queue } of lanes) for (const send of queue) this.#settle(send, "not_sent", why);
  }

  /** The connection has ended: what is under way fails. */
  end(why) {
    this.unsent(why);
    for (const send of this.#asks.values()) this.#settle(send, "connection_lost", why);
  }
}
