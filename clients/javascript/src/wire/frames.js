/** The frames of docs/wire.md: written, and read within their bounds. */

import { ProtocolError } from "./errors.js";
import { isInteger, pack, unpack } from "./msgpack.js";

/** Bytes of a body before and after both WELCOMEs, and of the data of a part. */
export const LIMITS = { handshake: 65_536, frame: 4_194_304, part: 16_384 };
/** How a side begins: with the versions it speaks. ENTRY: how it does in a network that wants something to be shown. */
export const PREFACE = Buffer.from("peerbus\0\0\x01\0\x01", "latin1");
export const ENTRY = Buffer.from("peerbus\x01", "latin1");
/** What stands in the type of an ASK whose answer comes in items, and where items go with it too. */
export const [IN_ITEMS, WITH_ITEMS] = [0x8000_0000, 0x4000_0000];
/** What a stream's reader lets come before it takes the first item, as powers of two: items, and bytes of them. */
export const [ITEMS_LOG, BYTES_LOG] = [10, 20];

const uint = (low, high) => (value) => isInteger(value, low, high);
const [u32, u64, index, positive] = [uint(0, 0xffff_ffff), uint(0, 2n ** 64n - 1n), uint(0, 255), uint(1, 0xffff_ffff)];
const bin = (low, high) => (value) => value instanceof Uint8Array && value.length >= low && value.length <= high;
const text = (low, high, pattern = /^/) => (value) => {
  if (typeof value !== "string" || value.length > 2 * high || !pattern.test(value)) return false;
  const size = [...value].length;
  return size >= low && size <= high;
};
/** A text of that many characters, which a terminal can take. */
export const isShown = (low, high) => text(low, high, /^[^\p{C}\p{Zl}\p{Zp}]*$/u);
/** What a feature, or a method of compression, is called. */
export const isWord = text(1, 32, /^[a-z0-9][a-z0-9._-]*$/);
const list = (low, high, fits) => (value) =>
  Array.isArray(value) && value.length >= low && value.length <= high && value.every(fits);
const tuple = (...shape) => (value) =>
  Array.isArray(value) && value.length === shape.length && shape.every((fits, at) => fits(value[at]));
const map = (shape) => (value) =>
  value !== null && typeof value === "object" && Object.entries(shape).every(([key, fits]) => fits(value[key]));
const once = (high, fits, key = (item) => item) => (value) =>
  list(0, high, fits)(value) && new Set(value.map(key)).size === value.length;
const optional = (fits) => (value) => value === undefined || fits(value);

/** A role with attributes, as `archive{from=1000}`: { role, attributes }, or null for what is no capability. */
export function capability(given) {
  const found = /^([a-z0-9][a-z0-9._-]{0,62})(?:\{([^{}]*)\})?$/.exec(given);
  const pair = (text) => /^([a-z0-9][a-z0-9._-]{0,30})=([^=]*)$/.exec(text);
  const pairs = found?.[2] ? found[2].split(",").map(pair) : [];
  if (!found || Buffer.byteLength(given) > 200 || !pairs.every(Boolean) || !isShown(1, 200)(given)) return null;
  const attributes = Object.fromEntries(pairs.map(([, key, value]) => [key, value]));
  return Object.keys(attributes).length === pairs.length ? { role: found[1], attributes } : null;
}

const [word, note, payload] = [text(0, 64), text(0, 1024), bin(0, 16_777_216)];
const isOffer = (offer) => typeof offer === "string" && capability(offer);
const offers = once(64, isOffer, (offer) => offer.split("{")[0]);
const channel = map({
  ...{ name: isShown(1, 64), types: once(64, isShown(1, 128)), schema: bin(16, 16), priority: uint(1, 255) },
  ...{ messages: positive, bytes: positive, max_message: uint(1, 16_777_216) },
  refused: optional(uint(0, 255)),
});
const hello = map({
  ...{ node_id: text(64, 64, /^[0-9a-f]*$/), network: isShown(1, 64), name: isShown(1, 64), incarnation: u64 },
  ...{ listen: list(0, 8, isShown(1, 255)), offers, channels: once(256, channel, (each) => each.name) },
  ...{ agent: isShown(0, 64), nonce: bin(16, 16), record: optional(bin(0, 2048)) },
  ...{ features: optional(once(32, isWord)), clock: optional(uint(0, 2 ** 53 - 1)) },
});

/** Kinds in their order, each with its fields. */
const SHAPES = [
  ["HELLO", hello],
  ["WELCOME"],
  ["REJECT", word, note, optional(list(0, 8, bin(0, 2048)))],
  ["TELL", index, list(1, 4096, tuple(u32, u32, payload))],
  ["ASK", index, list(1, 4096, tuple(positive, u32, u32, u32, payload))],
  ["REPLY", index, list(1, 4096, tuple(positive, u32, payload))],
  ["ERROR", u32, index, u64, word, note, optional(positive)],
  ["CANCEL", positive],
  ["CREDIT", list(1, 4096, tuple(index, u32, u32))],
  ["PING", u64],
  ["PONG", u64],
  ["OPEN", index, channel],
  ["CLOSE", index, word],
  ["UPDATE", offers, optional(bin(0, 2048)), optional(list(0, 256, tuple(index, uint(0, 255))))],
  ["GOAWAY", word, note, optional(u32)],
  ["PART", uint(0, 511), u32, bin(1, LIMITS.part)],
  ["PROBE", u32, index, u64, list(1, 64, text(0, 160))],
  ["DESCRIBE", list(1, 16, index)],
  ["DESCRIPTION", index, bin(0, 262_144)],
  ["WINDOW", index, positive, positive],
  ["COMPRESSED", uint(0, 511), uint(0, 1), uint(0, 16_777_280), bin(0, LIMITS.frame), optional(bin(0, LIMITS.frame))],
  ["ITEMS", uint(0, 511), positive, u32, list(1, 4096, payload)],
  ["END", uint(0, 511), positive, u64, optional(word), optional(note)],
  ["GRANT", uint(0, 511), positive, uint(0, 2_147_483_647), uint(0, 2_147_483_647)],
];
const KINDS = Object.fromEntries(SHAPES.map(([name], kind) => [name, kind]));

/** A text for people, or a word: that many bytes of it at most. */
export const cut = (text, size) => new TextDecoder().decode(Buffer.from(text).subarray(0, size)).replace(/\ufffd+$/, "");

/** The body of a frame, without its length. */
export const body = (name, ...fields) => pack([KINDS[name], ...fields]);

/** A body with its length in front. */
export function framed(data) {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(data.length);
  return Buffer.concat([head, data]);
}

/** A body as [name, ...fields], or null for a kind that a later version may send. Raises: ProtocolError. */
export function decode(data) {
  let fields;
  try {
    fields = unpack(data);
  } catch (error) {
    throw new ProtocolError("bad_frame", `a body is no MessagePack: ${error.message}`);
  }
  if (!Array.isArray(fields) || !isInteger(fields[0], -Infinity, Infinity)) throw new ProtocolError("bad_frame", "no kind");
  const [kind, ...given] = fields;
  if (kind >= 128 && kind <= 255) return null;
  if (!SHAPES[kind]) throw new ProtocolError("unknown_kind", `no frame has the kind ${kind}`);
  const [name, ...shape] = SHAPES[kind];
  const wrong = shape.findIndex((fits, at) => !fits(given[at]));
  if (wrong >= 0) throw new ProtocolError("bad_field", `field ${wrong + 1} of ${name} is missing or out of bounds`);
  return [name, ...given.slice(0, shape.length)];
}
