/** A program that a test of the Python side runs beside a real node: `node real.js <what> <place> <schema.json>`. */

import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

import { Channel, EVERYONE, Identity, Node, Refused, SendError, join, message, peer, role, typeOf } from "../src/index.js";

const [what, place, schema] = process.argv.slice(2);
const print = (value) => console.log(JSON.stringify(value, (_, each) => (typeof each === "bigint" ? `${each}n` : each)));

const shown = JSON.parse(readFileSync(schema));
const desk = Channel.from(shown, "desk");
const counter = Channel.from(shown, "counter", { maxMessage: 1 << 22, window: 64 });

const outcome = async (sending) => {
  try {
    const value = await sending;
    return value instanceof Uint8Array ? [...value] : value;
  } catch (error) {
    return [error.code ?? error.name, error instanceof SendError ? error.handled : null];
  }
};

const programs = {
  async asks() {
    const node = await join({ name: "script", network: "script", peers: [place] });
    const target = role("desk");
    const ask = (type, fields, options) => outcome(node.ask(target, desk, message(type, fields), options));
    const found = {};
    const many = await Promise.all(Array.from({ length: 2000 }, (_, at) => ask("Hello", { name: `${at}` })));
    found.wrong = many.filter((answer, at) => answer !== `hello ${at}`).length;
    found.big = await ask("Big", { number: 2n ** 63n });
    found.above32 = await ask("Big", { number: 2 ** 40 });
    found.safe = await ask("Big", { number: -7 });
    found.fraction = await ask("Big", { number: 0.5 });
    found.blob = await ask("Blob", { data: new Uint8Array(6_000_000).fill(7) });
    found.large = await ask("Blob", { data: new Uint8Array(9_000_000) });
    const item = await node.ask(target, desk, message("Item", { number: 1, tags: new Map([[5, "x"]]), at: new Date(0) }));
    found.item = [typeOf(item), item.number, [...item.tags], item.at.toISOString()];
    found.pair = await ask("Pair", { left: 3, right: "x" });
    found.add = await ask("Add", { number: 4 });
    found.late = await ask("Late", { seconds: 600 }, { timeout: 50 });
    found.float = await ask("Late", { seconds: 0 });
    const told = Array.from({ length: 5000 }, (_, at) => node.tell(target, desk, message("Hello", { name: `${at}` })));
    await Promise.all(told);
    found.everyone = await node.tell(EVERYONE, desk, message("Hello", { name: "all" }));
    found.total = await ask("Total", {});
    found.named = await outcome(node.ask(peer(node.peers[0].id), desk, message("Hello", { name: "you" })));
    found.roles = node.peers[0].offers.map((offer) => offer.role);
    const hello = (type, more = []) => ["map", "Hello", null, false, [["name", 0, type], ...more]];
    const declared = (definition) => new Channel("desk", [1, [definition], [["Hello", 0, "str"]]]);
    found.schema = await outcome(node.ask(target, declared(hello("int")), message("Hello", { name: 1 })));
    const newer = message("Hello", { name: "you", note: "" });
    found.newer = await outcome(node.ask(target, declared(hello("str", [["note", 1, "str"]])), newer));
    await node.close();
    print(found);
  },

  async serves() {
    let [sum, sizes] = [0, 0];
    const handlers = {
      Count: ({ number, data }) => {
        sum += number;
        sizes += data?.length ?? 0;
      },
      Sum: () => [sum, sizes],
      Block: ({ number, data }) => message("Block", { number: number + 1, data: Buffer.concat([data, data]) }),
      Fail: ({ code }) => {
        if (code === "TypeError") throw new TypeError("a defect");
        throw new Refused(code, "no more");
      },
    };
    const serve = [[counter, handlers]];
    const node = await join({ name: "script", network: "script", peers: [place], offers: ["counter{lang=js}"], serve });
    node.on("down", (_, reason) => print(["down", reason.code]));
    node.on("up", (seen) => print(["up", seen.name]));
    print(["up", node.peers[0].name]);
    for await (const line of createInterface({ input: process.stdin })) if (line === "end") break;
    await node.close();
    print(["closed"]);
  },

  async closed() {
    const identity = Identity.fromSeed(Buffer.alloc(32, "j"));
    const [certificate, authority, networkKey] = ["own.pem", "authority.pem", "demo.key"].map((name) =>
      readFileSync(new URL(name, `file://${schema}`), "utf8"),
    );
    const rules = [{}, { networkKey: Buffer.alloc(32), certificate, authority }, { networkKey }];
    for (const given of rules) {
      const stranger = new Node({ name: "stranger", network: "script", peers: [place], identity, ...given });
      const refused = once(stranger, "refused");
      stranger.join().catch(() => {});
      print((await refused)[1].code);
      await stranger.close();
    }
    const all = { networkKey, certificate, authority };
    const node = await join({ name: "script", network: "script", peers: [place], identity, ...all });
    print(await node.ask(role("desk"), desk, message("Hello", { name: node.id.slice(0, 4) })));
    await node.close();
  },
};

await programs[what]();
