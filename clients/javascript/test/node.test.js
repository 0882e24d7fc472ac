/** The client and a peer that a test moves: what it says when, and what it makes of what it hears. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as path } from "node:path";
import { it } from "node:test";

import { Channel, EVERYONE, Identity, Node, Refused, message, peer as byId, role, typeOf } from "../src/index.js";
import { framed } from "../src/wire/frames.js";
import { PUBLISHED } from "../src/wire/identity.js";
import { pack, unpack } from "../src/wire/msgpack.js";
import { NETWORK, NUMBER, Peer, desk, get, met } from "./peer.js";

const only = (name, type = "int") =>
  new Channel(name, [1, [["map", "Get", null, false, [["number", 0, type]]]], [["Get", 0, null]]]);

it("says who it is", () =>
  met({ offers: ["archive"], serve: [[desk, { Get: () => 1 }]] }, async (talk, node) => {
    const { node_id: id, network, name, listen, channels, features } = talk.hello;
    assert.deepEqual([id, network, name, listen, features], [node.id, NETWORK, "client", [], ["schemas", "streams", "windows"]]);
    assert.deepEqual(channels[0].types, ["Get", "Block"]);
    assert.equal(node.peers[0].name, "peer");
    talk.say("DESCRIBE", [0]);
    const [index, description] = await talk.next("DESCRIPTION");
    assert.deepEqual([index, unpack(description)[2][1][0]], [0, "Block"]);
    talk.say("DESCRIBE", [0]); // no channel is described twice
    assert.equal((await talk.next("GOAWAY"))[0], "bad_field");
  }));

it("asks, and reads answers that are declared, plain or marked", () =>
  met({}, async (talk, node) => {
    const asking = [1, 2, 3].map((number) => node.ask(role("archive"), desk, get(number)));
    const answers = [[2, pack({ number: 1, data: Buffer.from("hi") })], [0, pack("plain")], [0, Buffer.from("c7090181a66e756d62657201", "hex")]];
    for (const answer of answers) {
      const [channel, [[rid, budget, type, source, payload]]] = await talk.next("ASK");
      assert.deepEqual([channel, type, source], [0, 1, 0]);
      assert.ok(budget > 0 && budget <= 5000);
      assert.deepEqual(unpack(payload), { number: rid });
      talk.say("REPLY", 0, [[rid, ...answer]]);
    }
    const [block, plain, marked] = await Promise.all(asking);
    assert.equal(typeOf(block), "Block");
    assert.equal(Buffer.from(block.data).toString(), "hi");
    assert.deepEqual([plain, marked], ["plain", { number: 1 }]);
  }));

/** A desk that has gone on: a message more at its head, `number` is read as a float, and blocks have an owner. */
const later = new Channel("desk", [
  1,
  [
    ["map", "Sweep", null, false, []],
    ["map", "Get", null, false, [["number", 0, "float"], ["why", 1, "str"]]],
    ["map", "Block", null, false, [NUMBER, ["data", 0, "bytes"], ["owner", 0, "str"]]],
  ],
  [["Sweep", 0, null], ["Get", 1, null], ["Block", 2, null]],
]);

it("asks once what a peer declares otherwise, sends what that can read, by its numbers, and says what it cannot", () =>
  met({ channels: [later] }, async (talk, node) => {
    const early = node.ask(role("archive"), desk, get(1));
    const wrong = assert.rejects(node.tell(role("archive"), desk, message("Block", { number: 1, data: Buffer.alloc(1) })), (error) => {
      assert.match(error.message, /a Block of channel desk cannot be sent to peer: Block.owner is required at the peer/);
      return error.code === "schema_mismatch" && error.handled === "no";
    });
    assert.deepEqual(await talk.next("DESCRIBE"), [[0]]);
    assert.deepEqual(talk.heard.filter((name) => name === "ASK"), []);
    talk.say("DESCRIPTION", 0, later.description);
    const [, [[rid, , type, , payload]]] = await talk.next("ASK");
    assert.deepEqual([type, unpack(payload)], [2, { number: 1 }]);
    talk.say("REPLY", 0, [[rid, 3, pack({ number: 1, data: Buffer.from("hi"), owner: "me" })]]);
    const block = await early;
    assert.deepEqual([typeOf(block), block.owner], ["Block", "me"]);
    await wrong;
    await node.tell(EVERYONE, desk, get(2));
    assert.equal((await talk.next("TELL"))[1][0][0], 2);
    assert.equal(talk.heard.filter((name) => name === "DESCRIBE").length, 1);
  }));

it("sends nothing to who describes nothing, and ends a connection that describes something else", async () => {
  await met({ channels: [later], features: [] }, (_, node) =>
    assert.rejects(node.ask(role("archive"), desk, get(1)), /cannot be sent to peer: it does not say what it declares/));
  await met({ channels: [later] }, async (talk, node) => {
    const asking = node.ask(role("archive"), desk, get(1));
    await talk.next("DESCRIBE");
    talk.say("DESCRIPTION", 0, Buffer.alloc(0));
    await assert.rejects(asking, { code: "schema_mismatch" });
  });
  await met({ channels: [later] }, async (talk, node) => {
    node.ask(role("archive"), desk, get(1)).catch(() => {});
    await talk.next("DESCRIBE");
    talk.say("DESCRIPTION", 0, desk.description);
    assert.equal((await talk.next("GOAWAY"))[0], "bad_field");
  });
});

it("uses a window that the peer makes larger, and none below what was announced", () =>
  met({}, async (talk, node) => {
    const telling = Array.from({ length: 9 }, (_, number) => node.tell(role("archive"), desk, get(number)));
    await Promise.all(telling.slice(0, 4));
    talk.say("WINDOW", 0, 9, 1 << 20);
    await Promise.all(telling);
    talk.say("WINDOW", 0, 3, 1 << 20);
    assert.equal((await talk.next("GOAWAY"))[0], "bad_field");
  }));

it("makes its own window larger where that holds the sender back", async (context) => {
  context.mock.timers.enable({ apis: ["setInterval"] });
  await met({ serve: [[desk, { Get: () => null }]], features: ["schemas", "windows"] }, async (talk) => {
    context.mock.timers.tick(5_000); // a PING, of which the round trip is learnt
    const [token] = await talk.next("PING");
    await new Promise((later) => setTimeout(later, 30));
    talk.say("PONG", token);
    const tells = () => talk.say("TELL", 0, [1, 2].map((number) => [1, 0, pack({ number })]));
    tells();
    await talk.next("CREDIT");
    tells();
    await talk.next("CREDIT");
    assert.deepEqual(await talk.next("WINDOW"), [0, 8, 2 << 20]);
  });
});

it("waits for credit, keeps the order, and fails what does not leave in time", () =>
  met({}, async (talk, node) => {
    const telling = Array.from({ length: 6 }, (_, number) => node.tell(role("archive"), desk, get(number)));
    await Promise.all(telling.slice(0, 4));
    await assert.rejects(node.tell(role("archive"), desk, get(9), { timeout: 20 }), { code: "not_sent", handled: "no" });
    talk.say("CREDIT", [[0, 3, 0]]);
    await Promise.all(telling);
    const heard = [];
    while (heard.length < 6) heard.push(unpack((await talk.next("TELL"))[1][0][2]).number);
    assert.deepEqual(heard, [0, 1, 2, 3, 4, 5]);
    talk.say("CREDIT", [[0, 5, 0]]);
    assert.equal((await talk.next("GOAWAY"))[0], "credit_overflow");
  }));

it("tells what an error says of the handler, and hands the message back", () =>
  met({}, async (talk, node) => {
    for (const [code, handled] of [["mailbox_full", "no"], ["deadline_handler", "yes"], ["actor_stopped", "perhaps"], ["not_found", "yes"]]) {
      const asking = node.ask(byId(node.peers[0].id), desk, get(7));
      const [, [[rid]]] = await talk.next("ASK");
      talk.say("ERROR", rid, 0, 0, code, "no block 7");
      talk.say("CREDIT", [[0, 1, pack({ number: 7 }).length]]);
      await assert.rejects(asking, (error) => {
        assert.deepEqual([error.code, error.handled, error.undelivered.number], [code, handled, 7]);
        return /Get to desk of peer .*no block 7/.test(error.message);
      });
    }
    const undelivered = once(node, "undelivered");
    await node.tell(EVERYONE, desk, get(1));
    talk.say("ERROR", 0, 0, 0, "no_such_reactor", "gone");
    const [what] = await undelivered;
    assert.deepEqual([what.code, what.channel, what.sequence], ["no_such_reactor", "desk", 0]);
  }));

it("gives an ask up at its deadline or on a signal, and says so", () =>
  met({}, async (talk, node) => {
    const late = node.ask(role("archive"), desk, get(1), { timeout: 20 });
    await assert.rejects(late, { code: "deadline", handled: "perhaps" });
    assert.deepEqual(await talk.next("CANCEL"), [1]);
    const stop = new AbortController();
    const asking = node.ask(role("archive"), desk, get(1), { signal: stop.signal });
    await talk.next("ASK");
    stop.abort();
    await assert.rejects(asking, { code: "cancelled" });
    assert.deepEqual(await talk.next("CANCEL"), [2]);
  }));

it("goes by roles, attributes and schema, and says why nobody will do", () =>
  met({}, async (talk, node) => {
    const quick = { timeout: 20 };
    const ask = (target, channel = desk) => node.ask(target, channel, message(channel.types[0], { number: 1 }), quick);
    await assert.rejects(ask(role("index")), /no role index with channel desk: peer is not/);
    await assert.rejects(ask(role("archive", { from: 7 })), { code: "no_peer" });
    await assert.rejects(ask(role("archive"), only("desk", "str")), /has yet to say what it declares/);
    await assert.rejects(ask(role("archive"), only("other")), /has no such channel/);
    await assert.rejects(node.ask(EVERYONE, desk, get(1)), TypeError);
    await assert.rejects(node.ask(role("archive"), desk, message("Get", { nr: 1 })), /Get has no field nr/);
    await assert.rejects(node.ask(role("archive"), desk, message("Block", { number: 1, data: Buffer.alloc(1 << 19) })), {
      code: "too_large",
    });
    const waiting = node.ask(role("index"), desk, get(1));
    talk.say("UPDATE", ["index"]);
    const [, [[rid]]] = await talk.next("ASK");
    talk.say("REPLY", 0, [[rid, 0, pack(1)]]);
    assert.equal(await waiting, 1);
  }));

it("uses channels that open later, and none that is closed", () =>
  met({ channels: [] }, async (talk, node) => {
    const waiting = node.tell(role("archive"), desk, get(1));
    talk.say("OPEN", 0, desk.info);
    await waiting;
    const asking = [1, 2, 3, 4].map((number) => node.ask(role("archive"), desk, get(number), { timeout: 50 }));
    const outcomes = Promise.allSettled(asking);
    talk.say("CLOSE", 0, "stopped");
    assert.equal((await outcomes).at(-1).reason.handled, "no"); // the fourth, for which there was no credit
  }));

it("serves in order, answers, refuses, and gives credit back", async () => {
  const ran = [];
  const handlers = {
    Get: async ({ number }, { peer, source, signal }) => {
      ran.push([number, peer.length, source, signal.aborted]);
      if (number === 13) throw new Refused("unlucky", "no thirteen");
      if (number === 14) throw new Refused("too_large", "my own");
      return number === 7 ? message("Block", { number, data: Buffer.from("hi") }) : { number };
    },
  };
  await met({ serve: [[desk, handlers]] }, async (talk) => {
    const ask = (rid, number, type = 1) => talk.say("ASK", 0, [[rid, 2000, type, 1, pack({ number })]]);
    ask(1, 7);
    const [, [[rid, type, payload]]] = await talk.next("REPLY");
    assert.deepEqual([rid, type, unpack(payload).number], [1, 2, 7]);
    ask(2, 8);
    assert.deepEqual(unpack((await talk.next("REPLY"))[1][0][2]), { number: 8 });
    ask(3, 13);
    assert.deepEqual((await talk.next("ERROR")).slice(0, 5), [3, 0, 0, "unlucky", "no thirteen"]);
    ask(4, 14);
    assert.equal((await talk.next("ERROR"))[3], "reactor:too_large");
    for (const type of [0, 3]) {
      ask(5, 1, type);
      assert.equal((await talk.next("ERROR"))[3], "message_type");
    }
    ask(6, 1, 2);
    assert.match((await talk.next("ERROR"))[4], /Block lacks data/);
    talk.say("TELL", 0, [[1, 0, pack({ number: 9 })], [1, 0, pack({})]]);
    assert.deepEqual((await talk.next("ERROR")).slice(0, 4), [0, 0, 1, "message_type"]);
    assert.deepEqual(ran.at(-1), [9, 64, null, false]);
    assert.deepEqual(ran[0].slice(2), ["desk", false]);
    assert.equal(talk.heard.filter((name) => name === "CREDIT").length, 4); // half of a window of 4, each time
  });
});

it("answers late asks with the two words, and stops for CANCEL", async (context) => {
  context.mock.timers.enable({ apis: ["Date"] });
  let finish;
  const begun = [];
  const handlers = {
    Get: ({ number }, { signal }) => {
      begun.push([number, signal]);
      return number === 1 ? new Promise((resolve) => (finish = resolve)) : number;
    },
  };
  await met({ serve: [[desk, handlers]] }, async (talk) => {
    talk.say("ASK", 0, [[1, 1, 1, 0, pack({ number: 1 })], [2, 1, 1, 0, pack({ number: 2 })], [3, 9000, 1, 0, pack({ number: 3 })]]);
    talk.say("PING", 2n ** 64n - 1n);
    assert.deepEqual(await talk.next("PONG"), [2n ** 64n - 1n]);
    talk.say("CANCEL", 3);
    talk.say("PING", 7);
    await talk.next("PONG");
    context.mock.timers.tick(2);
    finish(1);
    assert.deepEqual((await talk.next("ERROR")).slice(0, 4), [1, 0, 0, "deadline_handler"]);
    assert.deepEqual((await talk.next("ERROR")).slice(0, 4), [2, 0, 0, "deadline_mailbox"]);
    talk.say("ASK", 0, [[4, 9000, 1, 0, pack({ number: 4 })]]);
    assert.equal((await talk.next("REPLY"))[1][0][0], 4);
    assert.deepEqual(begun.map(([number]) => number), [1, 4]);
  });
});

it("ends connections that break the rules, with the word", async () => {
  const ask = (rid, size = 1) => [rid, 1000, 1, 0, Buffer.alloc(size)];
  const never = { Get: () => new Promise(() => {}) };
  const ask1 = (rid) => [rid, 1000, 1, 0, pack({ number: rid })];
  const cases = {
    unknown_kind: (talk) => talk.raw(framed(pack([99]))),
    bad_frame: (talk) => talk.raw(framed(Buffer.from([0xc1]))),
    frame_too_large: (talk) => talk.raw(Buffer.from([0, 0x50, 0, 0])),
    unknown_channel: (talk) => talk.say("TELL", 3, [[1, 0, pack({})]]),
    unexpected_frame: (talk) => talk.say("WELCOME"),
    window_overrun: (talk) => talk.say("ASK", 0, [1, 2, 3, 4, 5, 6].map(ask1)),
    unknown_lane: (talk) => talk.say("PART", 9, 0, Buffer.from("x")),
    part_mismatch: (talk) => talk.say("PART", 0, 0, pack([9, 1])),
    bad_field: (talk) => (talk.say("ASK", 0, [ask1(1)]), talk.say("ASK", 0, [ask1(1)])),
  };
  for (const [word, act] of Object.entries(cases)) {
    await met({ serve: [[desk, never]] }, async (talk, node) => {
      const down = once(node, "down");
      talk.raw(framed(pack([200, "of a later version"])));
      act(talk, ask);
      assert.equal((await talk.next("GOAWAY"))[0], word);
      assert.equal((await down)[1].code, word);
    });
  }
});

it("takes a HELLO of a later version, which says more of itself than this one reads", async () => {
  const offers = Array.from({ length: 100 }, (_, number) => `role${number}`);
  await met({ hello: { name: "n".repeat(100), offers: [...offers, "Of a later grammar"] } }, async (_, node) => {
    assert.equal(node.peers[0].name.length, 64);
    assert.equal(node.peers[0].offers.length, 64);
  });
});

it("refuses a HELLO that lies, with REJECT", async () => {
  const id = Identity.generate().id;
  const cases = [
    [{ hello: { network: "other" } }, "network"],
    [{ hello: { node_id: id } }, "node_id"],
    [{ hello: { nonce: "x" } }, "bad_field"],
    [{ identity: PUBLISHED }, "certificate"],
  ];
  for (const [options, word] of cases) {
    const peer = await Peer.start(options);
    const node = new Node({ name: "client", network: NETWORK, peers: [peer.place] });
    const refused = once(node, "refused");
    const joining = node.join().catch((error) => error);
    const talk = await peer.accept();
    assert.equal((await talk.next("REJECT"))[0], word);
    assert.equal((await refused)[1].code, word);
    await node.close();
    assert.match((await joining).message, new RegExp(`${peer.place}: ${word}`));
    await peer.close();
  }
});

it("dials again when a connection is lost, and what was open fails", () =>
  met({}, async (talk, node, peer) => {
    const asking = node.ask(role("archive"), desk, get(1));
    await talk.next("ASK");
    const up = once(node, "up");
    talk.socket.destroy();
    await assert.rejects(asking, { code: "connection_lost", handled: "perhaps" });
    const waits = node.ask(role("archive"), desk, get(2));
    const again = await (await peer.accept()).welcome();
    await up;
    const [, [[rid]]] = await again.next("ASK");
    again.say("REPLY", 0, [[rid, 0, pack("there")]]);
    assert.equal(await waits, "there");
  }));

it("sends nothing new after GOAWAY, hears what is under way, and returns credit", () =>
  met({ serve: [[desk, { Get: () => "served" }]] }, async (talk, node) => {
    const asking = node.ask(role("archive"), desk, get(1));
    const [, [[rid]]] = await talk.next("ASK");
    talk.say("TELL", 0, [[1, 0, pack({ number: 1 })]]);
    talk.say("GOAWAY", "shutting_down", "", 5000);
    assert.deepEqual(await talk.next("CREDIT"), [[[0, 1, pack({ number: 1 }).length]]]);
    await assert.rejects(node.tell(role("archive"), desk, get(2), { timeout: 20 }), { code: "no_peer" });
    talk.say("ASK", 0, [[1, 1000, 1, 0, pack({ number: 1 })]]);
    assert.equal(unpack((await talk.next("REPLY"))[1][0][2]), "served");
    talk.say("REPLY", 0, [[rid, 0, pack("late")]]);
    assert.equal(await asking, "late");
  }));

const clock = { apis: ["setInterval", "Date"] };

it("says PING every five seconds, and gives up a peer that says nothing for fifteen", async (context) => {
  context.mock.timers.enable(clock);
  await met({}, async (talk, node) => {
    const down = once(node, "down");
    for (const token of [1, 2]) {
      context.mock.timers.tick(5_000);
      assert.deepEqual(await talk.next("PING"), [token]);
    }
    talk.say("PONG", 2);
    talk.say("PING", 9);
    await talk.next("PONG");
    context.mock.timers.tick(15_000); // it was heard, so it has as long again
    talk.say("UPDATE", ["index"]);
    await node.changed.wait();
    assert.equal(node.peers.length, 1);
    context.mock.timers.tick(20_000);
    assert.equal((await down)[1].code, "silent");
  });
});

it("closes for a peer that has said GOAWAY and does not", async (context) => {
  context.mock.timers.enable(clock);
  await met({}, async (talk, node) => {
    const down = once(node, "down");
    talk.say("GOAWAY", "draining", "", 1_000);
    await node.changed.wait();
    context.mock.timers.tick(10_000);
    talk.say("PING", 1);
    await talk.next("PONG");
    context.mock.timers.tick(5_000);
    assert.equal((await talk.next("GOAWAY"))[0], "draining");
    assert.equal((await down)[1].code, "draining");
  });
});

it("leaves in order: refuses what is new, finishes what is at hand", async () => {
  let finish;
  const handlers = { Get: () => new Promise((resolve) => (finish = resolve)) };
  await met({ serve: [[desk, handlers]] }, async (talk, node) => {
    talk.say("ASK", 0, [[1, 9000, 1, 0, pack({ number: 1 })]]);
    talk.say("PING", 1);
    await talk.next("PONG");
    const closing = node.close();
    assert.equal((await talk.next("GOAWAY"))[0], "shutting_down");
    const [token] = await talk.next("PING");
    talk.say("ASK", 0, [[2, 9000, 1, 0, pack({ number: 2 })]]);
    assert.deepEqual((await talk.next("ERROR")).slice(0, 4), [2, 0, 0, "shutting_down"]);
    talk.say("PONG", token);
    finish("done");
    assert.equal(unpack((await talk.next("REPLY"))[1][0][2]), "done");
    await closing;
  });
});

it("cuts large bodies, and lets others pass between the parts", () =>
  met({ channels: [desk, only("fast")] }, async (talk, node) => {
    const data = Buffer.alloc(400_000, 7);
    const telling = node.tell(role("archive"), desk, message("Block", { number: 1, data }));
    const small = node.tell(role("archive"), desk, get(2));
    await node.tell(role("archive"), only("fast"), get(3));
    await Promise.all([telling, small]);
    const pieces = [];
    for (let left = 1; left > 0; ) {
      const [lane, after, piece] = await talk.next("PART");
      assert.equal(lane, 0);
      assert.ok(piece.length <= 16_384);
      pieces.push(piece);
      left = after;
    }
    assert.equal(unpack(unpack(Buffer.concat(pieces))[2][0][2]).data.length, data.length);
    assert.equal(unpack((await talk.next("TELL"))[1][0][2]).number, 2); // behind the large one, on its lane
    assert.ok(talk.heard.indexOf("TELL") < talk.heard.lastIndexOf("PART"));
  }));

it("says why nobody is there", async () => {
  const peer = await Peer.start();
  const { place } = peer;
  await peer.close();
  const node = new Node({ name: "client", network: NETWORK, peers: [place] });
  await assert.rejects(node.join({ timeout: 1_000 }), (error) => error.code === "no_peer" && error.message.includes("ECONNREFUSED"));
  assert.throws(() => new Node({ name: "client", peers: ["127.0.0.1:7400"] }), /write tcp:\/\/host:port/);
  assert.throws(() => new Node({ name: "client", peers: [], offers: ["A B"] }), /no capability/);
});

it("keeps its key in a file that only its owner reads", () => {
  const folder = mkdtempSync(path(tmpdir(), "peerbus-"));
  try {
    const file = path(folder, "keys", "web.pem");
    const made = Identity.load(file);
    assert.equal(Identity.load(file).id, made.id);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.match(readFileSync(file, "utf8"), /BEGIN PRIVATE KEY/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
