/** A peer that says what a test wants: TLS, and the frames of docs/wire.md one by one. */

import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:tls";

import { Channel, Identity, Node, message } from "../src/index.js";
import { PREFACE, body, decode, framed } from "../src/wire/frames.js";

export const NETWORK = "test";
export const NUMBER = ["number", 0, "int"];
const GET = ["map", "Get", null, false, [NUMBER]];
const BLOCK = ["map", "Block", null, false, [NUMBER, ["data", 0, "bytes"]]];
const limits = { window: 4, bytes: 1 << 20, maxMessage: 1 << 19 };
export const desk = new Channel("desk", [1, [GET, BLOCK], [["Get", 0, null], ["Block", 1, null]]], limits);
export const get = (number) => message("Get", { number });
export const block = (number, size = 1) => message("Block", { number, data: Buffer.alloc(size, number) });

/** A node and a peer that know each other; `use(talk, node, peer)` is the test. */
export async function met({ channels = [desk], offers = ["archive{from=1000}"], serve = [], features = ["schemas"], hello = {}, ...options }, use) {
  const peer = await Peer.start({ channels, offers, hello: { features, ...hello } });
  const node = new Node({ name: "client", network: NETWORK, peers: [peer.place], ...options });
  for (const each of serve) node.serve(...each);
  const joining = node.join();
  const talk = await (await peer.accept()).welcome();
  await joining;
  try {
    await use(talk, node, peer);
  } finally {
    talk.socket.destroy();
    await node.close({ within: 0 });
    await peer.close();
  }
}

/** One connection: `next(name)` waits for the next frame of a name, leaving the others out; `say` sends one. */
class Talk {
  #data = Buffer.alloc(0);
  #frames = [];
  #wake = () => {};

  constructor(socket, hello) {
    this.socket = socket;
    this.heard = [];
    socket.on("error", () => {});
    socket.on("data", (chunk) => this.#read(chunk));
    socket.on("close", () => this.#wake((this.closed = true)));
    socket.write(PREFACE);
    this.say("HELLO", hello);
  }

  #read(chunk) {
    this.#data = Buffer.concat([this.#data, chunk]);
    if (!this.preface && this.#data.length >= 12) {
      this.preface = this.#data.subarray(0, 12);
      this.#data = this.#data.subarray(12);
    }
    while (this.preface && this.#data.length >= 4 && this.#data.length >= 4 + this.#data.readUInt32BE()) {
      const size = this.#data.readUInt32BE();
      const frame = decode(this.#data.subarray(4, 4 + size));
      this.#data = this.#data.subarray(4 + size);
      this.#frames.push(frame);
      this.heard.push(frame?.[0]);
    }
    this.#wake();
  }

  say(name, ...fields) {
    this.raw(framed(body(name, ...fields)));
  }

  raw(data) {
    this.socket.write(data);
  }

  /** The fields of the next frame of that name. */
  async next(name) {
    for (;;) {
      while (this.#frames.length > 0) {
        const [found, ...fields] = this.#frames.shift();
        if (found === name) return fields;
      }
      if (this.closed) throw new Error(`closed before ${name}; heard ${this.heard.slice(-20)}`);
      await new Promise((wake) => (this.#wake = wake));
    }
  }

  /** Both HELLOs and WELCOMEs. */
  async welcome() {
    [this.hello] = await this.next("HELLO");
    this.say("WELCOME");
    await this.next("WELCOME");
    return this;
  }
}

/** A listener on 127.0.0.1, one connection after the other. */
export class Peer {
  #talks = [];
  #wake = () => {};
  identity = Identity.generate();
  incarnation = randomBytes(8).readBigUInt64BE();

  static async start({ channels = [], offers = [], hello = {}, identity } = {}) {
    const peer = new Peer();
    peer.identity = identity ?? peer.identity;
    const changes = hello;
    const server = createServer({ ...peer.identity.credentials(), requestCert: true, minVersion: "TLSv1.3" }, (socket) => {
      const { incarnation } = peer;
      const own = { node_id: peer.identity.id, network: NETWORK, name: "peer", incarnation, listen: [], agent: "test/1" };
      const map = { ...own, offers, channels: channels.map((each) => each.info), nonce: randomBytes(16), ...changes };
      peer.#talks.push(new Talk(socket, map));
      peer.#wake();
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    peer.server = server;
    peer.place = `tcp://127.0.0.1:${server.address().port}`;
    return peer;
  }

  /** The next connection, when the client has dialed. */
  async accept() {
    while (this.#talks.length === 0) await new Promise((wake) => (this.#wake = wake));
    return this.#talks.shift();
  }

  async close() {
    this.server.close();
    await once(this.server, "close");
  }
}
