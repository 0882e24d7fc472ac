/** One connection to a peer: its handshake, what is sent and served on it, its liveness and its end. */

import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import { typeOf } from "./channel.js";
import { ENTRY } from "./entry.js";
import { ConnectionEnded, ProtocolError, SendError } from "./errors.js";
import { LIMITS, PREFACE, body, capability, decode } from "./frames.js";
import { PUBLISHED } from "./identity.js";
import { Outbox, Reassembler, Window } from "./lanes.js";
import { pack, unmark, unpack } from "./msgpack.js";

const [HANDSHAKE_MS, PING_MS, PATIENCE_MS] = [5_000, 5_000, 15_000];
const QUIET_MS = 10_000; // without a frame, before this side closes where the peer has said GOAWAY
const UNREAD = 64 << 20; // bytes that wait to be written, and something comes that is to be answered
const ASKED = 16; // descriptions that are asked for at a time
const LARGEST = 16; // times what was announced: a window grows to no more
const EARLY = { hello: ["HELLO", "REJECT"], welcome: ["WELCOME", "REJECT", "GOAWAY"] };
const cut = (text, size) => new TextDecoder().decode(Buffer.from(text).subarray(0, size)).replace(/\ufffd+$/, "");

const above = ({ length }, limit) => `${length} bytes are above ${limit}`;
const lane = (info) => ({ info, window: new Window(info) });
const hex = (data) => Buffer.from(data).toString("hex");

/** Over a stream that is open. `host` is the node, `peer` the id that TLS proved; `ended` resolves to the reason. */
export class Connection {
  #stage = "preface"; // preface, hello, welcome, up, ended
  #parts = new Reassembler((lane) => (lane & 1 ? this.lanes : this.mine)[lane >> 1].info.max_message);
  #asks = new Map(); // rid -> entry
  #jobs = new Map(); // rid -> job
  #rid = 0;
  #ping = 0;
  #pong = 0;
  #heard = Date.now();
  #used = Date.now(); // as #heard, without PING and PONG
  #pinged = 0;
  #rtt = 0; // milliseconds, as the last PONG had it; 0 before the first
  #wanted = []; // indexes of lanes that are to be described
  #asked = new Set(); // those that are asked for

  constructor(socket, host, peer, expected) {
    Object.assign(this, { socket, host, peer, expected, lanes: [], left: null, leaving: false });
    this.mine = host.services.map((service) => ({ service, ...lane(service.channel.info), tells: 0 }));
    this.outbox = new Outbox(socket);
    this.ended = new Promise((resolve) => (this.resolve = resolve));
    this.late = setTimeout(() => this.fail("timeout", "the handshake took too long"), HANDSHAKE_MS);
    this.pulse = setInterval(() => this.#pulse(), PING_MS);
    socket.on("readable", () => this.#receive());
    socket.on("error", (error) => this.end("broken", error.message));
    socket.on("close", () => this.end(this.left?.reason ?? "closed", "the peer closed the stream"));
    socket.write(PREFACE);
    this.outbox.now("HELLO", host.hello());
  }

  /** Whether new messages may be sent. */
  get usable() { return this.#stage === "up" && !this.left && !this.leaving; }

  /** How many sends are under way. */
  get load() { return this.lanes.reduce((sum, { queue }) => sum + queue.size, this.#asks.size); }
  get idle() { return this.load === 0 && this.#jobs.size === 0 && this.outbox.empty; }

  /** The peer's channel of a name, if it is open. */
  lane(name) { return this.lanes.find((lane) => lane.info.name === name && !lane.closed); }

  /** What of a channel can be sent on a lane: see `Channel.compared`. Null: the peer has yet to say, and is asked. */
  agreed(lane, channel) {
    const known = lane.info.schema.equals(channel.schema) ? channel.same : lane.agreed.get(channel);
    if (known) return known;
    const described = lane.mute ? null : this.host.described.get(hex(lane.info.schema));
    if (described === undefined && this.hello.features?.includes("schemas")) {
      if (!lane.asked) this.#wanted.push(lane.index);
      lane.asked = true;
      this.#describe();
      return null;
    }
    lane.agreed.set(channel, channel.compared(described));
    return lane.agreed.get(channel);
  }

  #describe() {
    const some = this.#wanted.splice(0, ASKED - this.#asked.size);
    for (const index of some) this.#asked.add(index);
    if (some.length > 0) this.outbox.now("DESCRIBE", some);
  }

  /** Why a message of this type cannot be sent here, asked for an answer or not; "" if it can, null if nobody knows yet. */
  against(channel, type, ask) {
    const found = this.agreed(this.lane(channel.name), channel);
    return found && (found.refused[type] ?? (ask ? found.unread[type] : null) ?? "");
  }

  #take(size) {
    const data = size > 0 ? this.socket.read(size) : Buffer.alloc(0);
    return data?.length === size ? data : null; // less is what is left at the end of the stream
  }

  #receive() {
    this.#heard = Date.now();
    try {
      if (this.#stage === "preface" && !this.#preface(this.#take(12))) return;
      for (let data; this.#stage !== "ended" && (data = this.#body()); ) this.#handle(decode(data));
      if (this.socket.writableLength > UNREAD) throw new ProtocolError("unread", "the peer reads too little");
    } catch (error) {
      this.fail(error instanceof ProtocolError ? error.code : "failed", error.message);
    }
  }

  #body() {
    const size = (this.expects ??= this.#take(4)?.readUInt32BE());
    const limit = this.#stage === "up" ? LIMITS.frame : LIMITS.handshake;
    if (size > limit) throw new ProtocolError("frame_too_large", `${size} bytes are above ${limit}`);
    const data = size === undefined ? null : this.#take(size);
    if (data) this.expects = undefined;
    return data;
  }

  #preface(data) {
    if (!data) return false;
    if (data.subarray(0, 8).equals(ENTRY)) return this.end("network_policy", "that network asks for a key or a certificate");
    if (!data.subarray(0, 8).equals(PREFACE.subarray(0, 8))) return this.end("magic", "the other side is no peerbus");
    if (data.readUInt16BE(8) > 1 || data.readUInt16BE(10) < 1) throw new ProtocolError("version", "this is version 1");
    this.#stage = "hello";
    return true;
  }

  #handle(frame) {
    if (frame === null) return;
    const [name, ...fields] = frame;
    const fits = EARLY[this.#stage]?.includes(name) ?? !["HELLO", "WELCOME", "REJECT"].includes(name);
    if (!fits) throw new ProtocolError("unexpected_frame", `${name} may not come now`);
    if (name !== "PING" && name !== "PONG") this.#used = Date.now();
    this[`on${name}`]?.(...fields);
  }

  onHELLO(hello) {
    const { host, peer, expected } = this;
    if (hello.node_id !== peer) throw new ProtocolError("node_id", "HELLO has another id than the certificate");
    if (peer === PUBLISHED.id) throw new ProtocolError("certificate", "this key is the published authority's");
    if (peer === host.id) throw new ProtocolError("self_dial", "this is the node itself, or another one with its key");
    if (expected && expected !== peer) throw new ProtocolError("node_id", `${expected} was dialed, this is ${peer}`);
    if (hello.network !== host.network) throw new ProtocolError("network", `${hello.network} is not ${host.network}`);
    this.hello = hello;
    host.judge(this);
    this.onUPDATE(hello.offers);
    hello.channels.forEach((info, index) => this.onOPEN(index, info));
    this.outbox.now("WELCOME");
    this.#stage = "welcome";
  }

  onWELCOME() {
    clearTimeout(this.late);
    this.#stage = "up";
    this.host.established(this);
  }

  onREJECT(reason, text) { this.end(reason, text); }

  onOPEN(index, info) {
    if (index !== this.lanes.length || this.lane(info.name)) throw new ProtocolError("bad_field", "OPEN out of turn");
    this.lanes.push({ index, ...lane(info), queue: new Set(), agreed: new Map() });
    this.host.emit("changed");
  }

  onCLOSE(index, reason) {
    this.#known(this.lanes, index).closed = true;
    for (const entry of this.lanes[index].queue) this.#settle(entry, "not_sent", `the channel is closed: ${reason}`);
  }

  onUPDATE(offers) {
    this.offers = offers.map(capability);
    this.host.emit("changed");
  }

  #known(lanes, index, word = "unknown_channel") {
    if (!lanes[index]) throw new ProtocolError(word, `there is no channel ${index}`);
    return lanes[index];
  }

  onCREDIT(grants) {
    for (const [index, messages, bytes] of grants) {
      this.#known(this.lanes, index).window.grant(messages, bytes);
      this.#pump(this.lanes[index]);
    }
  }

  onPING(token) { this.outbox.now("PONG", token); }

  onDESCRIBE(indexes) {
    const description = (index) => this.#known(this.mine, index).service.channel.description;
    for (const index of indexes) this.outbox.now("DESCRIPTION", index, description(index));
  }

  onDESCRIPTION(index, data) {
    if (!this.#asked.delete(index)) throw new ProtocolError("bad_field", `nobody has asked for the description of ${index}`);
    const lane = this.lanes[index];
    const hash = createHash("sha256").update(data).digest().subarray(0, 16);
    if (data.length === 0) lane.mute = true;
    else if (!hash.equals(lane.info.schema)) throw new ProtocolError("bad_field", `channel ${index} has another hash than this`);
    else this.host.describe(hex(hash), data);
    this.#describe();
    this.host.emit("changed");
  }

  onWINDOW(index, messages, bytes) {
    this.#known(this.lanes, index).window.resize(messages, bytes);
    this.#pump(this.lanes[index]);
  }

  onPONG(token) {
    if (token === this.#ping) this.#rtt = performance.now() - this.#pinged;
    this.#pong = token;
  }

  onPART(lane, left, data) {
    this.#known(lane & 1 ? this.lanes : this.mine, lane >> 1, "unknown_lane");
    const whole = this.#parts.add(lane, left, data);
    if (!whole) return;
    const [name, index, items] = decode(whole) ?? [];
    const fits = index === lane >> 1 && (lane & 1 ? name === "REPLY" : name === "TELL" || name === "ASK");
    if (!fits) throw new ProtocolError("part_mismatch", `the parts of lane ${lane} make ${name}`);
    this[`on${name}`](index, items);
  }

  onTELL(index, items) {
    for (const [number, source, payload] of items) {
      const sequence = this.#known(this.mine, index).tells++;
      this.#serve({ index, rid: 0, sequence, number, source, payload, until: Infinity });
    }
  }

  onASK(index, items) {
    for (const [rid, budget, number, source, payload] of items) {
      if (this.#jobs.has(rid)) throw new ProtocolError("bad_field", `the ask ${rid} is open already`);
      this.#serve({ index, rid, sequence: 0, number, source, payload, until: Date.now() + budget });
    }
  }

  #serve(job) {
    const { service, window, info } = this.#known(this.mine, job.index);
    if (!window.take(job.payload.length)) throw new ProtocolError("window_overrun", `no credit on ${info.name}`);
    const source = this.hello.channels[job.source - 1]?.name ?? null;
    const whole = { ...job, connection: this, controller: new AbortController(), source };
    const code = this.leaving ? "shutting_down" : job.payload.length > info.max_message ? "too_large" : null;
    if (job.rid > 0) this.#jobs.set(job.rid, whole);
    const wrong = code ? "this node does not take it" : service.take(whole);
    if (!wrong) return;
    this.release(job);
    this.failed(job, code ?? "message_type", wrong);
  }

  /** A message has left its mailbox: its credit goes back. */
  release({ index, payload }) {
    const due = this.mine[index].window.owe(payload.length, this.leaving || this.left !== null);
    if (!due || this.#stage !== "up") return;
    this.outbox.now("CREDIT", [[index, ...due]]);
    this.#widen(index, this.mine[index].window);
  }

  /** Where half of a window is used up again within two round trips, it is what holds the sender back (RFC 9000, 4.2). */
  #widen(index, window) {
    const [now, { messages, bytes }] = [performance.now(), window.whole];
    const soon = now - window.credited < 2 * this.#rtt;
    window.credited = now;
    if (!soon || bytes >= LARGEST * window.least.bytes || !this.hello.features?.includes("windows")) return;
    window.resize(2 * messages, 2 * bytes);
    this.outbox.now("WINDOW", index, 2 * messages, 2 * bytes);
  }

  #unsent(why) {
    for (const { queue } of this.lanes) for (const entry of queue) this.#settle(entry, "not_sent", why);
  }

  #credit() {
    const due = this.mine.map(({ window }, index) => [index, window.settle()]).filter(([, owed]) => owed);
    if (due.length > 0) this.outbox.now("CREDIT", due.map(([index, owed]) => [index, ...owed]));
  }

  answer({ rid, index }, number, payload) {
    const limit = this.mine[index].info.max_message;
    if (payload.length > limit) return this.failed({ rid, index }, "answer_too_large", above(payload, limit));
    if (this.#jobs.delete(rid)) this.outbox.add(2 * index + 1, body("REPLY", index, [[rid, number, payload]]));
  }

  failed({ rid, index, sequence = 0 }, code, text) {
    if (this.#stage !== "up" || (rid > 0 && !this.#jobs.delete(rid))) return;
    this.outbox.now("ERROR", rid, index, sequence, cut(code, 64), cut(text, 1024));
  }

  onCANCEL(rid) {
    this.#jobs.get(rid)?.controller.abort();
    this.#jobs.delete(rid);
  }

  onREPLY(index, items) {
    for (const [rid, number, payload] of items) {
      const entry = this.#asks.get(rid);
      try {
        const value = entry && unpack(payload);
        this.#settle(entry, null, number > 0 ? entry?.channel.decoded(number, value, entry.names) : unmark(value));
      } catch (error) {
        this.#settle(entry, "answer_type", error.message);
      }
    }
  }

  onERROR(rid, index, sequence, code, text) {
    this.#settle(this.#asks.get(rid), code, text);
    const channel = this.lanes[index]?.info.name;
    if (rid === 0) this.host.emit("undelivered", { peer: this.peer, channel, sequence, code, text });
  }

  onGOAWAY(reason, text, within = 0) {
    if (this.#stage === "welcome") return this.end(reason, text);
    this.left = { reason, until: Date.now() + Math.min(within, 3_600_000) + QUIET_MS, last: Date.now() + 3_610_000 };
    this.#unsent(`the peer leaves: ${reason}`);
    this.#credit();
    this.host.emit("changed");
  }

  /** Send a message: a promise of its answer, or with `ask` false of its being written. Raises: TypeError. */
  send(channel, value, { ask, deadline, signal }) {
    const payload = pack(channel.encodable(value));
    const lane = this.lane(channel.name);
    const { numbers, names } = this.agreed(lane, channel);
    const entry = { channel, value, ask, deadline, signal, lane, payload, number: numbers[typeOf(value)], names };
    return new Promise((resolve, reject) => {
      const stop = () => this.#give(entry, "cancelled", "its sender has given it up");
      Object.assign(entry, { resolve, reject, stop });
      const limit = lane.info.max_message;
      if (payload.length > limit) return this.#settle(entry, "too_large", above(payload, limit));
      if (signal?.aborted) return stop();
      signal?.addEventListener("abort", stop);
      const wait = Math.max(1, deadline - Date.now());
      entry.timer = setTimeout(() => this.#give(entry, entry.rid ? "deadline" : "not_sent", "its time is over"), wait);
      lane.queue.add(entry);
      return this.#pump(lane);
    });
  }

  #pump(lane) {
    for (const entry of lane.queue) {
      const { ask, number, payload, deadline } = entry;
      if (!lane.window.take(payload.length)) return;
      lane.queue.delete(entry);
      if (ask) {
        do this.#rid = (this.#rid % 0xffff_ffff) + 1;
        while (this.#asks.has(this.#rid));
        this.#asks.set((entry.rid = this.#rid), entry);
      }
      const left = Math.max(0, Math.min(deadline - Date.now(), 0xffff_ffff));
      const item = ask ? [entry.rid, left, number, 0, payload] : [number, 0, payload];
      this.outbox.add(2 * lane.index, body(ask ? "ASK" : "TELL", lane.index, [item]));
      if (!ask) this.#settle(entry, null);
    }
  }

  #give(entry, code, text) {
    if (entry.rid) this.outbox.now("CANCEL", entry.rid);
    this.#settle(entry, code, text);
  }

  /** The outcome of a send: an answer where there is no code, else a text. */
  #settle(entry, code, outcome) {
    if (!entry) return;
    clearTimeout(entry.timer);
    entry.signal?.removeEventListener("abort", entry.stop);
    this.#asks.delete(entry.rid);
    entry.lane.queue.delete(entry);
    if (!code) return entry.resolve(outcome);
    const what = `${typeOf(entry.value)} to ${entry.channel.name} of ${this.hello.name} (${this.peer.slice(0, 8)})`;
    entry.reject(new SendError(code, `${what}: ${code}: ${outcome}`, entry.value, this.peer));
  }

  #pulse() {
    const now = Date.now();
    const { until = Infinity, last = Infinity, reason } = this.left ?? {};
    const quiet = now > until && this.idle && now > this.#used + QUIET_MS;
    if (quiet || now > last) return this.fail(reason, "after GOAWAY");
    if (now - this.#heard > PATIENCE_MS) return this.end("silent", `nothing was heard for ${now - this.#heard} ms`);
    if (this.#stage === "up") this.#say();
  }

  #say() {
    this.#pinged = performance.now();
    this.outbox.now("PING", (this.#ping += 1));
  }

  /** Say GOAWAY, finish what is under way, within so many ms, and close. */
  async leave(within) {
    this.leaving = true;
    this.#credit();
    this.outbox.now("GOAWAY", "shutting_down", "", within);
    this.#say();
    const [began, mark] = [Date.now(), this.#ping];
    const done = () => this.idle && (this.#pong >= mark || Date.now() > began + 1_000);
    while (this.#stage === "up" && Date.now() < began + within && !done()) await sleep(10);
    this.end("shutting_down", "this node ends");
  }

  /** End it for a reason, and tell the peer. */
  fail(code, text) {
    if (this.#stage === "ended") return;
    if (this.#stage === "preface" || this.#stage === "hello") this.outbox.now("REJECT", code, cut(text, 1024));
    else this.outbox.now("GOAWAY", code, cut(text, 1024), 0);
    this.end(code, text);
  }

  /** It has ended: what is under way fails. */
  end(code, text) {
    if (this.#stage === "ended") return;
    this.#stage = "ended";
    clearTimeout(this.late);
    clearInterval(this.pulse);
    const why = `the connection ended: ${code}: ${text}`;
    this.#unsent(why);
    for (const entry of this.#asks.values()) this.#settle(entry, "connection_lost", why);
    for (const { controller } of this.#jobs.values()) controller.abort();
    this.#jobs.clear();
    this.socket.destroySoon();
    setTimeout(() => this.socket.destroy(), 1_000).unref();
    this.resolve(new ConnectionEnded(code, `${code}: ${text}`));
  }
}
