/** What a later version says in a handshake, read within the bounds of this one (docs/wire.md, Handshake). */

import { printable } from "../wire/errors.js";
import { capability, cut, decode, isShown, isWord } from "../wire/frames.js";
import { isInteger, pack, unpack } from "../wire/msgpack.js";

const U32 = 0xffff_ffff;
const KNOWN = ["schemas", "streams", "windows"];

const isBin = (value) => value instanceof Uint8Array;
const first = (text, most) => [...text].slice(0, most).join("");
const atMost = (value, most) => (isInteger(value, 1, Infinity) && value > most ? most : value);
const areTexts = (list) => Array.isArray(list) && list.every((item) => typeof item === "string");
/** What can be read of a list, each once, and no more than that; what is no list of texts is left for `decode`. */
const some = (list, most, fits, key = (item) => item) => {
  if (!areTexts(list)) return list;
  const found = new Map();
  for (const item of list.filter(fits)) if (!found.has(key(item))) found.set(key(item), item);
  return [...found.values()].slice(0, most);
};

/** Holds the place of a channel that cannot be used: nothing has such a name. */
const nameless = (index) => {
  const nothing = { messages: 1, bytes: 1, max_message: 1, priority: 1 };
  return { name: `[${index}]`, types: [], schema: new Uint8Array(16), ...nothing };
};

function channel(said, index, names) {
  const { name, types, schema, refused, compress } = said ?? {};
  if (typeof name !== "string" || name === "" || !isBin(schema)) return said;
  if (!isShown(1, 64)(name) || name.startsWith("[") || names.has(name) || schema.length !== 16) return nameless(index);
  names.add(name);
  const largest = { messages: U32, bytes: U32, max_message: 16_777_216, max_elements: 1_048_576, priority: 255 };
  const numbers = Object.entries(largest).map(([key, most]) => [key, atMost(said[key], most)]);
  const read = { ...said, ...Object.fromEntries(numbers) };
  if (areTexts(types)) {
    const end = types.findIndex((type, at) => !isShown(1, 128)(type) || types.indexOf(type) < at);
    read.types = types.slice(0, Math.min(64, end < 0 ? 64 : end));
  }
  if (isInteger(refused, 0, Infinity)) read.refused = Number(BigInt.asUintN(8, BigInt(refused)));
  if (typeof compress === "string" && !isWord(compress)) read.compress = "";
  return read;
}

function within(hello) {
  const names = new Set();
  const shown = (text) => (typeof text === "string" ? first(printable(text), 64) : text);
  const known = areTexts(hello.features) ? hello.features.filter((word) => KNOWN.includes(word)) : [];
  const features = areTexts(hello.features) ? [...known, ...hello.features] : hello.features;
  const channels = Array.isArray(hello.channels) ? hello.channels.slice(0, 256) : hello.channels;
  return {
    ...hello,
    ...{ name: shown(hello.name), agent: shown(hello.agent), listen: some(hello.listen, 8, isShown(1, 255)) },
    offers: some(hello.offers, 64, capability, (offer) => capability(offer).role),
    channels: Array.isArray(channels) ? channels.map((each, index) => channel(each, index, names)) : channels,
    record: isBin(hello.record) && hello.record.length > 2048 ? new Uint8Array() : hello.record,
    features: some(features, 32, isWord),
    clock: isInteger(hello.clock, 2 ** 53, Infinity) ? 0 : hello.clock,
  };
}

/** What `decode` has refused with this error, as it would be. Raises: ProtocolError of what no version says. */
export function greeting(data, error) {
  if (error.code !== "bad_field") throw error;
  const [kind, ...fields] = unpack(data);
  const isMap = typeof fields[0] === "object" && fields[0] !== null;
  if (kind === 0 && isMap) return decode(pack([0, within(fields[0])]));
  if ((kind !== 2 && kind !== 14) || !areTexts([fields[0], fields[1]])) throw error;
  const [reason, text, last] = fields;
  const records = Array.isArray(last) ? last.filter((each) => isBin(each) && each.length <= 2048).slice(0, 8) : last;
  return decode(pack([kind, cut(reason, 64), cut(text, 1024), ...(last === undefined ? [] : [atMost(records, U32)])]));
}
