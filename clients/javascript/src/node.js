/** A node that dials and does not listen: its connections, and whom of its peers a message goes to. */

import { randomBytes } from "node:crypto";
import { EventEmitter, once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "node:tls";

import { typeOf } from "./channel.js";
import { Connection } from "./connection.js";
import { Service } from "./service.js";
import { Bell } from "./wire/bell.js";
import { ConnectionEnded, PeerbusError, ProtocolError, SendError } from "./wire/errors.js";
import { capability } from "./wire/frames.js";
import { Identity, idOf } from "./wire/identity.js";
import { Reader } from "./wire/reader.js";

const INCARNATION = randomBytes(8).readBigUInt64BE(); // another one is a restart: once for the process
const [FIRST_WAIT_MS, LAST_WAIT_MS, TLS_MS] = [250, 30_000, 5_000];
/** Whoever refuses for one of these is not dialed again at once. */
const PATIENT = "banned network network_key network_policy not_allowed revoked self_dial version";
const PATIENT_MS = { full: 180_000, ...Object.fromEntries(PATIENT.split(" ").map((word) => [word, 30_000])) };
const TLS = { minVersion: "TLSv1.3", maxVersion: "TLSv1.3", checkServerIdentity: () => undefined };
/** What no handler has seen, and never will, may go to the next one; of a stream what has brought no item, too. */
const NEXT = "not_sent shutting_down no_such_reactor";
const NEXT_OF = { stream: `${NEXT} connection_lost actor_stopped peer_gone not_allowed schema_mismatch` };
const FEATURES = ["schemas", "streams", "windows"];

const names = (lanes) => lanes.map(({ info }) => info.name);
const view = ({ peer: id, hello: { name }, offers, asking }) => ({ id, name, offers, channels: names(asking.lanes) });

function endpoint(text) {
  const found = /^tcp:\/\/(?:([0-9a-f]{64})@)?(?:\[([^\]]+)\]|([^:@/[\]]+)):(\d{1,5})$/.exec(text);
  if (!found) throw new TypeError(`${JSON.stringify(text)} is no place to dial: write tcp://host:port`);
  return { text, expected: found[1], host: found[2] ?? found[3], port: Number(found[4]) };
}

/** When a send has to be over, when the first word of it has to be there, and how long an item may take. */
function times({ timeout, idle }, kind) {
  const streamed = kind === "stream" || kind === "open";
  const item = idle ?? (streamed && timeout === undefined ? 5_000 : Infinity);
  const deadline = Date.now() + (timeout ?? (streamed ? Infinity : 5_000));
  return { deadline, first: Math.min(deadline, Date.now() + item), idle: item };
}

/** Events: up and down (of a peer), refused (a dial), undelivered (a tell), failed (a handler of a tell). */
export class Node extends EventEmitter {
  services = [];
  /** Rings when it may be that others can be sent to. */
  changed = new Bell();
  #dialing = []; // promises of the ends of what dials
  #dialed = new Set(); // connections, those too that are not through their handshake
  #peers = new Map(); // id -> connection
  #closing = new AbortController();
  #given; // what this node shows where a network is not open
  #versions = null;

  constructor({ name, network = "peerbus", identity = Identity.generate(), peers, offers = [], serve = [], ...given }) {
    super();
    const wrong = offers.filter((offer) => !capability(offer));
    if (wrong.length > 0) throw new TypeError(`no capability: ${JSON.stringify(wrong)}: write role{key=value}`);
    Object.assign(this, { name, network, id: identity.id, offers, places: peers.map(endpoint) });
    this.credentials = identity.credentials();
    this.#given = given;
    for (const each of serve) this.serve(...each);
  }

  /** Emit an event; what a listener throws is its own, and no connection's. */
  say(...event) { queueMicrotask(() => this.emit(...event)); }

  /** Serve a channel with handlers by the names of its messages; before `join`. */
  serve(channel, handlers, options) {
    if (this.joined) throw new TypeError(`serve ${channel.name} before the node joins`);
    this.services.push(new Service(channel, handlers, options));
    return this;
  }

  /** Dial for ever; resolves with the first peer. Raises: PeerbusError where none is there within `timeout` ms, TypeError. */
  async join({ timeout = 10_000 } = {}) {
    this.joined = true;
    const closed = ["networkKey", "certificate", "authority"].some((rule) => this.#given[rule] !== undefined);
    if (closed) this.entry = (await import("./on-demand/entry.js")).entry(this.#given);
    this.#dialing = this.places.map((place) => this.#dial(place));
    await this.changed.until(() => this.#peers.size > 0 || this.#closing.signal.aborted, timeout);
    if (this.#peers.size > 0) return this;
    await this.close();
    throw new PeerbusError("no_peer", `no peer within ${timeout} ms: ${this.#reasons()}`);
  }

  #reasons() { return this.places.map(({ text, last }) => `${text}: ${last?.message ?? "no answer yet"}`).join("; "); }

  async #dial(place) {
    const { signal } = this.#closing;
    for (let wait = FIRST_WAIT_MS; !signal.aborted; wait = Math.min(2 * wait, LAST_WAIT_MS)) {
      const connection = await this.#connect(place).catch((error) => void (place.last = error));
      if (connection) place.last = await connection.ended;
      this.#dialed.delete(connection);
      if (connection && this.#peers.get(connection.peer) === connection) {
        this.#peers.delete(connection.peer);
        this.say("down", view(connection), place.last);
        this.changed.ring();
        wait = FIRST_WAIT_MS;
      } else if (place.last.code === "duplicate") await this.#peers.get(connection.peer)?.ended;
      else if (!signal.aborted) this.say("refused", place.text, place.last);
      await sleep(PATIENT_MS[place.last.code] ?? wait * (0.5 + Math.random() / 2), null, { signal }).catch(() => {});
    }
  }

  async #connect({ host, port, expected }) {
    const socket = connect({ host, port, ...this.credentials, ...TLS });
    const give = () => socket.destroy(new ConnectionEnded("timeout", "it was not reached in time"));
    const timer = setTimeout(give, TLS_MS);
    this.#closing.signal.addEventListener("abort", give);
    try {
      await once(socket, "secureConnect");
      const reader = new Reader(socket);
      const { publicKey } = socket.getPeerX509Certificate();
      const type = publicKey.asymmetricKeyType;
      if (type !== "ed25519") throw new ConnectionEnded("certificate", `the peer's key is ${type}, not Ed25519`);
      const peer = idOf(publicKey);
      if (this.entry) await this.entry(reader, this.id, peer);
      socket.setNoDelay(true);
      const connection = new Connection(reader, this, peer, expected);
      this.#dialed.add(connection);
      return connection;
    } catch (error) {
      socket.destroy();
      // An error of the system has its own name, as ECONNREFUSED; one of OpenSSL is none that anybody would look for.
      const code = error instanceof PeerbusError || /^E[A-Z]+$/.test(error.code) ? error.code : "tls";
      throw new ConnectionEnded(code, `${code}: ${error.message || "it was not reached"}`);
    } finally {
      clearTimeout(timer);
      this.#closing.signal.removeEventListener("abort", give);
    }
  }

  /** The address of a channel that is served here, for a message to carry. */
  address({ name }) { return `bus://${this.id}/${name}`; }

  /** What HELLO says. */
  hello() {
    const { id, network, name, offers } = this;
    const channels = this.services.map(({ channel }) => channel.info);
    const mine = { agent: "peerbus-js/0.2.0", clock: Date.now(), incarnation: INCARNATION, nonce: randomBytes(16) };
    return { node_id: id, network, name, listen: [], offers, channels, features: FEATURES, ...mine };
  }

  /** Two nodes keep one connection. Raises: ProtocolError where that is not the one whose HELLO is there. */
  judge({ peer: id, hello }) {
    const same = this.#peers.get(id)?.hello.incarnation === hello.incarnation;
    if (same) throw new ProtocolError("duplicate", "another connection of the two is kept");
  }

  established(connection) {
    this.#peers.get(connection.peer)?.fail("superseded", "a newer connection has its place");
    this.#peers.set(connection.peer, connection);
    this.say("up", view(connection));
    this.changed.ring();
  }

  /** What judges channels that are declared otherwise; null until it is loaded, when the first one is met. */
  versions() {
    this.loading ??= import("./on-demand/versions.js").then(({ Versions }) => {
      this.#versions = new Versions();
      this.changed.ring();
    });
    return this.#versions;
  }

  /** Who is connected. */
  get peers() { return [...this.#peers.values()].map(view); }

  /** Who can take such a message, the least busy first; why the `others` cannot, and whether it stays so: `hopeless`. */
  #look(target, channel, type, kind, tried = new Set()) {
    const [able, others] = [[], []];
    for (const each of this.#peers.values()) {
      const against = target.has(each) && !tried.has(each) ? each.asking.against(channel, type, kind) : { text: "is not" };
      if (against) others.push({ ...against, name: each.hello.name });
      else able.push(each);
    }
    able.sort((one, other) => one.asking.load - other.asking.load || Math.random() - 0.5);
    return { able, others, hopeless: others.some(({ final }) => final) && !others.some(({ early }) => early) };
  }

  #nobody(target, { name }, value, { others, hopeless }) {
    const final = others.filter((each) => each.final).map((each) => `${each.name}: ${each.text}`).join("; ");
    const why = others.map((each) => `${each.name} ${each.text}`).join(", ") || this.#reasons();
    if (!hopeless) return new SendError("no_peer", `no ${target.text} with channel ${name}: ${why}`, value);
    return new SendError("schema_mismatch", `a ${typeOf(value)} of channel ${name} cannot be sent to ${final}`, value);
  }

  /** Look again and again until there is one, none will ever do, or it is too late. */
  async #await(look, signal, until) {
    const over = ({ able, hopeless }) => able.length > 0 || hopeless || signal?.aborted || this.#closing.signal.aborted;
    const ring = () => this.changed.ring();
    signal?.addEventListener("abort", ring);
    try {
      await this.changed.until(() => over(look()), until - Date.now());
      return look();
    } finally {
      signal?.removeEventListener("abort", ring);
    }
  }

  async #send(target, channel, value, options, kind) {
    if (target.everyone) throw new TypeError("an ask has one answer: ask role(…) or peer(…)");
    channel.encodable(value);
    const [{ signal }, { deadline, first, idle }, tried] = [options, times(options, kind), new Set()];
    const look = () => this.#look(target, channel, typeOf(value), kind, tried);
    for (let last = null; ; ) {
      const found = await this.#await(look, signal, first);
      if (signal?.aborted) throw new SendError("cancelled", "its sender has given it up", value);
      if (found.able.length === 0) throw last ?? this.#nobody(target, channel, value, found);
      try {
        return await found.able[0].asking.send(channel, value, { kind, deadline, first, idle, signal });
      } catch (error) {
        if (!target.retry || !(NEXT_OF[kind] ?? NEXT).split(" ").includes(error.code) || Date.now() >= first) throw error;
        tried.add(found.able[0]);
        last = error;
      }
    }
  }

  /** Send; resolves when it is written, for EVERYONE to how many have it. Raises: SendError, TypeError. */
  async tell(target, channel, value, options = {}) {
    if (!target.everyone) return this.#send(target, channel, value, options, "tell");
    const sending = { kind: "tell", ...times(options, "tell"), signal: options.signal };
    channel.encodable(value);
    const { able } = this.#look(target, channel, typeOf(value), "tell");
    const sent = await Promise.allSettled(able.map((each) => each.asking.send(channel, value, sending)));
    return sent.filter(({ status }) => status === "fulfilled").length;
  }

  /** Send, and wait for the answer, `timeout` ms at most. Raises: SendError, TypeError. */
  async ask(target, channel, value, options = {}) { return this.#send(target, channel, value, options, "ask"); }

  /** Send, and read the items of the answer; leaving the loop ends it at the other side. Raises: SendError, TypeError. */
  async *stream(target, channel, value, options = {}) {
    yield* await this.#send(target, channel, value, options, "stream");
  }

  /** Send, with items to come; resolves when the handler wants them, or has answered. Raises: SendError, TypeError. */
  async open(target, channel, value, options = {}) { return this.#send(target, channel, value, options, "open"); }

  /** Leave in order: refuse new work, finish what is at hand, within that many milliseconds, and close. */
  async close({ within: time = 5_000 } = {}) {
    this.#closing.abort();
    this.changed.ring();
    await Promise.all([...this.#dialed].map((each) => each.leave(time)));
    await Promise.all(this.#dialing);
  }
}

/** A node that has joined: the options of Node and of its method `join`. */
export const join = ({ timeout, ...options }) => new Node(options).join({ timeout });
