/** A peer that is odd or hostile: each time a clear error, bounded memory, and no rejection that nobody handles. */

import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { createServer as listen } from "node:net";
import { it } from "node:test";
import { createServer } from "node:tls";

import { Channel, Identity, Node, message, role } from "../src/index.js";
import { framed } from "../src/wire/frames.js";
import { certificate } from "../src/wire/identity.js";
import { pack, unpack } from "../src/wire/msgpack.js";
import { NETWORK, Peer, block, desk, get, met } from "./peer.js";

const archive = role("archive");
const features = ["schemas", "streams"];
const pem = (der) => `-----BEGIN CERTIFICATE-----\n${der.toString("base64")}\n-----END CERTIFICATE-----\n`;

/** What a node that dials this place is refused with first. */
async function refused(place) {
  const node = new Node({ name: "client", network: NETWORK, peers: [place] });
  const joining = node.join({ timeout: 30_000 }).catch((error) => error);
  const [where, reason] = await once(node, "refused");
  await node.close();
  const error = await joining;
  assert.deepEqual([where, error.code], [place, "no_peer"]);
  assert.ok(error.message.includes(`${place}: ${reason.code}: `), error.message);
  return reason.code;
}

/** The same of a server that does this with each socket. */
async function refusedBy(server, serve) {
  server.on(server instanceof (await import("node:tls")).Server ? "secureConnection" : "connection", (socket) => {
    socket.on("error", () => {});
    serve(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    return await refused(`tcp://127.0.0.1:${server.address().port}`);
  } finally {
    server.close();
  }
}

it("says what is wrong with a server that is no peer", async () => {
  const own = { ...Identity.generate().credentials(), requestCert: true, minVersion: "TLSv1.3" };
  assert.equal(await refusedBy(listen(), (socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")), "tls");
  assert.equal(await refusedBy(listen(), (socket) => socket.destroy()), "ECONNRESET");
  assert.equal(await refusedBy(createServer(own), (socket) => socket.write("GET / HTTP/1.1\r\n\r\n")), "magic");
  assert.equal(await refusedBy(createServer(own), (socket) => socket.end("peerbus\0\0\x01")), "closed");
  assert.equal(await refusedBy(createServer(own), (socket) => socket.end()), "closed");
  assert.equal(await refusedBy(createServer(own), (socket) => socket.write("peerbus\0\0\x02\0\x03")), "version");
  assert.equal(await refusedBy(createServer({ ...own, maxVersion: "TLSv1.2", minVersion: "TLSv1.2" }), () => {}), "tls");
});

it("takes no certificate of another authority, and no key but Ed25519", async () => {
  const identity = Identity.generate();
  const stranger = pem(certificate(identity.publicKey, "node", Identity.generate()));
  const serve = (key, cert) => refusedBy(createServer({ key, cert, minVersion: "TLSv1.3" }), () => {});
  assert.equal(await serve(identity.pem, stranger), "tls");
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  assert.equal(await serve(privateKey.export({ type: "pkcs8", format: "pem" }), pem(certificate(publicKey, "node"))), "certificate");
});

it("comes to nobody but whom it dials", async () => {
  const peer = await Peer.start();
  assert.equal(await refused(peer.place.replace("//", `//${Identity.generate().id}@`)), "node_id");
  await peer.close();
});

it("reads no frame that is too large, before and after the handshake, and waits for none that is cut short", async () => {
  const own = { ...Identity.generate().credentials(), requestCert: true, minVersion: "TLSv1.3" };
  const head = Buffer.from("peerbus\0\0\x01\0\x01\0\xa0\0\0", "latin1"); // a HELLO of 10 MiB
  assert.equal(await refusedBy(createServer(own), (socket) => socket.write(head)), "frame_too_large");
  await met({}, async (talk, node) => {
    const down = once(node, "down");
    talk.raw(framed(pack([3, 0, [[1, 0, pack({ number: 1 })]]])).subarray(0, 9));
    talk.socket.end();
    assert.equal((await down)[1].code, "closed");
  });
});

it("gives up a frame, or a body in parts, that does not go on", async (context) => {
  context.mock.timers.enable({ apis: ["setInterval", "Date"] });
  const begins = [
    (talk) => talk.raw(framed(Buffer.alloc(500)).subarray(0, 100)),
    (talk) => talk.say("PART", 0, 100, Buffer.from("x")),
  ];
  for (const [at, begin] of begins.entries()) {
    await met({ serve: [[desk, { Get: () => 1 }]] }, async (talk, node) => {
      const down = once(node, "down");
      begin(talk);
      for (let step = 0; node.peers.length > 0 && step < 20; step += 1) {
        context.mock.timers.tick(5_000);
        if (at === 0) talk.raw(Buffer.alloc(1)); // it is alive
        else talk.say("PING", step);
        await new Promise((later) => setImmediate(() => setImmediate(later)));
        await talk.next(at === 0 || node.peers.length === 0 ? "PING" : "PONG").catch(() => {});
      }
      assert.equal((await down)[1].code, "overdue");
    });
  }
});

it("leaves out what nobody has asked for, and an answer that comes twice", () =>
  met({ features, serve: [[desk, { Get: () => 1 }]] }, async (talk, node) => {
    const asking = node.ask(archive, desk, get(1));
    const [, [[rid]]] = await talk.next("ASK");
    for (const answer of ["first", "second"]) talk.say("REPLY", 0, [[rid, 0, pack(answer)]]);
    talk.say("ERROR", rid, 0, 0, "too_late", "");
    for (const nobodys of [rid, 99]) {
      talk.say("REPLY", 0, [[nobodys, 0, pack(1)]]);
      talk.say("ERROR", nobodys, 0, 0, "x", "");
      talk.say("CANCEL", nobodys);
      talk.say("ITEMS", 1, nobodys, 0, [pack(1)]);
      talk.say("ITEMS", 0, nobodys, 0, [pack(1)]);
      talk.say("END", 1, nobodys, 5, "", "");
      talk.say("GRANT", 0, nobodys, 1, 1);
      talk.say("GRANT", 1, nobodys, 1, 1);
      talk.say("PONG", nobodys);
    }
    talk.say("PROBE", rid, 0, 7, ["bus://x/y"]);
    talk.say("PING", 1);
    await talk.next("PONG");
    assert.equal(await asking, "first");
    assert.equal(node.peers.length, 1);
    talk.say("COMPRESSED", 0, 1, 0, Buffer.alloc(0), Buffer.alloc(0)); // which nobody has declared
    assert.equal((await talk.next("GOAWAY"))[0], "unexpected_frame");
  }));

it("takes words, texts and descriptions of a stranger for what they are", () =>
  met({ channels: [new Channel("desk", [1, [["map", "Get", null, false, []]], [["Get", 0, null]]])] }, async (talk, node) => {
    const asking = node.ask(archive, desk, get(1), { timeout: 300 });
    await talk.next("DESCRIBE");
    talk.say("DESCRIPTION", 0, pack([1, [["map", "Get"]], [["Get", 0, null]]])); // whose hash is another one
    await assert.rejects(asking, { code: "no_peer" });
    assert.equal((await talk.next("GOAWAY"))[0], "bad_field");
  }));

it("takes an empty word for a refusal, and shows no text that moves a terminal", () =>
  met({}, async (talk, node) => {
    const [undelivered, down] = [once(node, "undelivered"), once(node, "down")];
    const asking = node.ask(archive, desk, get(1));
    const [, [[rid]]] = await talk.next("ASK");
    talk.say("ERROR", rid, 0, 0, "", "\u001b[2Jnot\nyou");
    await assert.rejects(asking, (error) => error.code === "unsaid" && error.message.endsWith(": \ufffd[2Jnot\ufffdyou"));
    talk.say("ERROR", 0, 0, 0, "a\u0007", "b\u202e");
    const [{ code, text }] = await undelivered;
    assert.deepEqual([code, text], ["a\ufffd", "b\ufffd"]);
    talk.say("GOAWAY", "", "", 0);
    talk.socket.end();
    assert.equal((await down)[1].code, "unsaid");
  }));

it("minds no number that is used again while its first handler still runs", async () => {
  const waiting = [];
  const handlers = { Get: () => new Promise((resolve) => waiting.push(resolve)) };
  await met({ features, serve: [[desk, handlers, { concurrency: 2 }]] }, async (talk) => {
    const ask = (type) => talk.say("ASK", 0, [[1, 60_000, type, 0, pack({ number: 1 })]]);
    const opened = 0x8000_0000 + 0x4000_0000 + 10 * 2 ** 8 + 20 * 2 ** 13 + 1;
    ask(opened);
    talk.say("CANCEL", 1);
    ask(opened);
    talk.say("PING", 1);
    await talk.next("PONG");
    waiting[0]("of the first");
    waiting[1]("of the second");
    assert.equal(unpack((await talk.next("REPLY"))[1][0][2]), "of the second");
  });
});

it("keeps nothing of a frame but what it was sent for", async () => {
  let kept;
  const handlers = { Block: ({ data }) => (kept = data), Get: () => 1 };
  await met({ features, serve: [[desk, handlers]] }, async (talk, node) => {
    const junk = Buffer.alloc(1 << 20);
    talk.raw(framed(pack([3, 0, [[2, 0, pack(block(7))]], junk])));
    talk.say("PING", 1);
    await talk.next("PONG");
    assert.ok(kept.buffer.byteLength < 1000);
    const stream = node.stream(archive, desk, get(1));
    const first = stream.next();
    const [, [[rid]]] = await talk.next("ASK");
    talk.raw(framed(pack([21, 1, rid, 2, [pack(block(7))], junk])));
    assert.ok((await first).value.data.buffer.byteLength < 1000);
    await stream.return();
  });
});

it("holds back what a peer does not read, however large a window that has announced", async () => {
  const wide = new Channel("desk", desk.content, { window: 0xffff_ffff, bytes: 0xffff_ffff });
  await met({ channels: [wide] }, async (talk, node) => {
    talk.socket.pause();
    const sent = [];
    const data = Buffer.alloc(60_000);
    const telling = Array.from({ length: 500 }, (_, number) =>
      node.tell(archive, desk, message("Block", { number, data }), { timeout: 60_000 }).then(() => sent.push(number)),
    );
    const quick = node.tell(archive, desk, get(1), { timeout: 20 });
    await assert.rejects(quick, { code: "not_sent", handled: "no" });
    assert.ok(sent.length < 300, `${sent.length} were written`); // what the kernel takes, and a mebibyte
    talk.socket.resume();
    await Promise.all(telling);
    assert.deepEqual(sent, Array.from({ length: 500 }, (_, number) => number));
  });
});

it("ends with a peer that has answers made and does not read them", () =>
  met({ serve: [[desk, { Get: ({ number }) => block(number, 500_000) }]] }, async (talk, node) => {
    const down = once(node, "down");
    talk.socket.pause();
    for (let rid = 1; node.peers.length > 0; rid += 1) {
      talk.say("ASK", 0, [[rid, 60_000, 1, 0, pack({ number: rid % 100 })]]);
      await new Promise((later) => setImmediate(later));
      assert.ok(rid < 1000);
    }
    assert.equal((await down)[1].code, "unread");
  }));

it("ends where the other side has closed its half, and asks fail", () =>
  met({ features }, async (talk, node) => {
    const asking = node.ask(archive, desk, get(1));
    const reading = node.stream(archive, desk, get(1), { idle: 100 }).next();
    await talk.next("ASK");
    await talk.next("ASK");
    const down = once(node, "down");
    talk.socket.end();
    for (const failing of [asking, reading]) await assert.rejects(failing, { code: "connection_lost", handled: "perhaps" });
    assert.equal((await down)[1].code, "closed");
  }));

it("tells 100 000 times, each once and in its order", () =>
  met({ channels: [new Channel("desk", desk.content, { window: 16_384 })] }, async (talk, node) => {
    const count = 100_000;
    let [heard, bytes] = [0, 0];
    const all = (async () => {
      while (heard < count) {
        const [, items] = await talk.next("TELL");
        for (const [, , payload] of items) {
          assert.equal(unpack(payload).number, heard++);
          bytes += payload.length;
          if (heard % 8192 === 0) talk.say("CREDIT", [[0, 8192, bytes]]);
          if (heard % 8192 === 0) bytes = 0;
        }
      }
    })();
    for (let number = 0; number < count; ) {
      const some = Array.from({ length: 5_000 }, () => node.tell(archive, desk, get(number++), { timeout: 60_000 }));
      await Promise.all(some);
    }
    await all;
    assert.equal(heard, count);
  }));

it("is not stopped by a listener that throws", async () => {
  const peer = await Peer.start();
  const node = new Node({ name: "client", network: NETWORK, peers: [peer.place] });
  const thrown = [];
  node.on("error", () => {});
  process.setUncaughtExceptionCaptureCallback((error) => thrown.push(error.message));
  try {
    node.on("up", () => {
      throw new Error("a listener's own");
    });
    const joining = node.join();
    const talk = await (await peer.accept()).welcome();
    await joining;
    talk.socket.destroy();
    const again = await (await peer.accept()).welcome(); // it is dialed again all the same
    again.socket.destroy();
  } finally {
    process.setUncaughtExceptionCaptureCallback(null);
  }
  assert.ok(thrown.length > 0 && thrown.every((text) => text === "a listener's own"));
  await node.close({ within: 0 });
  await peer.close();
});
