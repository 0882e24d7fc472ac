/** Channels that peers declare otherwise: what they declare is asked for, once, and judged. */

import { ProtocolError } from "../wire/errors.js";
import { hashOf } from "../wire/identity.js";
import { unpack } from "../wire/msgpack.js";
import { compare } from "./reading.js";

const ASKED = 16; // descriptions that one peer is asked for at a time
const KEPT = 256; // descriptions that a node keeps
const hex = (data) => Buffer.from(data).toString("hex");

export class Versions {
  #described = new Map(); // hash -> the description that has it, as peers have sent it; null for what cannot be read
  #compared = new WeakMap(); // description -> channel -> what of that goes to who declares this

  /** As `Asking.agreed`: null where the peer has yet to say, and is asked. */
  agreed(asking, lane, channel) {
    const described = lane.mute ? null : this.#described.get(hex(lane.info.schema));
    if (described !== undefined || !asking.connection.hello.features?.includes("schemas")) return this.#judged(channel, described);
    if (!lane.asked) (asking.undescribed ??= { wanted: [], asked: new Set() }).wanted.push(lane.index);
    lane.asked = true;
    this.#describe(asking);
    return null;
  }

  #describe({ outbox, undescribed: { wanted, asked } }) {
    const some = wanted.splice(0, ASKED - asked.size);
    for (const index of some) asked.add(index);
    if (some.length > 0) outbox.now("DESCRIBE", some);
  }

  /** The description of a lane has come. Raises: ProtocolError for another one, or one that nobody has asked for. */
  described(asking, lane, data) {
    if (!asking.undescribed?.asked.delete(lane.index)) throw new ProtocolError("bad_field", `nobody has asked what channel ${lane.index} declares`);
    const hash = hashOf(data);
    if (data.length === 0) lane.mute = true;
    else if (!hash.equals(lane.info.schema)) throw new ProtocolError("bad_field", `channel ${lane.index} has another hash than this`);
    else this.#keep(hex(hash), data);
    this.#describe(asking);
    asking.connection.host.changed.ring();
  }

  #keep(hash, data) {
    let content = null;
    try {
      content = unpack(data);
    } catch {
      // Nothing is sent to who declares that.
    }
    this.#described.set(hash, content);
    if (this.#described.size > KEPT) this.#described.delete(this.#described.keys().next().value);
  }

  #judged(channel, theirs) {
    if (!Array.isArray(theirs)) return none(channel, "it does not say what it declares");
    if (!this.#compared.has(theirs)) this.#compared.set(theirs, new Map());
    const known = this.#compared.get(theirs);
    if (!known.has(channel)) known.set(channel, judged(channel, theirs));
    return known.get(channel);
  }
}

const none = ({ types }, why) => ({ names: [], numbers: {}, refused: Object.fromEntries(types.map((type) => [type, why])), unread: {} });

/** As `compare`, and the `names` of the other side's messages. The description is a stranger's, so it may be anything. */
function judged(channel, theirs) {
  try {
    if (theirs[0] !== 1) throw new TypeError(`its description is of version ${theirs[0]}`);
    return { names: theirs[2].map(([name]) => name), ...compare(channel.content, theirs) };
  } catch (error) {
    return none(channel, `its description cannot be read: ${error.message}`);
  }
}
