/** Streams beside a peer that a test moves: what goes over the wire, in both directions, and how each of them ends. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { it } from "node:test";

import { Channel, Refused, SendError, message, peer as byId, role, typeOf } from "../src/index.js";
import { pack, unpack } from "../src/wire/msgpack.js";
import { block, desk, get, met } from "./peer.js";

const features = ["schemas", "streams"];
const [IN_ITEMS, WITH_ITEMS] = [0x8000_0000, 0x4000_0000];
const WINDOW = 10 * 2 ** 8 + 20 * 2 ** 13; // 1024 items, 1 MiB
const archive = role("archive");
const item = (number, size) => pack(block(number, size));
const items = (talk, rid, payloads, lane = 1) => talk.say("ITEMS", lane, rid, 2, payloads);

/** What a loop over a stream has read, and the error that it ended with. */
async function read(stream, most = Infinity) {
  const found = [];
  try {
    for await (const each of stream) if (found.push(each) >= most) break;
  } catch (error) {
    return [found, error];
  }
  return [found, null];
}

it("reads items in their order, grants what was taken, and ends", () =>
  met({ features }, async (talk, node) => {
    const reading = read(node.stream(archive, desk, get(7)));
    const [channel, [[rid, budget, type, , payload]]] = await talk.next("ASK");
    assert.deepEqual([channel, budget, type, unpack(payload)], [0, 0xffff_ffff, IN_ITEMS + WINDOW + 1, { number: 7 }]);
    for (let at = 0; at < 300; at += 100) items(talk, rid, Array.from({ length: 100 }, () => item(1)));
    assert.deepEqual(await talk.next("GRANT"), [1, rid, 256, 256 * item(1).length]);
    talk.say("ITEMS", 1, rid, 0, [pack("plain")]);
    talk.say("END", 1, rid, 301, "", "");
    const [found, error] = await reading;
    assert.equal(error, null);
    assert.equal(found.filter((each) => each.number === 1).length, 300);
    assert.deepEqual([typeOf(found[0]), found[300]], ["Block", "plain"]);
    assert.equal(talk.heard.includes("CANCEL"), false);
  }));

it("gives a stream up when its loop is left, and leaves out what still comes of it", () =>
  met({ features }, async (talk, node) => {
    const reading = read(node.stream(archive, desk, get(1)), 2);
    const [, [[rid]]] = await talk.next("ASK");
    items(talk, rid, [item(1), item(2), item(3)]);
    assert.deepEqual(await talk.next("CANCEL"), [rid]);
    assert.deepEqual((await reading).map((each) => each?.length), [2, undefined]);
    items(talk, rid, [item(4)]);
    talk.say("END", 1, rid, 4, "", "");
    talk.say("PING", 1);
    await talk.next("PONG");
    assert.equal(node.peers.length, 1);
  }));

it("raises an error behind the items before it, with how many they were", async () => {
  const endings = {
    not_found: (talk, rid) => talk.say("END", 1, rid, 2, "not_found", "no block 3"),
    deadline_handler: (talk, rid) => talk.say("ERROR", rid, 0, 0, "deadline_handler", "late"),
    connection_lost: (talk) => talk.socket.destroy(),
    answer_type: (talk, rid) => items(talk, rid, [Buffer.from([0xc1])]),
  };
  for (const [code, end] of Object.entries(endings)) {
    await met({ features }, async (talk, node) => {
      const reading = read(node.stream(archive, desk, get(1)));
      const [, [[rid]]] = await talk.next("ASK");
      items(talk, rid, [item(1), item(2)]);
      talk.say("PING", 1);
      await talk.next("PONG");
      end(talk, rid);
      const [found, error] = await reading;
      assert.deepEqual([found.length, error.code, error instanceof SendError], [2, code, true]);
      assert.equal(error.items, code === "answer_type" ? 3 : 2);
      assert.match(error.message, /Get to desk of peer .*, after \d items: /);
      assert.equal(error.undelivered.number, 1);
    });
  }
});

/** Everything that was said has been read. */
const settled = async (talk) => (talk.say("PING", 1), await talk.next("PONG"));

it("has a deadline for the whole, and one for an item", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  await met({ features }, async (talk, node) => {
    const whole = read(node.stream(archive, desk, get(1), { timeout: 60_000 }));
    const [, [[first, budget]]] = await talk.next("ASK");
    assert.ok(budget > 0 && budget <= 60_000);
    items(talk, first, [item(1)]);
    await settled(talk);
    context.mock.timers.tick(60_000);
    assert.deepEqual(await talk.next("CANCEL"), [first]);
    const [found, error] = await whole;
    assert.deepEqual([found.length, error.code, error.items], [1, "deadline", 1]);
    const idle = read(node.stream(archive, desk, get(1), { idle: 30_000 }));
    const [, [[second]]] = await talk.next("ASK");
    items(talk, second, [item(1)]);
    await settled(talk);
    context.mock.timers.tick(30_000);
    assert.match((await idle)[1].message, /no item came within 30000 ms/);
    const none = read(node.stream(archive, desk, get(1)));
    await talk.next("ASK");
    context.mock.timers.tick(5_000);
    assert.equal((await none)[1].code, "deadline");
    const stop = new AbortController();
    const stopped = read(node.stream(archive, desk, get(1), { signal: stop.signal }));
    await talk.next("ASK");
    stop.abort();
    assert.equal((await stopped)[1].code, "cancelled");
  });
});

it("goes to the next one of a role where the first brings no item", () =>
  met({ features }, async (talk, node, peer) => {
    const reading = read(node.stream(archive, desk, get(1)));
    await talk.next("ASK");
    talk.socket.destroy();
    const again = await (await peer.accept()).welcome();
    const [, [[rid]]] = await again.next("ASK");
    items(again, rid, [item(1)]);
    again.say("END", 1, rid, 1, "", "");
    assert.deepEqual((await reading)[0].map(({ number }) => number), [1]);
    again.socket.destroy();
  }));

it("says why a stream is none", async () => {
  await met({ features: ["schemas"] }, async (talk, node) => {
    assert.match((await read(node.stream(archive, desk, get(1))))[1].message, /cannot be sent to peer: it knows no streams/);
    await assert.rejects(node.open(archive, desk, get(1)), { code: "schema_mismatch", handled: "no" });
  });
  await met({ features }, async (talk, node) => {
    const reading = read(node.stream(archive, desk, get(1)));
    const [, [[rid]]] = await talk.next("ASK");
    talk.say("REPLY", 0, [[rid, 0, pack(1)]]);
    assert.match((await reading)[1].message, /it is answered with one value: ask for it/);
    assert.ok((await read(node.stream(archive, desk, get("x".repeat(1 << 19)))))[1].code, "too_large");
    assert.ok((await read(node.stream(archive, desk, message("Other"))))[1] instanceof TypeError);
  });
});

it("opens no more streams than 256, and the next one when one has ended", () =>
  met({ channels: [new Channel("desk", desk.content, { window: 4096 })], features }, async (talk, node) => {
    const stop = new AbortController();
    const reading = Array.from({ length: 257 }, (_, number) => read(node.stream(archive, desk, get(number), { signal: stop.signal })));
    const rids = [];
    while (rids.length < 256) rids.push((await talk.next("ASK"))[1][0][0]);
    await node.tell(archive, desk, get(1)); // which does not wait behind them
    await talk.next("TELL");
    assert.equal(talk.heard.filter((name) => name === "ASK").length, 256);
    talk.say("END", 1, rids[9], 0, "", "");
    assert.equal((await talk.next("ASK"))[1][0][0], 257);
    stop.abort();
    await Promise.all(reading);
  }));

it("sends items as far as they are granted, and has the answer", () =>
  met({ features }, async (talk, node) => {
    const opening = node.open(archive, desk, get(1));
    const [, [[rid, , type]]] = await talk.next("ASK");
    assert.equal(type, IN_ITEMS + WITH_ITEMS + WINDOW + 1);
    talk.say("GRANT", 0, rid, 2, 1);
    const upload = await opening;
    await upload.send(block(1)); // which takes all bytes that were granted, and more
    let sent = 0;
    const sending = upload.send(block(2)).then(() => upload.send("plain")).then(() => (sent = 3));
    assert.deepEqual(await talk.next("ITEMS"), [0, rid, 2, [Buffer.from(item(1))]]);
    assert.equal(sent, 0);
    talk.say("GRANT", 0, rid, 9, 1 << 20);
    await sending;
    assert.equal((await talk.next("ITEMS"))[2], 2);
    assert.deepEqual((await talk.next("ITEMS")).slice(2), [0, [Buffer.from(pack("plain"))]]);
    const result = upload.result();
    assert.deepEqual(await talk.next("END"), [0, rid, 3, "", ""]);
    talk.say("REPLY", 0, [[rid, 0, pack("stored")]]);
    assert.equal(await result, "stored");
    await assert.rejects(upload.send(block(3)), { code: "stream_ended" });
    upload.close();
    talk.say("PING", 1);
    await talk.next("PONG");
    assert.equal(talk.heard.includes("CANCEL"), false);
  }));

it("hears that the handler takes no more, or took too long, or is gone", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  await met({ features }, async (talk, node) => {
    const opening = node.open(archive, desk, get(1));
    const [, [[first]]] = await talk.next("ASK");
    talk.say("GRANT", 0, first, 1, 1);
    const upload = await opening;
    await upload.send(block(1));
    const waiting = assert.rejects(upload.send(block(2)), { code: "not_sent", handled: "no" });
    await settled(talk);
    context.mock.timers.tick(5_000);
    await waiting;
    const sending = upload.send(block(2));
    talk.say("REPLY", 0, [[first, 0, pack("enough")]]);
    await assert.rejects(sending, { code: "stream_ended" });
    assert.equal(await upload.result(), "enough");
    const early = node.open(archive, desk, get(2));
    const [, [[second]]] = await talk.next("ASK");
    talk.say("REPLY", 0, [[second, 0, pack("at once")]]); // without having read
    assert.equal(await (await early).result(), "at once");
    const third = node.open(archive, desk, get(3));
    const [, [[rid]]] = await talk.next("ASK");
    talk.say("ERROR", rid, 0, 0, "not_allowed", "not you");
    await assert.rejects(third, { code: "not_allowed" });
    const lost = node.open(archive, desk, get(4));
    talk.say("GRANT", 0, (await talk.next("ASK"))[1][0][0], 1, 1);
    const open = await lost;
    talk.socket.destroy();
    await once(node, "down");
    await assert.rejects(open.send(block(1)), { code: "connection_lost" });
    await assert.rejects(open.result(), { code: "connection_lost" });
  });
});

it("reads and sends at once", () =>
  met({ features }, async (talk, node) => {
    const opening = node.open(archive, desk, get(1));
    const [, [[rid]]] = await talk.next("ASK");
    talk.say("GRANT", 0, rid, 9, 1 << 20);
    const both = await opening;
    await both.send("question");
    assert.deepEqual((await talk.next("ITEMS"))[3], [Buffer.from(pack("question"))]);
    talk.say("ITEMS", 1, rid, 0, [pack("answer")]);
    talk.say("END", 1, rid, 1, "", "");
    assert.deepEqual(await read(both), [["answer"], null]);
    assert.equal(await both.result(), undefined);
  }));

/** A channel whose handlers tell a test what becomes of them. */
function served(handlers) {
  const said = [];
  const told = [];
  const say = (word) => (told.length > 0 ? told.shift()(word) : said.push(word));
  const next = () => (said.length > 0 ? Promise.resolve(said.shift()) : new Promise((resolve) => told.push(resolve)));
  return { serve: [[desk, handlers(say)]], features, next };
}
const ask = (talk, rid, { type = IN_ITEMS + WINDOW + 1, number = 1, budget = 0xffff_ffff } = {}) =>
  talk.say("ASK", 0, [[rid, budget, type, 0, pack({ number })]]);

it("serves a stream by a generator, no further than its reader has granted", async () => {
  const { next, ...options } = served((say) => ({
    async *Get({ number }) {
      try {
        for (let at = 0; at < number; at += 1) {
          say(at);
          yield block(at);
        }
      } finally {
        say("ended");
      }
    },
  }));
  await met(options, async (talk) => {
    ask(talk, 1, { type: IN_ITEMS + 1 * 2 ** 8 + 20 * 2 ** 13 + 1, number: 3 }); // two items at first
    const [lane, rid, type, payloads] = await talk.next("ITEMS");
    assert.deepEqual([lane, rid, type, payloads.map((each) => unpack(each).number)], [1, 1, 2, [0, 1]]);
    for (const at of [0, 1, 2]) assert.equal(await next(), at);
    ask(talk, 2, { number: 0 }); // the next message does not wait behind a stream
    assert.deepEqual(await talk.next("END"), [1, 2, 0, "", ""]);
    assert.equal(await next(), "ended");
    talk.say("GRANT", 1, 1, 1, 0);
    assert.deepEqual((await talk.next("ITEMS"))[3].map((each) => unpack(each).number), [2]);
    assert.deepEqual(await talk.next("END"), [1, 1, 3, "", ""]);
    assert.equal(await next(), "ended");
  });
});

it("ends a generator at its next yield for CANCEL, its budget, or the end of the connection", async () => {
  const { next, ...options } = served((say) => ({
    async *Get({ number }, { signal }) {
      try {
        for (;;) yield number;
      } finally {
        say([number, signal.aborted]);
      }
    },
  }));
  const small = IN_ITEMS + 2 * 2 ** 8 + 20 * 2 ** 13 + 1; // four items
  await met(options, async (talk) => {
    ask(talk, 1, { type: small, number: 1 });
    await talk.next("ITEMS");
    talk.say("CANCEL", 1);
    assert.deepEqual(await next(), [1, true]);
    ask(talk, 2, { type: small, number: 2, budget: 1 });
    await talk.next("ITEMS");
    await new Promise((later) => setTimeout(later, 5));
    talk.say("GRANT", 1, 2, 9, 9);
    assert.deepEqual((await talk.next("END")).slice(1, 4), [2, 5, "deadline_handler"]);
    assert.deepEqual(await next(), [2, false]);
    ask(talk, 3, { type: small, number: 3 });
    await talk.next("ITEMS");
    talk.socket.destroy();
    assert.deepEqual(await next(), [3, true]);
  });
});

it("says what a generator has thrown behind its items, and what cannot travel", async () => {
  const wrong = { 1: () => block(1, 1 << 20), 2: () => message("Other"), 3: () => () => 1 };
  const { next: _, ...options } = served(() => ({
    async *Get({ number }) {
      if (number === 0) throw new Refused("not_found", "none");
      yield "first";
      if (number === 9) throw new Refused("too_large", "my own");
      yield wrong[number]();
    },
    Block: () => "one",
  }));
  await met(options, async (talk) => {
    ask(talk, 1, { number: 0 });
    assert.deepEqual((await talk.next("ERROR")).slice(0, 5), [1, 0, 0, "not_found", "none"]);
    const codes = { 9: "reactor:too_large", 1: "answer_too_large", 2: "answer_type", 3: "answer_type" };
    for (const [number, code] of Object.entries(codes)) {
      ask(talk, 10 + Number(number), { number: Number(number) });
      assert.deepEqual((await talk.next("END")).slice(0, 4), [1, 10 + Number(number), 1, code]);
    }
    ask(talk, 2, { type: 1 }); // asked for one answer
    assert.deepEqual((await talk.next("ERROR")).slice(3), ["answer_type", "it is answered in items: stream it"]);
    talk.say("TELL", 0, [[1, 0, pack({ number: 5 })]]); // told, it says nothing
    talk.say("ASK", 0, [[3, 1000, IN_ITEMS + WINDOW + 2, 0, item(1)]]);
    assert.deepEqual((await talk.next("ERROR")).slice(3), ["answer_type", "it is answered with one value: ask for it"]);
  });
});

it("reads items that come with a message: from when it asks for them, and no more than it takes", async () => {
  const { next, ...options } = served((say) => ({
    async Get({ number }, { items: coming }) {
      if (number === 2) return "not read";
      const found = [];
      say("begins");
      for await (const each of coming) {
        found.push(each.number ?? each);
        if (number === 3) break;
      }
      return found;
    },
    Block: async (_, { items: coming }) => {
      for await (const each of coming) assert.ok(each);
    },
  }));
  const type = IN_ITEMS + WITH_ITEMS + WINDOW + 1;
  await met(options, async (talk) => {
    ask(talk, 1, { type });
    assert.deepEqual(await talk.next("GRANT"), [0, 1, 1024, 1 << 20]);
    assert.equal(await next(), "begins");
    items(talk, 1, [item(1), item(2)], 0);
    talk.say("ITEMS", 0, 1, 0, [pack("plain")]);
    talk.say("END", 0, 1, 3, "", "");
    assert.deepEqual(unpack((await talk.next("REPLY"))[1][0][2]), [1, 2, "plain"]);
    ask(talk, 2, { type, number: 2 });
    assert.equal(unpack((await talk.next("REPLY"))[1][0][2]), "not read");
    ask(talk, 3, { type, number: 3 });
    await talk.next("GRANT");
    items(talk, 3, [item(1), item(2)], 0);
    assert.deepEqual(unpack((await talk.next("REPLY"))[1][0][2]), [1]);
    items(talk, 3, [item(3)], 0); // on its way meanwhile
    talk.say("ASK", 0, [[4, 1000, 2, 0, item(1)]]);
    assert.match((await talk.next("ERROR"))[4], /no items come with this Block: send it with open/);
  });
});

it("holds a peer to its credit, and to what it says that it has sent", async () => {
  const never = () => new Promise(() => {});
  const many = Array.from({ length: 1025 }, () => pack(1));
  const type = IN_ITEMS + WITH_ITEMS + WINDOW + 1;
  const cases = [
    ["window_overrun", (talk, rid) => talk.say("ITEMS", 1, rid, 0, many)],
    ["window_overrun", (talk, rid) => items(talk, rid, [item(1, 1 << 20), item(1)])],
    ["stream_gap", (talk, rid) => talk.say("END", 1, rid, 1, "", "")],
    ["window_overrun", (talk) => (ask(talk, 1, { type }), talk.say("ITEMS", 0, 1, 0, [pack(1)]))],
    ["credit_overflow", (talk) => (ask(talk, 1, { type }), talk.say("GRANT", 1, 1, 2 ** 31 - 1, 0))],
    ["credit_overflow", (talk) => ask(talk, 1, { type: IN_ITEMS + 31 * 2 ** 8 + 1 })],
    ["part_mismatch", (talk, rid) => talk.say("PART", 1, 0, pack([21, 3, rid, 0, [pack(1)]]))],
  ];
  for (const [word, act] of cases) {
    await met({ features, serve: [[desk, { Get: never }]] }, async (talk, node) => {
      const reading = read(node.stream(byId(node.peers[0].id), desk, get(1)));
      const down = once(node, "down");
      const [, [[rid]]] = await talk.next("ASK");
      act(talk, rid);
      assert.equal((await talk.next("GOAWAY"))[0], word);
      assert.equal((await down)[1].code, word);
      assert.equal((await reading)[1].code, "connection_lost");
    });
  }
});

it("refuses the 257th stream of a peer, and takes one more when one has ended", async () => {
  const wide = new Channel("desk", desk.content, { window: 4096 });
  const never = { async *Get() { yield 1; await new Promise(() => {}); } };
  await met({ features, serve: [[wide, never]] }, async (talk) => {
    for (let rid = 1; rid <= 257; rid += 1) ask(talk, rid);
    assert.deepEqual((await talk.next("ERROR")).slice(0, 4), [257, 0, 0, "mailbox_full"]);
    talk.say("CANCEL", 7);
    ask(talk, 300);
    for (let rid = 0; rid !== 300; ) [, rid] = await talk.next("ITEMS");
  });
});
