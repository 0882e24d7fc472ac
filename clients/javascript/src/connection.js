/** One connection to a peer: its handshake, its liveness and its end. What it carries is its two halves' business. */

import { setTimeout as sleep } from "node:timers/promises";

import { Asking } from "./asking.js";
import { Serving } from "./serving.js";
import { ConnectionEnded, ProtocolError } from "./wire/errors.js";
import { ENTRY, LIMITS, PREFACE, capability, cut, decode } from "./wire/frames.js";
import { PUBLISHED } from "./wire/identity.js";
import { streamKey } from "./wire/items.js";
import { Outbox, Reassembler } from "./wire/lanes.js";

const [HANDSHAKE_MS, PING_MS, PATIENCE_MS] = [5_000, 5_000, 15_000];
// For the rest of a frame, the next part of a body, and any frame where the peer has said GOAWAY, before this side closes.
const [FRAME_MS, PART_MS, QUIET_MS] = [60_000, 30_000, 10_000];
const UNREAD = 64 << 20; // bytes that wait to be written, and something comes that is to be answered
const BATCHES = { 0: ["TELL", "ASK"], 1: ["REPLY"] }; // what parts of a lane make, beside ITEMS
const NEVER = new Set(["HELLO", "WELCOME", "REJECT", "COMPRESSED"]); // after both WELCOMEs

/** A frame of a handshake, also one that only a later version says. Raises: ProtocolError. */
async function early(data) {
  try {
    return decode(data);
  } catch (error) {
    return (await import("./on-demand/greeting.js")).greeting(data, error);
  }
}

/** Over a stream that is open. `host` is the node, `peer` the id that TLS proved; `ended` resolves to the reason. */
export class Connection {
  #parts = new Reassembler((lane) => this.#half(lane).known(lane >> 1, "unknown_lane").info.max_message);
  #ping = 0;
  #pong = 0;
  #pinged = 0;
  #used = Date.now(); // when a frame came that is neither PING nor PONG
  #over = false;
  /** Ends of streams that are open, by lane and number of their ask. */
  readers = new Map();
  senders = new Map();
  welcomed = false; // by this side
  up = false;
  rtt = 0; // milliseconds, as the last PONG had it; 0 before the first
  left = null; // what the peer has said with GOAWAY
  leaving = false;

  constructor(reader, host, peer, expected) {
    Object.assign(this, { reader, socket: reader.socket, host, peer, expected, outbox: new Outbox(reader.socket) });
    this.asking = new Asking(this);
    this.serving = new Serving(this);
    this.ended = new Promise((resolve) => (this.resolve = resolve));
    this.late = setTimeout(() => this.fail("timeout", "the handshake took too long"), HANDSHAKE_MS);
    this.pulse = setInterval(() => this.#pulse(), PING_MS);
    this.socket.write(PREFACE);
    this.outbox.now("HELLO", host.hello());
    this.#run();
  }

  /** Whether new messages may be sent. */
  get usable() { return this.up && !this.left && !this.leaving && !this.#over; }
  get idle() { return this.asking.load === 0 && this.serving.jobs.size === 0 && this.outbox.empty; }

  /** Reads until the end. */
  async #run() {
    try {
      await this.#greet();
      for (;;) this.#handle(decode(await this.reader.body(LIMITS.frame)));
    } catch (error) {
      if (error instanceof ConnectionEnded) this.end(this.left?.reason ?? error.code, error.message);
      else this.fail(error instanceof ProtocolError ? error.code : "failed", error.message);
    }
  }

  async #greet() {
    const preface = await this.reader.take(12);
    const [magic, low, high] = [preface.subarray(0, 8), preface.readUInt16BE(8), preface.readUInt16BE(10)];
    if (magic.equals(ENTRY)) throw new ConnectionEnded("network_policy", "that network wants a key or a certificate");
    if (!magic.equals(PREFACE.subarray(0, 8))) throw new ConnectionEnded("magic", "the other side is no peerbus");
    if (low > 1 || high < 1) throw new ProtocolError("version", "this is version 1");
    const [hello] = await this.#early("HELLO");
    this.#judge(hello);
    this.onUPDATE(hello.offers);
    hello.channels.forEach((info, index) => this.asking.onOPEN(index, info));
    this.outbox.now("WELCOME");
    this.welcomed = true;
    await this.#early("WELCOME");
    clearTimeout(this.late);
    this.up = true;
    this.host.established(this);
  }

  /** The fields of the one frame that may come now. Raises: ConnectionEnded where the peer refuses. */
  async #early(expected) {
    for (;;) {
      const [name, ...fields] = (await early(await this.reader.body(LIMITS.handshake))) ?? [];
      if (name === "REJECT" || (name === "GOAWAY" && this.welcomed)) throw new ConnectionEnded(fields[0] || "unsaid", fields[1]);
      if (name === expected) return fields;
      if (name) throw new ProtocolError("unexpected_frame", `${name} may not come now`);
    }
  }

  #judge(hello) {
    const { host, peer, expected } = this;
    if (hello.node_id !== peer) throw new ProtocolError("node_id", "HELLO has another id than the certificate");
    if (peer === PUBLISHED.id) throw new ProtocolError("certificate", "this key is the published authority's");
    if (peer === host.id) throw new ProtocolError("self_dial", "this is the node itself, or another one with its key");
    if (expected && expected !== peer) throw new ProtocolError("node_id", `${expected} was dialed, this is ${peer}`);
    if (hello.network !== host.network) throw new ProtocolError("network", `${hello.network} is not ${host.network}`);
    this.hello = hello;
    host.judge(this);
  }

  #handle(frame) {
    if (frame === null || this.#over) return;
    const [name, ...fields] = frame;
    if (NEVER.has(name)) throw new ProtocolError("unexpected_frame", `${name} may not come now`);
    if (name !== "PING" && name !== "PONG") this.#used = Date.now();
    if (this.outbox.unread > UNREAD) throw new ProtocolError("unread", "the peer reads too little");
    [this, this.asking, this.serving].find((each) => each[`on${name}`])?.[`on${name}`](...fields);
  }

  /** Whose channels a lane leads to: the peer's, where it is of answers, else those served here. */
  #half(lane) { return lane & 1 ? this.asking : this.serving; }

  onUPDATE(offers) {
    this.offers = offers.map(capability);
    this.host.changed.ring();
  }

  onPING(token) { this.outbox.now("PONG", token); }

  onPONG(token) {
    if (token === this.#ping) this.rtt = performance.now() - this.#pinged;
    this.#pong = token;
  }

  onPART(lane, left, data) {
    const whole = this.#parts.add(lane, left, data);
    if (!whole) return;
    const [name, where, ...rest] = decode(whole) ?? [];
    const fits = name === "ITEMS" ? where === lane : where === lane >> 1 && BATCHES[lane & 1].includes(name);
    if (!fits) throw new ProtocolError("part_mismatch", `the parts of lane ${lane} make ${name}`);
    this.#handle([name, where, ...rest]);
  }

  onITEMS(lane, rid, number, payloads) { this.readers.get(streamKey(lane, rid))?.came(number, payloads); }
  onEND(lane, rid, count, code, text) { this.readers.get(streamKey(lane, rid))?.complete(count, code, text); }
  onGRANT(lane, rid, items, bytes) { this.senders.get(streamKey(lane, rid))?.granted(items, bytes); }

  onGOAWAY(reason, text, within = 0) {
    this.left = { reason: reason || "unsaid", until: Date.now() + Math.min(within, 3_600_000) + QUIET_MS, last: Date.now() + 3_610_000 };
    this.asking.unsent(`the peer leaves: ${reason}`);
    this.serving.settle();
    this.host.changed.ring();
  }

  #pulse() {
    const now = Date.now();
    const { until = Infinity, last = Infinity, reason } = this.left ?? {};
    const quiet = now > until && this.idle && now > this.#used + QUIET_MS;
    if (quiet || now > last) return this.fail(reason, "after GOAWAY");
    const { heard, begun } = this.reader;
    if (now - heard > PATIENCE_MS) return this.end("silent", `nothing was heard for ${now - heard} ms`);
    const overdue = now - begun > FRAME_MS || now - this.#parts.oldest > PART_MS;
    if (overdue) return this.fail("overdue", "a frame, or a body in parts, does not go on");
    return this.up && this.#say();
  }

  #say() {
    this.#pinged = performance.now();
    this.outbox.now("PING", (this.#ping += 1));
  }

  /** Say GOAWAY, finish what is under way, within that many ms, and close. */
  async leave(within) {
    if (!this.up) return this.fail("shutting_down", "this node ends");
    this.leaving = true;
    this.serving.settle();
    this.outbox.now("GOAWAY", "shutting_down", "", within);
    this.#say();
    const [began, mark] = [Date.now(), this.#ping];
    const done = () => this.idle && (this.#pong >= mark || Date.now() > began + 1_000);
    while (!this.#over && Date.now() < began + within && !done()) await sleep(10);
    return this.end("shutting_down", "this node ends");
  }

  /** End it for a reason, and tell the peer. */
  fail(code, text) {
    if (this.#over) return;
    const why = [cut(code, 64), cut(text, 1024)];
    if (this.welcomed) this.outbox.now("GOAWAY", ...why, 0);
    else this.outbox.now("REJECT", ...why);
    this.end(code, text);
  }

  /** It has ended: what is under way fails. */
  end(code, text) {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.late);
    clearInterval(this.pulse);
    this.asking.end(`the connection ended: ${code}: ${text}`);
    this.serving.end();
    this.reader.end();
    setTimeout(() => this.socket.destroy(), 1_000).unref();
    this.resolve(new ConnectionEnded(code, `${code}: ${text}`));
  }
}
