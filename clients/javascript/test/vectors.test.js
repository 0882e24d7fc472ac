/** docs/wire-vectors.json, which the Python side writes from the code that runs: the same bytes here. */

import assert from "node:assert/strict";
import { createHash, createPublicKey, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";

import { ExtData } from "@msgpack/msgpack";

import { Channel, Identity, mark, message } from "../src/index.js";
import { greeting as tolerant } from "../src/on-demand/greeting.js";
import { compare } from "../src/on-demand/reading.js";
import { LIMITS, PREFACE, body, decode, framed } from "../src/wire/frames.js";
import { certificate } from "../src/wire/identity.js";
import { ItemsIn, ItemsOut } from "../src/wire/items.js";
import { Reassembler, Window } from "../src/wire/lanes.js";
import { pack, unmark, unpack } from "../src/wire/msgpack.js";

/** A frame of a handshake, as a connection reads it. */
function greeting(data) {
  try {
    return decode(data);
  } catch (error) {
    return tolerant(data, error);
  }
}

const vectors = JSON.parse(readFileSync(new URL("../../../docs/wire-vectors.json", import.meta.url)));
const hex = (data) => Buffer.from(data).toString("hex");
const bytes = (text) => Buffer.from(text, "hex");
const array = (data) => new Uint8Array(data);
/** What was read, as the vectors show it; of a channel what a sender goes by, null where it cannot be used. */
const shown = (value) => {
  if (Array.isArray(value)) return value.map(shown);
  return value instanceof Uint8Array ? hex(value) : value;
};
const usable = (info) => {
  if (info === null || info.name.startsWith("[")) return null;
  const { name, types, messages, bytes, max_message, max_elements = 65_536, priority, compress = "", refused = 0 } = info;
  return { name, types, schema: shown(info.schema), messages, bytes, max_message, max_elements, priority, compress, refused };
};

describe("identities", () => {
  for (const each of vectors.identities) {
    it(`makes the id and the certificate of ${each.seed.slice(0, 4)}…`, () => {
      const identity = Identity.fromSeed(bytes(each.seed));
      assert.equal(identity.id, each.node_id);
      assert.equal(hex(identity.publicKey.export({ type: "spki", format: "der" })), each.public_key);
      assert.equal(hex(certificate(identity.publicKey, "node")), each.certificate);
      assert.equal(hex(sign(null, bytes(each.signed), identity.privateKey)), each.signature);
      const { ca } = identity.credentials();
      assert.equal(ca.replace(/-----.*-----|\n/g, ""), bytes(each.authority).toString("base64"));
      assert.equal(createPublicKey(identity.pem).asymmetricKeyType, "ed25519");
    });
  }
});

describe("descriptions", () => {
  for (const { title, content, hex: data, schema } of vectors.schemas) {
    it(`writes the bytes and the hash of ${title}`, () => {
      const channel = new Channel("c", content);
      assert.equal(hex(channel.description), data);
      assert.equal(hex(channel.schema), schema);
      const shown = { channels: { c: { description: content, schema } } };
      assert.equal(hex(Channel.from(shown, "c").schema), schema);
    });
  }
});

describe("what can be sent to who declares other messages", () => {
  for (const { why, ours, theirs, told, asked } of vectors.verdicts) {
    it(why, () => {
      const { numbers, unread } = compare(ours, theirs);
      assert.deepEqual(numbers, told);
      assert.deepEqual(Object.keys(numbers).filter((name) => !(name in unread)).sort(), asked);
    });
  }
});

/** What JavaScript has for the values that Python writes so. */
const VALUES = {
  "18446744073709551615": 18446744073709551615n,
  "-9223372036854775808": -9223372036854775808n,
  True: true,
  None: null,
  "'Grüße'": "Grüße",
  "b'\\x00\\x01'": new Uint8Array([0, 1]),
  "datetime.datetime(2026, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)": new Date("2026-01-01T00:00:00Z"),
  "datetime.datetime(2026, 1, 1, 12, 0)": "2026-01-01T12:00:00",
  "datetime.date(2026, 1, 1)": "2026-01-01",
  "datetime.time(12, 30)": "12:30:00",
  "datetime.timedelta(seconds=90)": "PT90S",
  "Decimal('1.10')": "1.10",
  "UUID('00000000-0000-0000-0000-000000000007')": "00000000-0000-0000-0000-000000000007",
  "<Colour.RED: 'red'>": "red",
  "<Level.LOW: 1>": 1,
  "bus://abababababababababababababababababababababababababababababababab/inbox": "bus://abababababababababababababababababababababababababababababababab/inbox",
  "bus://role:archive/blocks": "bus://role:archive/blocks",
  "[1, 2]": [1, 2],
  "{3}": [3],
  "(1, 'a')": [1, "a"],
  "{1: 'a'}": new Map([[1, "a"]]),
  "Item(number=1, tags=['a'])": { number: 1, tags: ["a"] },
  "[Item(number=1, tags=[])]": [{ number: 1, tags: [] }],
  "Drop(number=2)": { type: "drop", number: 2 },
};

describe("payloads", () => {
  for (const { type, value, hex: data } of vectors.payloads) {
    it(`reads and writes ${type} ${value}`, () => {
      const expected = { value: value in VALUES ? VALUES[value] : Number(value) };
      assert.ok(value in VALUES || !Number.isNaN(expected.value), `this test does not know ${value}`);
      assert.deepEqual(unpack(array(bytes(data))), expected);
      assert.deepEqual(unpack(array(pack(expected))), expected);
    });
  }

  it("writes integers above 32 bits as integers, not as floats", () => {
    assert.equal(hex(pack(2 ** 40)), "cf0000010000000000");
    assert.equal(hex(pack(-(2 ** 40))), "d3ffffff0000000000");
    assert.throws(() => pack(2n ** 64n), RangeError);
    assert.throws(() => pack({ f: () => 1 }), TypeError);
  });

  it("keeps integer keys of maps, also deep inside", () => {
    const value = { a: [new Map([[1, { b: new Map([[2n ** 60n, "x"]]) }]])] };
    assert.deepEqual(unpack(pack(value)), value);
  });

  it("refuses what announces more than there is, before it allocates", () => {
    for (const bad of ["dd7fffffff", "df7fffffff00", "dbffffffff61", "c9ffffffff0161", "9295", "91", "", "c1", "0101"]) {
      assert.throws(() => unpack(bytes(bad)), Error, bad);
    }
    assert.throws(() => unpack(Buffer.concat([bytes("dd00080001"), Buffer.alloc(524_289)])), /values/);
  });

  it("reads nothing that it could not write again", () => {
    const nested = (depth) => Buffer.concat([Buffer.alloc(depth, 0x91), bytes("c0")]);
    const maps = (depth) => Buffer.concat([...Array(depth).fill(bytes("8101")), bytes("c0")]);
    for (const good of ["d40561", "d6ff00000001", "a161", "9281a16101c0"]) {
      assert.equal(hex(pack(unpack(bytes(good)))), good);
    }
    for (const deep of [nested, maps]) {
      assert.deepEqual(unpack(pack(unpack(deep(500)))), unpack(deep(500)));
      assert.throws(() => unpack(deep(501)), /sent on/);
    }
    assert.throws(() => unpack(bytes("c70cff000000007fffffffffffffff")), /sent on/);
  });

  it("reads no map whose keys a peer could make collide, as no peer does", () => {
    const numbers = (count) => pack(new Map(Array.from({ length: count }, (_, at) => [at, 0])));
    const many = (maps, count) => Buffer.concat([bytes("dd"), Buffer.from([0, 0, 0, maps]), ...Array(maps).fill(numbers(count))]);
    assert.equal(unpack(numbers(2048)).size, 2048);
    assert.throws(() => unpack(numbers(2049)), /pairs/);
    assert.equal(unpack(many(2, 2048)).length, 2);
    assert.throws(() => unpack(many(3, 2048)), /pairs/);
    assert.equal(unpack(many(200, 64)).length, 200);
    const texts = Object.fromEntries(Array.from({ length: 5000 }, (_, at) => [`k${at}`, at]));
    assert.deepEqual(unpack(pack(texts)), texts);
  });

  it("marks answers", () => {
    assert.equal(hex(pack(mark(vectors.marked_answer.value))), vectors.marked_answer.hex);
    assert.deepEqual(unmark(unpack(bytes(vectors.marked_answer.hex))), vectors.marked_answer.value);
    assert.ok(unmark(new ExtData(5, bytes("00"))) instanceof ExtData);
  });
});

describe("frames", () => {
  for (const { name, frame } of vectors.frames) {
    it(`reads ${name}, and writes it so that it reads the same`, () => {
      const [read, ...fields] = decode(array(bytes(frame)).subarray(4));
      assert.equal(read, name);
      const present = fields.filter((field) => field !== undefined);
      assert.deepEqual(decode(body(name, ...present)), [read, ...fields]);
      assert.equal(bytes(frame).readUInt32BE(), bytes(frame).length - 4);
    });
  }

  for (const { why, word, body: data } of vectors.bad_frames) {
    const skip = why.startsWith("a float") ? "a number of JavaScript is both" : false;
    it(`refuses ${why}`, { skip }, () => {
      assert.throws(() => decode(bytes(data)), { code: word });
      assert.throws(() => greeting(bytes(data)), { code: word });
    });
  }

  for (const { why, frame, body: data } of vectors.later) {
    it(`takes ${why}`, () => assert.equal(decode(bytes(data))?.[0] ?? null, frame));
  }

  for (const { why, frame, read, body: data } of vectors.greetings) {
    it(`takes in a handshake ${why}, within its bounds`, () => {
      const [name, ...fields] = greeting(bytes(data));
      assert.equal(name, frame);
      if (Array.isArray(read)) return assert.deepEqual(fields.map(shown), read);
      for (const [key, value] of Object.entries(read)) {
        if (key !== "channels") assert.deepEqual(shown(fields[0][key]), value, key);
        else assert.deepEqual(fields[0].channels.map(usable), value.map(usable));
      }
    });
  }

  it("writes a frame whose bytes are those of the vector", () => {
    const found = Object.fromEntries(vectors.frames.map(({ name, frame }) => [name, frame]));
    assert.equal(hex(framed(body("WELCOME"))), found.WELCOME);
    assert.equal(hex(framed(body("REJECT", "busy", "64 peers are enough", []))), found.REJECT);
    assert.equal(hex(framed(body("PING", 258))), found.PING);
    assert.equal(LIMITS.frame, vectors.limits.frame);
    assert.equal(LIMITS.part, vectors.limits.part);
  });

  it("reads both sides of the conversation", () => {
    for (const side of ["dialer", "acceptor"]) {
      const data = bytes(vectors.conversation[side]);
      assert.deepEqual(data.subarray(0, 12), PREFACE);
      const names = [];
      for (let at = 12; at < data.length; ) {
        const size = data.readUInt32BE(at);
        names.push(decode(data.subarray(at + 4, at + 4 + size))[0]);
        at += 4 + size;
      }
      const rest = side === "dialer" ? ["ASK", "GOAWAY"] : ["REPLY", "CREDIT"];
      assert.deepEqual(names, ["HELLO", "WELCOME", ...rest]);
    }
  });
});

it("counts credit as the trace does", () => {
  const window = new Window(vectors.credit);
  for (const step of vectors.credit.steps) {
    if (step.refused) assert.throws(() => window.grant(...step.with), { code: step.refused });
    else {
      if (step.do === "send") assert.equal(window.take(...step.with), step.done);
      else window.grant(...step.with);
      assert.deepEqual([window.messages, window.bytes], [step.messages, step.bytes]);
    }
  }
});

describe("streams", () => {
  /** A connection as far as a stream knows it, and the frames that it was given to send. */
  const connection = () => {
    const said = [];
    const outbox = { full: false, add: (_, data) => said.push(decode(data)), now: (...frame) => said.push(frame) };
    return { said, outbox, readers: new Map(), senders: new Map() };
  };
  const reader = () => {
    const made = connection();
    const read = (_, payload) => payload.length;
    return Object.assign(made, { incoming: new ItemsIn(made, 1, 1, { asked: true, read }) });
  };
  const came = ({ incoming }, count, size) => incoming.came(0, Array.from({ length: count }, () => new Uint8Array(size)));

  it("keep to their credit as the trace of a sender does", async () => {
    const { sender } = vectors.streams;
    const outgoing = new ItemsOut(connection(), 1, 1);
    for (const step of sender) {
      if (step.refused) assert.throws(() => outgoing.granted(...step.with), { code: step.refused });
      else if (step.do === "grant") outgoing.granted(...step.with);
      else if (step.done) await outgoing.send(1, Buffer.alloc(step.with[0]), 0);
      else await assert.rejects(outgoing.send(1, Buffer.alloc(step.with[0]), 0), { code: "not_sent" });
    }
    assert.equal(outgoing.sent, sender.filter((step) => step.do === "send" && step.done).length);
  });

  it("grant as the trace of a reader does", async () => {
    const { steps, window } = vectors.streams.reader;
    assert.deepEqual(window, { items: 1024, bytes: 1 << 20 });
    const found = reader();
    const items = found.incoming[Symbol.asyncIterator]();
    for (const { do: what, items: count, size, granted } of steps) {
      found.said.length = 0;
      if (what === "come") came(found, count, size);
      else for (let at = 0; at < count; at += 1) assert.equal((await items.next()).value, size);
      assert.deepEqual(found.said, granted ? [["GRANT", 1, 1, ...granted]] : []);
    }
  });

  for (const { why, batches, count, word } of vectors.streams.reader.refused) {
    it(`refuse ${why}`, () => {
      const found = reader();
      const act = () => {
        for (const [items, size] of batches) came(found, items, size);
        found.incoming.complete(count);
      };
      assert.throws(act, { code: word });
    });
  }

  it("are asked for by the types of the page, and go as its frames do", async () => {
    const { types, frames } = vectors.streams;
    for (const { number, items, bytes, with_items: opened, type } of types)
      assert.equal(type, 2 ** 31 + (opened ? 2 ** 30 : 0) + number + 2 ** 8 * Math.log2(items) + 2 ** 13 * Math.log2(bytes));
    const [ask, two, grant, end] = frames.answer_in_items.map(({ frame }) => decode(bytes(frame).subarray(4)));
    assert.deepEqual([ask[2][0][2], grant], [types[0].type, ["GRANT", 1, 1, 256, 8192]]);
    const { incoming } = reader();
    incoming.came(two[3], two[4]);
    incoming.complete(...end.slice(3));
    const sizes = [];
    for await (const size of incoming) sizes.push(size);
    assert.deepEqual(sizes, [18, 18]);
    const [, first, item, last] = frames.items_with_an_ask.map(({ frame }) => decode(array(bytes(frame)).subarray(4)));
    const made = connection();
    const outgoing = new ItemsOut(made, 0, 2);
    outgoing.granted(...first.slice(3));
    await outgoing.send(item[3], item[4][0]);
    outgoing.finish();
    assert.deepEqual(made.said, [item, last]);
  });
});

it("puts the parts of a body together", () => {
  const data = Buffer.from(Array.from({ length: 40_000 }, (_, at) => at % 250));
  const whole = Buffer.from(body("TELL", 1, [[1, 0, pack({ data })]]));
  assert.equal(whole.length, vectors.parts.body_bytes);
  assert.equal(createHash("sha256").update(whole).digest("hex"), vectors.parts.body_sha256);
  const parts = new Reassembler(() => whole.length);
  let at = 0;
  for (const { lane, left, bytes: size } of vectors.parts.parts) {
    const done = parts.add(lane, left, whole.subarray(at, (at += size)));
    assert.deepEqual(done, left > 0 ? null : whole);
  }
  assert.throws(() => [parts.add(2, 9, data.subarray(0, 1)), parts.add(2, 7, data.subarray(0, 1))], {
    code: "part_out_of_order",
  });
  assert.throws(() => new Reassembler(() => 1).add(2, 65_600, data.subarray(0, 1)), { code: "part_too_large" });
});

describe("channels", () => {
  const definitions = [
    ["map", "Get", null, false, [["height", 0, "int"], ["why", 1, ["union", "none", "str"]]]],
    ["map", "Add", ["type", "add"], false, [["number", 0, "int"]]],
    ["array", "Pair", null, false, [["left", 0, "any"], ["right", 2, "str"]]],
  ];
  const description = [1, definitions, [["Get", 0, null], ["Add", 1, null], ["Pair", 2, "str"]]];
  const channel = new Channel("c", description);

  it("know what may stand in a message", () => {
    assert.deepEqual({ ...channel.encodable(message("Get", { height: 7 })) }, { height: 7 });
    assert.deepEqual(channel.encodable(message("Add", { number: 1 })), { type: "add", number: 1 });
    assert.deepEqual(channel.encodable(message("Pair", { left: {}, right: "x" })), [{}, "x"]);
    assert.deepEqual({ ...channel.decoded(3, [{}]) }, { left: {} });
    assert.throws(() => channel.encodable(message("Get", {})), /Get lacks height/);
    assert.throws(() => channel.encodable(message("Get", { height: 1, high: 2 })), /Get has no field high, but height,why/);
    assert.throws(() => channel.encodable({ height: 1 }), /send message\("Get", \{…\}\)/);
    assert.throws(() => channel.decoded(1, []), TypeError);
    assert.throws(() => channel.decoded(1, null), TypeError);
    assert.throws(() => channel.decoded(9, {}), /no message of number 9/);
  });

  it("say what is wrong with a description", () => {
    for (const wrong of [undefined, "Get", [2, [], []], [1]]) {
      assert.throws(() => new Channel("c", wrong), /as `peerbus schema show --json` prints it/);
    }
    assert.throws(() => new Channel("c", [1, [], [["Get", 0, null]]]), /no class with fields/);
    assert.throws(() => Channel.from({}, "c"), /no description of c/);
    assert.throws(() => Channel.from({ channels: { c: { description, schema: "00" } } }, "c"), /another hash/);
  });
});
