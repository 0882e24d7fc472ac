/** A node that dials and does not listen: its connections, and whom of its peers a message goes to. */

import { randomBytes } from "node:crypto";
import { EventEmitter, once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "node:tls";

import { Connection } from "./connection.js";
import { EntryRules, enter } from "./entry.js";
import { typeOf } from "./channel.js";
import { ConnectionEnded, PeerbusError, ProtocolError, SendError } from "./errors.js";
import { capability } from "./frames.js";
import { Identity, idOf } from "./identity.js";
import { unpack } from "./msgpack.js";
import { Service } from "./service.js";

const INCARNATION = randomBytes(8).readBigUInt64BE(); // another one is a restart: once for the process
const [FIRST_WAIT_MS, LAST_WAIT_MS, TLS_MS, LONGEST_MS] = [250, 30_000, 5_000, 0x7fff_ffff];
/** Who refuses for one of these is not dialed again at once. */
const PATIENT = "banned network network_key network_policy not_allowed revoked self_dial version";
const PATIENT_MS = { full: 180_000, ...Object.fromEntries(PATIENT.split(" ").map((word) => [word, 30_000])) };
const DESCRIBED = 256; // descriptions that are kept
const TLS = { minVersion: "TLSv1.3", maxVersion: "TLSv1.3", checkServerIdentity: () => undefined };

/** One of those that offer a role, with these attributes. */
export const role = (name, where = {}) => ({ text: `role ${name}`, retry: true, has: offering(name, where) });
/** The peer of this id. */
export const peer = (id) => ({ text: `peer ${id}`, has: (connection) => connection.peer === id });
/** All that are connected: for tells. */
export const EVERYONE = { text: "anybody", everyone: true, has: () => true };

/** Who is meant by the text of an address that a message carried: `{ target, reactor }`. Raises: TypeError. */
export function receiver(text) {
  const found = /^bus:\/\/(?:([0-9a-f]{64})|role:([a-z0-9._-]+)(?:\{([^{}]*)\})?)\/([a-z0-9._-]+)(?:\?pick=(?:one|least))?$/.exec(text);
  const where = (found?.[3] ?? "").split(",").filter(Boolean).map((each) => /^([a-z0-9._-]+)=([^=]*)$/.exec(each));
  if (!found || where.includes(null)) throw new TypeError(`${JSON.stringify(text)} is no address that this client can send to`);
  const [, id, name, , reactor] = found;
  return { target: id ? peer(id) : role(name, Object.fromEntries(where.map(([, key, value]) => [key, value]))), reactor };
}

const until = ({ timeout = 5_000 }) => Date.now() + Math.min(timeout, LONGEST_MS);
const within = (where, attributes) => Object.entries(where).every(([key, value]) => attributes[key] === String(value));
const offering = (name, where) => (connection) =>
  connection.offers.some(({ role: offered, attributes }) => offered === name && within(where, attributes));
const names = (lanes) => lanes.map(({ info }) => info.name);
const view = ({ peer: id, hello: { name }, offers, lanes }) => ({ id, name, offers, channels: names(lanes) });

function endpoint(text) {
  const found = /^tcp:\/\/(?:([0-9a-f]{64})@)?(?:\[([^\]]+)\]|([^:@/[\]]+)):(\d{1,5})$/.exec(text);
  if (!found) throw new TypeError(`${JSON.stringify(text)} is no place to dial: write tcp://host:port`);
  return { text, expected: found[1], host: found[2] ?? found[3], port: Number(found[4]) };
}

/** Events: up and down (of a peer), refused (a dial), undelivered (a tell), failed (a handler of a tell). */
export class Node extends EventEmitter {
  services = [];
  described = new Map(); // hash -> the description that has it, as peers have sent it
  #peers = new Map(); // id -> connection
  #closing = new AbortController();

  constructor({ name, network = "peerbus", identity = Identity.generate(), peers, offers = [], serve = [], ...given }) {
    super();
    this.setMaxListeners(0);
    const wrong = offers.filter((offer) => !capability(offer));
    if (wrong.length > 0) throw new TypeError(`no capability: ${JSON.stringify(wrong)}: write role{key=value}`);
    Object.assign(this, { name, network, id: identity.id, offers, places: peers.map(endpoint) });
    this.credentials = identity.credentials();
    this.rules = new EntryRules(given);
    for (const each of serve) this.serve(...each);
  }

  /** Serve a channel with handlers by the names of its messages; before `join`. */
  serve(channel, handlers, options) {
    if (this.joined) throw new TypeError(`serve ${channel.name} before the node joins`);
    this.services.push(new Service(channel, handlers, options));
    return this;
  }

  /** Dial for ever; resolves when the first peer is there. Raises: PeerbusError when none is, within `timeout` ms. */
  async join({ timeout = 10_000 } = {}) {
    this.joined = true;
    for (const place of this.places) this.#dial(place);
    await this.#until("up", timeout, () => this.#peers.size > 0);
    if (this.#peers.size > 0) return this;
    await this.close();
    throw new PeerbusError("no_peer", `no peer within ${timeout} ms: ${this.#reasons()}`);
  }

  /** Wait until it is so, looking at each event of a name; at most so many milliseconds, or until this node closes. */
  async #until(event, timeout, done) {
    const stop = new AbortController();
    const end = () => stop.abort();
    const timer = setTimeout(end, timeout);
    this.once("closing", end);
    while (!done() && !stop.signal.aborted && !this.#closing.signal.aborted) {
      await once(this, event, { signal: stop.signal }).catch(() => {});
    }
    clearTimeout(timer);
    this.off("closing", end);
  }

  #reasons() { return this.places.map(({ text, last }) => `${text}: ${last?.message ?? "no answer yet"}`).join("; "); }

  async #dial(place) {
    const { signal } = this.#closing;
    for (let wait = FIRST_WAIT_MS; !signal.aborted; wait = Math.min(2 * wait, LAST_WAIT_MS)) {
      const connection = await this.#connect(place).catch((error) => void (place.last = error));
      if (connection) place.last = await connection.ended;
      if (connection && this.#peers.get(connection.peer) === connection) {
        this.#peers.delete(connection.peer);
        this.emit("down", view(connection), place.last);
        this.emit("changed");
        wait = FIRST_WAIT_MS;
      } else if (place.last.code === "duplicate") await this.#peers.get(connection.peer)?.ended;
      else if (!signal.aborted) this.emit("refused", place.text, place.last);
      await sleep(PATIENT_MS[place.last.code] ?? wait * (0.5 + Math.random() / 2), null, { signal }).catch(() => {});
    }
  }

  async #connect({ host, port, expected }) {
    const socket = connect({ host, port, ...this.credentials, ...TLS });
    const give = () => socket.destroy(new ConnectionEnded("timeout", "it was not reached in time"));
    const timer = setTimeout(give, TLS_MS);
    let peer;
    this.once("closing", give);
    try {
      await once(socket, "secureConnect");
      peer = idOf(socket.getPeerX509Certificate().publicKey);
      if (this.rules.demand) await enter(socket, this.rules, this.id, peer);
    } catch (error) {
      throw new ConnectionEnded(error.code ?? "tls", error.message || error.code);
    } finally {
      clearTimeout(timer);
      this.off("closing", give);
    }
    socket.setNoDelay(true);
    return new Connection(socket, this, peer, expected);
  }

  /** The address of a channel that is served here, for a message to carry. */
  address({ name }) { return `bus://${this.id}/${name}`; }

  /** What HELLO says. */
  hello() {
    const { id, network, name, offers } = this;
    const channels = this.services.map(({ channel }) => channel.info);
    const mine = { agent: "peerbus-js/0.2.0", clock: Date.now(), features: ["schemas", "windows"], incarnation: INCARNATION, nonce: randomBytes(16) };
    return { node_id: id, network, name, listen: [], offers, channels, ...mine };
  }

  /** Two nodes keep one connection. Raises: ProtocolError where that is not the one whose HELLO is there. */
  judge({ peer: id, hello }) {
    const same = this.#peers.get(id)?.hello.incarnation === hello.incarnation;
    if (same) throw new ProtocolError("duplicate", "another connection of the two is kept");
  }

  established(connection) {
    this.#peers.get(connection.peer)?.fail("superseded", "a newer connection has its place");
    this.#peers.set(connection.peer, connection);
    this.emit("up", view(connection));
    this.emit("changed");
  }

  /** Who is connected. */
  get peers() { return [...this.#peers.values()].map(view); }

  /** Keep a description, for the connections to come: at most so many, the oldest goes first. */
  describe(hash, data) {
    let content = null;
    try {
      content = unpack(data);
    } catch {
      // Nothing is sent to who declares that.
    }
    this.described.set(hash, content);
    if (this.described.size > DESCRIBED) this.described.delete(this.described.keys().next().value);
  }

  #declaring(target, { name }) {
    return [...this.#peers.values()].filter((each) => each.usable && target.has(each) && each.lane(name));
  }

  #able(target, channel, value, ask) {
    return this.#declaring(target, channel).filter((each) => each.against(channel, typeOf(value), ask) === "");
  }

  /** Why none of those that are there can take it; null where there is none, or one that has yet to say. */
  #mismatch(target, channel, value, ask) {
    const type = typeOf(value);
    const there = this.#declaring(target, channel).map((each) => [each.hello.name, each.against(channel, type, ask)]);
    if (there.length === 0 || there.some(([, why]) => !why)) return null;
    const why = there.map(([name, each]) => `${name}: ${each}`).join("; ");
    return new SendError("schema_mismatch", `a ${type} of channel ${channel.name} cannot be sent to ${why}`, value);
  }

  #nobody(target, { name }, undelivered) {
    const lacks = (each) => {
      if (!target.has(each)) return "is not";
      return each.lane(name) ? "has yet to say what it declares there, or leaves" : "has no such channel";
    };
    const why = [...this.#peers.values()].map((each) => `${each.hello.name} ${lacks(each)}`).join(", ");
    return new SendError("no_peer", `no ${target.text} with channel ${name}: ${why || this.#reasons()}`, undelivered);
  }

  async #send(target, channel, value, { signal, ...options }, ask) {
    channel.encodable(value);
    const deadline = until(options);
    for (const tried = new Set(); ; ) {
      const able = () => this.#able(target, channel, value, ask).filter((each) => !tried.has(each));
      const there = () => signal?.aborted || able().length > 0 || this.#mismatch(target, channel, value, ask);
      if (!there()) await this.#until("changed", Math.max(0, deadline - Date.now()), there);
      const [first] = able().sort((one, other) => one.load - other.load || Math.random() - 0.5);
      if (!first) throw this.#mismatch(target, channel, value, ask) ?? this.#nobody(target, channel, value);
      try {
        return await first.send(channel, value, { ask, deadline, signal });
      } catch (error) {
        // What no handler has seen, and never will, may go to the next one.
        const lost = ["not_sent", "shutting_down", "no_such_reactor"].includes(error.code);
        if (!target.retry || !lost || Date.now() >= deadline) throw error;
        tried.add(first);
      }
    }
  }

  /** Send; resolves when it is written, for EVERYONE to how many have it. Raises: SendError, TypeError. */
  async tell(target, channel, value, options = {}) {
    if (!target.everyone) return this.#send(target, channel, value, options, false);
    const sending = { signal: options.signal, ask: false, deadline: until(options) };
    const sent = this.#able(target, channel, value, false).map((each) => each.send(channel, value, sending));
    return (await Promise.allSettled(sent)).filter(({ status }) => status === "fulfilled").length;
  }

  /** Send, and wait for the answer, `timeout` ms at most. Raises: SendError, TypeError. */
  async ask(target, channel, value, options = {}) {
    if (target.everyone) throw new TypeError("an ask has one answer: ask role(…) or peer(…)");
    return this.#send(target, channel, value, options, true);
  }

  /** Leave in order: refuse new work, finish what is at hand, within so many milliseconds, and close. */
  async close({ within: time = 5_000 } = {}) {
    this.#closing.abort();
    this.emit("closing");
    await Promise.all([...this.#peers.values()].map((each) => each.leave(time)));
  }
}

/** A node that has joined: the options of Node and of its method `join`. */
export const join = ({ timeout, ...options }) => new Node(options).join({ timeout });
