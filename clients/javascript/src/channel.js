/** A channel and its messages, as both sides must know them (docs/wire.md, Descriptions). */

import { SendError } from "./wire/errors.js";
import { hashOf } from "./wire/identity.js";
import { own, pack, unmark, unpack } from "./wire/msgpack.js";

const TYPE = Symbol("peerbus.type");
/** A message of a declared type: its fields, and the type's name where `typeOf` finds it. */
export const message = (type, fields = {}) => Object.defineProperty({ ...fields }, TYPE, { value: type });
/** The name of a message's type; undefined for what is no message. */
export const typeOf = (value) => value?.[TYPE];

/** A channel by its name and the description of its messages. The options count where it is served. */
export class Channel {
  constructor(name, description, { window = 1024, bytes = 1 << 20, maxMessage = 1 << 16, priority = 5 } = {}) {
    const [version, definitions, messages] = Array.isArray(description) ? description : [];
    if (version !== 1 || !Array.isArray(definitions) || !Array.isArray(messages)) {
      throw new TypeError(`no description of ${name}: [1, […], […]], as \`peerbus schema show --json\` prints it`);
    }
    Object.assign(this, { name, types: messages.map(([type]) => type), description: pack(description) });
    this.shapes = messages.map(([type, place]) => shapeOf(type, definitions[place]));
    this.content = description;
    const numbers = Object.fromEntries(this.types.map((type, at) => [type, at + 1]));
    /** What can be sent to who declares the same: see `Asking.agreed`. */
    this.agreed = { names: this.types, numbers, refused: {}, unread: {} };
    this.schema = hashOf(this.description);
    const { types, schema } = this;
    this.info = { name, types, schema, messages: window, bytes, max_message: maxMessage, priority };
  }

  /** The channel of a name in what `peerbus schema show --json` prints. Raises: TypeError. */
  static from({ channels }, name, options) {
    const { description, schema } = channels?.[name] ?? {};
    const made = new Channel(name, description, options);
    if (made.schema.toString("hex") === schema) return made;
    throw new TypeError(`the description of ${name} has another hash than ${schema}`);
  }

  /** What travels of a message. Raises: TypeError for a type or fields that the channel does not declare. */
  encodable(value) {
    const shape = this.shapes[this.types.indexOf(typeOf(value))];
    if (!shape) throw new TypeError(`channel ${this.name} has ${this.types}: send message("${this.types[0]}", {…})`);
    const unknown = Object.keys(value).filter((key) => key !== shape.tag[0] && !shape.names.includes(key));
    if (unknown.length > 0) throw new TypeError(`${shape.type} has no field ${unknown}, but ${shape.names}`);
    complete(shape, value);
    if (shape.form !== "map") return shape.names.map((name) => value[name]);
    return shape.tag.length > 0 ? { [shape.tag[0]]: shape.tag[1], ...value } : value;
  }

  /** A message from what has travelled as a type's number; `names` are those of who has sent it. Raises: TypeError. */
  decoded(number, value, names = this.types) {
    const shape = this.shapes[this.types.indexOf(names[number - 1])] ?? this.#answer(names[number - 1]);
    if (!shape) throw new TypeError(`channel ${this.name} has no message of number ${number}`);
    const [list, { names: fields, type }] = [shape.form !== "map", shape];
    const fits = typeof value === "object" && value !== null && list === Array.isArray(value);
    if (!fits) throw new TypeError(`this is no ${type}`);
    const pairs = () => fields.slice(0, value.length).map((name, at) => [name, value[at]]);
    return message(type, complete(shape, list ? Object.fromEntries(pairs()) : value));
  }

  /**
   * What travels of a message, an answer or an item: [number, payload], by the numbers of who reads it; 0 for a plain
   * value. Raises: TypeError for what cannot be read there, SendError `too_large` above `limit` bytes.
   */
  written(value, limit, numbers = this.agreed.numbers) {
    const type = typeOf(value);
    const payload = pack(type === undefined ? value : this.encodable(value));
    if (payload.length > limit) throw new SendError("too_large", `${payload.length} bytes are above ${limit}`, value);
    if (type === undefined || numbers[type]) return [numbers[type] ?? 0, payload];
    throw new TypeError(`the peer cannot read a ${type}: it declares channel ${this.name} otherwise`);
  }

  /** What has come as an answer, or an item. Raises: TypeError, RangeError. */
  read(number, payload, names) {
    const value = unpack(own(payload));
    return number > 0 ? this.decoded(number, value, names) : unmark(value);
  }

  /** A class that answers a message here, and is a message of the channel at the other side only. */
  #answer(name) {
    const found = this.content[1].find((definition) => definition[1] === name);
    return found && shapeOf(name, found);
  }
}

function shapeOf(type, definition) {
  if (!Array.isArray(definition)) throw new TypeError(`message ${type} is no class with fields`);
  const [form, , tag, , fields] = definition;
  const required = fields.filter(([, presence]) => presence === 0).map(([name]) => name);
  return { type, form, tag: tag ?? [], names: fields.map(([name]) => name), required };
}

function complete({ type, required }, value) {
  const missing = required.filter((name) => value[name] === undefined);
  if (missing.length > 0) throw new TypeError(`${type} lacks ${missing}`);
  return value;
}
