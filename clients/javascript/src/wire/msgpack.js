/** MessagePack: integers beyond 2^53 are BigInt, maps with keys that are no texts are Map. */

import { isUtf8 } from "node:buffer";

import { Decoder, Encoder, ExtData } from "@msgpack/msgpack";

const [LEAST, MOST] = [-(2n ** 63n), 2n ** 64n - 1n];
const [MAX_VALUES, MAX_DEPTH] = [524_288, 500]; // as a peer takes in one payload, and as the encoder below writes
// V8 keys the hashes of texts and not those of numbers: a peer could make up keys that collide (docs/wire.md, Credit).
const [MAX_NUMBERS, MAX_STEPS] = [2048, 8_388_608];
const encoder = new Encoder({ useBigInt64: true, ignoreUndefined: true, maxDepth: MAX_DEPTH + 1 });
// A key that is no text becomes a symbol, which no text can be mistaken for, and `read` makes a Map of its map.
const mapKeyConverter = (key) => (typeof key === "string" ? key : Symbol(`${typeof key} ${key}`));
const decoder = new Decoder({ useBigInt64: true, mapKeyConverter });
const isPlain = (value) => value !== null && Object.getPrototypeOf(Object(value)) === Object.prototype;

/** The bytes of a value. Raises: RangeError for a BigInt above 64 bits, TypeError for what cannot travel. */
export function pack(value) {
  const seen = { maps: false };
  const ready = prepare(value, seen);
  return seen.maps ? Buffer.concat([...pieces(ready)]) : encoder.encode(ready);
}

function prepare(value, seen) {
  // The encoder writes a number above 32 bits as a float, which no integer field takes, and a BigInt as an integer.
  if (Number.isSafeInteger(value)) return Math.abs(value) > 0x7fff_ffff ? BigInt(value) : value;
  if (typeof value === "bigint" && !isInteger(value, LEAST, MOST)) throw new RangeError(`${value} is above 64 bits`);
  if (typeof value === "function" || typeof value === "symbol") throw new TypeError(`a ${typeof value} cannot travel`);
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  if (value instanceof Date || value instanceof ExtData) return value;
  if (Array.isArray(value) || value instanceof Set) return Array.from(value, (item) => prepare(item, seen));
  seen.maps ||= value instanceof Map;
  const pairs = value instanceof Map ? [...value] : Object.entries(value);
  const ready = pairs.map(([key, item]) => [prepare(key, seen), prepare(item, seen)]);
  return value instanceof Map ? new Map(ready) : Object.fromEntries(ready);
}

/** What holds a Map somewhere, piece by piece: the encoder knows objects only. */
function* pieces(value) {
  const list = Array.isArray(value);
  if (!list && !(value instanceof Map) && !isPlain(value)) return yield encoder.encode(value);
  const pairs = () => [...(isPlain(value) ? Object.entries(value) : value)].filter(([, item]) => item !== undefined);
  const items = list ? value : pairs();
  const head = Buffer.alloc(5, list ? 0xdd : 0xdf);
  head.writeUInt32BE(items.length, 1);
  yield head;
  for (const item of list ? items : items.flat()) yield* pieces(item);
}

/** The value of bytes. Raises: Error for what is no MessagePack, makes too many values, or could not be sent on. */
export function unpack(bytes) {
  scan(bytes);
  return read(decoder.decode(bytes));
}

function read(value, depth = 0, steps = { left: MAX_STEPS }) {
  if (depth > MAX_DEPTH || (value instanceof Date && !(value >= 0 || value < 0))) throw new RangeError("it cannot be sent on");
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (Array.isArray(value)) return value.map((item) => read(item, depth + 1, steps));
  if (!isPlain(value)) return value;
  const keys = Reflect.ownKeys(value);
  const numbers = keys.filter((key) => typeof key === "symbol").length;
  if (numbers > 64) steps.left -= numbers ** 2;
  if (numbers > MAX_NUMBERS || steps.left < 0) throw new RangeError(`too many maps of ${numbers} numbers: send lists of pairs`);
  if (numbers > 0) return new Map(keys.map((key) => [keyOf(key), read(value[key], depth + 1, steps)]));
  for (const key of keys) value[key] = read(value[key], depth + 1, steps);
  return value;
}

function keyOf(key) {
  if (typeof key === "string") return key;
  const [type, text] = key.description.split(" ", 2);
  if (type === "number" || type === "bigint") return type === "number" ? Number(text) : read(BigInt(text));
  throw new TypeError(`a ${type} is no key of a map`);
}

/** What follows heads from 0xc4 to 0xdf: [bytes of a length, bytes besides, values for each of that length]. */
const HEADS = [
  ...[[1, 0, 0], [2, 0, 0], [4, 0, 0], [1, 1, 0], [2, 1, 0], [4, 1, 0]], // bin, extension
  ...[4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 2, 3, 5, 9, 17].map((size) => [0, size, 0]), // numbers, short extensions
  ...[[1, 0, 0], [2, 0, 0], [4, 0, 0], [2, 0, 1], [4, 0, 1], [2, 0, 2], [4, 0, 2]], // text, array, map
];

/** Look at all heads before anything is allocated: none may announce more than there is. */
function scan(bytes) {
  let [at, values, coming] = [0, 0, 1];
  for (; coming > 0; coming -= 1) {
    const head = bytes[at];
    let [width, more, each] = (head < 0xe0 && HEADS[head - 0xc4]) || [0, 0, 0];
    let size = 0;
    if (head >= 0x80 && head < 0xc0) [size, each] = head < 0xa0 ? [head & 15, head < 0x90 ? 2 : 1] : [head & 31, 0];
    for (at += 1; width > 0; width -= 1, at += 1) size = size * 256 + bytes[at];
    if (each > 0) coming += size * each;
    else at += size + more;
    const text = (head >= 0xa0 && head < 0xc0) || (head >= 0xd9 && head <= 0xdb);
    if (text && !isUtf8(bytes.subarray(at - size, at))) throw new RangeError("a text is no UTF-8");
    values += 1;
    if (values + coming > MAX_VALUES + 1) throw new RangeError(`it makes more than ${MAX_VALUES} values`);
    if (!(at + coming - 1 <= bytes.length)) throw new RangeError("it announces more than there is");
  }
}

/** A value of a type that the asker knows and the channel does not declare, marked as extension 1. */
export const mark = (value) => new ExtData(1, pack(value));
/** What is in a mark, or the value itself. */
export const unmark = (value) => (value instanceof ExtData && value.type === 1 ? unpack(value.data) : value);
/** Bytes that keep no larger buffer alive of which they were a part. */
export const own = (bytes) => (2 * bytes.length < bytes.buffer.byteLength ? new Uint8Array(bytes) : bytes);
/** Whether a value is an integer from `low` to `high`. */
export const isInteger = (value, low, high) =>
  (typeof value === "bigint" || Number.isInteger(value)) && value >= low && value <= high;
