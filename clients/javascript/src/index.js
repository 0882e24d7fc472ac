/** A peerbus node for Node.js: see index.d.ts for what each name promises. */

export { Channel, message, typeOf } from "./channel.js";
export { ConnectionEnded, PeerbusError, Refused, SendError } from "./errors.js";
export { Identity } from "./identity.js";
export { mark } from "./msgpack.js";
export { Node, join } from "./node.js";
export { OpenStream } from "./streams.js";
export { EVERYONE, peer, receiver, role } from "./targets.js";
