/** A peerbus node for Node.js: see index.d.ts for what each name promises. */

export { Channel, message, typeOf } from "./channel.js";
export { ConnectionEnded, PeerbusError, Refused, SendError } from "./wire/errors.js";
export { Identity } from "./wire/identity.js";
export { mark } from "./wire/msgpack.js";
export { Node, join } from "./node.js";
export { OpenStream } from "./streams.js";
export { EVERYONE, peer, receiver, role } from "./targets.js";
