/** Streams beside a real node, for a test of the Python side: `node real_streams.js reads|serves <place> <schema.json>`. */

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

import { Channel, Refused, join, message, role } from "../src/index.js";

const [what, place, schema] = process.argv.slice(2);
const print = (value) => console.log(JSON.stringify(value));
const vault = Channel.from(JSON.parse(readFileSync(schema)), "vault", { maxMessage: 4_000_000 });
const target = role("vault");
const options = { name: "script", network: "script", peers: [place] };
/** What it fails with, or null. */
const failure = (sending) => sending.then(() => null, (error) => error.code);

const programs = {
  async reads() {
    const node = await join(options);
    const count = (fields, given) => node.stream(target, vault, message("Count", fields), given);
    /** How many blocks came, whose numbers are as they should be, with how many bytes; or the error. */
    const read = async (stream, { most = Infinity, each = () => {} } = {}) => {
      let [blocks, bytes] = [0, 0];
      try {
        for await (const { number, data } of stream) {
          if (number !== blocks++) throw new Error(`${number} is not ${blocks - 1}`);
          bytes += data.length;
          await each(blocks);
          if (blocks >= most) break;
        }
        return [blocks, bytes];
      } catch (error) {
        return [blocks, error.code, error.handled, error.items];
      }
    };
    const found = {};
    found.many = await read(count({ to: 20_000 }));
    found.large = await read(count({ to: 40, size: 1_000_000 }));
    found.slow = await read(count({ to: 3000 }), { each: (blocks) => (blocks % 100 === 0 ? sleep(1) : null) });
    [found.left] = await read(count({ to: 1_000_000 }), { most: 5 });
    found.failed = await read(count({ to: 7, fails: "not_found" }));
    found.idle = await read(count({ to: 2, fails: "wait" }, { idle: 50 }));
    found.plain = await read(node.stream(target, vault, message("Ended")));
    found.asked = await failure(node.ask(target, vault, message("Count", { to: 1 })));
    const block = (number, size) => message("Block", { number, data: Buffer.alloc(size) });
    const upload = await node.open(target, vault, message("Store"));
    for (let number = 0; number < 2000; number += 1) await upload.send(block(number, 1000));
    found.stored = await upload.result();
    const short = await node.open(target, vault, message("Store", { most: 3 }));
    let refusal = null;
    for (let number = 0; !refusal; number += 1) refusal = await failure(short.send(block(number, 9)));
    found.enough = [await short.result(), refusal];
    const both = await node.open(target, vault, message("Twice"));
    for (let number = 0; number < 5; number += 1) await both.send(number);
    both.end();
    found.twice = [[], null];
    for await (const each of both) found.twice[0].push(each);
    found.twice[1] = (await both.result()) ?? null;
    const all = await Promise.all(Array.from({ length: 300 }, () => read(count({ to: 3 }))));
    found.at_once = all.filter(([blocks]) => blocks === 3).length;
    for (found.ended = false; !found.ended; ) {
      const [begun, ended] = await node.ask(target, vault, message("Ended"));
      found.ended = begun === ended;
    }
    print(found);
    const each = (blocks) => blocks === 3 && print("three have come");
    print(await read(count({ to: 3, fails: "wait" }, { idle: 60_000 }), { each }));
    await node.close({ within: 0 });
  },

  async serves() {
    let [begun, ended] = [0, 0];
    const handlers = {
      async *Count({ to, size = 1, fails = "" }) {
        begun += 1;
        let number = 0;
        try {
          for (; number < to; number += 1) yield message("Block", { number, data: Buffer.alloc(size) });
          if (fails) throw new Refused(fails, "as it was asked to");
        } finally {
          ended += 1;
        }
      },
      async Store({ most = Infinity }, { items }) {
        const found = [0, 0];
        for await (const { number, data = "" } of items) {
          if (number !== found[0]++) throw new Error(`${number} is not ${found[0] - 1}`);
          found[1] += data.length;
          if (found[0] === most) break;
        }
        return found;
      },
      async *Twice(_, { items }) {
        for await (const number of items) yield 2 * number;
      },
      Ended: () => [begun, ended],
    };
    const node = await join({ ...options, offers: ["vault{lang=js}"], serve: [[vault, handlers]] });
    for await (const line of createInterface({ input: process.stdin })) if (line === "end") break;
    await node.close({ within: 0 });
  },
};

await programs[what]();
