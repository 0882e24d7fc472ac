import { EventEmitter } from "node:events";
import type { KeyObject } from "node:crypto";
import type { ExtData } from "@msgpack/msgpack";

/** What travels in a message. An integer beyond 2^53 is a bigint, a map with keys that are no texts a Map. */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Date
  | ExtData
  | readonly Value[]
  | ReadonlySet<Value>
  | ReadonlyMap<Value, Value>
  | { readonly [field: string]: Value | undefined };

/** The fields of a message; which type it is of, `typeOf` says. */
export type Message = { readonly [field: string]: Value | undefined };

/** A message of a type that a channel declares. */
export function message(type: string, fields?: Message): Message;

/** The name of a message's type; undefined for what is no message, as a plain answer. */
export function typeOf(value: unknown): string | undefined;

/** An answer of a type that its asker knows and the channel does not declare, where the message names no answer. */
export function mark(value: Value): ExtData;

export interface ChannelOptions {
  /** Messages that one connection may have in flight; 1024. */
  window?: number;
  /** Bytes of them; 1 MiB. */
  bytes?: number;
  /** Bytes of the largest message or answer; 64 KiB. */
  maxMessage?: number;
  /** 1 to 255: its share of a crowded connection; 5. */
  priority?: number;
}

/** `[1, definitions, messages]`: docs/wire.md, Descriptions. */
export type Description = readonly unknown[];

/** A channel by its name and the description of its messages. */
export class Channel {
  /** @throws TypeError for a description that is none. */
  constructor(name: string, description: Description, options?: ChannelOptions);
  /** That of a name in what `peerbus schema show --json` prints. @throws TypeError */
  static from(
    shown: { channels: Readonly<Record<string, { description: Description; schema: string }>> },
    name: string,
    options?: ChannelOptions,
  ): Channel;
  readonly name: string;
  readonly types: readonly string[];
  /** The hash of the description, as HELLO has it. */
  readonly schema: Uint8Array;
}

/** Who a node is: an Ed25519 key. */
export class Identity {
  constructor(privateKey: KeyObject);
  /** A new one, for as long as the process lives. */
  static generate(): Identity;
  static fromSeed(seed: Uint8Array): Identity;
  /** That of a PEM file, as `peerbus keygen` writes it; where there is none, a new one is put there. */
  static load(path: string): Identity;
  /** 64 hexadecimal digits. */
  readonly id: string;
  readonly pem: string;
  /** Key, certificate and authority of an open network, as PEM texts. */
  credentials(): Credentials;
}

export interface Credentials {
  key: string;
  cert: string;
  ca: string;
}

export interface Target {
  readonly text: string;
}
/** One of the peers that offer a role, the least busy first; with `where`, of those with these attributes. */
export function role(name: string, where?: Readonly<Record<string, string | number>>): Target;
/** The peer of an id. */
export function peer(id: string): Target;
/**
 * Who is meant by the text of an address that a message carried, as Python's `Address`.
 * @throws TypeError for what is none, or has conditions that are no equalities.
 */
export function receiver(text: string): { readonly target: Target; readonly reactor: string };
/** All peers that are connected; for tells. */
export const EVERYONE: Target;

export interface Context {
  /** Id of the peer that has sent the message. */
  readonly peer: string;
  /** The channel of the reactor that has sent it, if it was one. */
  readonly source: string | null;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  /** What comes with a message that was sent with `open`; read from any other it throws. Messages have their types. */
  readonly items: AsyncIterable<any>;
}
/** What one send, answer or item may be: `message(…)` of a declared type, else a plain value. */
export type Item = Value;
/**
 * Its result is the answer: `message(…)` for a declared type, else a plain value; of an async generator what it yields is
 * read by `stream`. What it throws is the answer too: a Refused with its code, any other error with its `code` or its name.
 */
export type Handler = (message: any, context: Context) => Value | void | Promise<Value | void> | AsyncIterable<Item>;
export type Handlers = Readonly<Record<string, Handler>>;
export interface ServeOptions {
  /** How many handlers run at once; 1: messages one after the other. */
  concurrency?: number;
}

export interface NodeOptions {
  /** For people. */
  name: string;
  /** Both sides say the same; "peerbus". */
  network?: string;
  /** A new one, if none is given. */
  identity?: Identity;
  /** Places to dial: "tcp://host:port", or "tcp://id@host:port" for that node only. */
  peers: readonly string[];
  /** Roles, as "archive" or "archive{from=1000}". */
  offers?: readonly string[];
  /** What to serve: a list of the arguments of Node.serve. */
  serve?: readonly (readonly [Channel, Handlers, ServeOptions?])[];
  /** In a network with a key: its 32 bytes, or the text of the file that `peerbus network-key` wrote. */
  networkKey?: Uint8Array | string;
  /** In a network with an authority: this node's certificate and those of the authorities, PEM, as `peerbus ca` wrote them. */
  certificate?: string;
  authority?: string;
}
export interface SendOptions {
  /** Milliseconds; 5000. */
  timeout?: number;
  /** Gives the send up. */
  signal?: AbortSignal;
}
export interface StreamOptions {
  /** Milliseconds for the whole; no limit if nothing is said. */
  timeout?: number;
  /** Milliseconds that one item may take; 5000 where neither is said. */
  idle?: number;
  /** Gives the stream up. */
  signal?: AbortSignal;
}
/** Items go to a handler, its answer comes back, and items may come as well. */
export class OpenStream implements AsyncIterable<any> {
  private constructor();
  /** Items that have come, those that are not taken yet too. */
  readonly received: number;
  /**
   * Send an item when its reader has room for it.
   * @throws SendError `stream_ended` where the handler takes no more, `not_sent` after `idle`; TypeError
   */
  send(item: Item): Promise<void>;
  /** There are no more items. */
  end(): void;
  /** End the items, and wait for the answer; undefined of a handler that yields. @throws SendError */
  result(): Promise<any>;
  /** Give it up, unless it is answered. */
  close(): void;
  /** What the handler yields; leaving the loop gives it up. @throws SendError, behind the items that have come */
  [Symbol.asyncIterator](): AsyncGenerator<any, void, void>;
}
export interface Peer {
  readonly id: string;
  readonly name: string;
  readonly offers: readonly { readonly role: string; readonly attributes: Readonly<Record<string, string>> }[];
  readonly channels: readonly string[];
}
/** A TELL that its receiver refused: the one with `sequence` before it on this connection and channel. */
export interface Undelivered {
  readonly peer: string;
  readonly channel: string | undefined;
  readonly sequence: number;
  readonly code: string;
  readonly text: string;
}

export interface Events {
  up: [peer: Peer];
  down: [peer: Peer, reason: PeerbusError];
  refused: [place: string, reason: PeerbusError];
  undelivered: [what: Undelivered];
  failed: [error: unknown, where: { channel: string; type: string }];
}

/** A member of the network that dials, and listens nowhere. */
export class Node extends EventEmitter {
  constructor(options: NodeOptions);
  readonly id: string;
  readonly peers: readonly Peer[];
  /** Serve a channel with handlers by the names of its messages; before `join`. */
  serve(channel: Channel, handlers: Handlers, options?: ServeOptions): this;
  /** The address of a channel that is served here, for a message to carry. */
  address(channel: Channel): string;
  /** Dial, and again whenever a connection is lost; resolves with the first peer. @throws PeerbusError `no_peer` */
  join(options?: { timeout?: number }): Promise<this>;
  /** Send; resolves when it is written, for EVERYONE to how many have it. @throws SendError, TypeError */
  tell(target: Target, channel: Channel, message: Message, options?: SendOptions): Promise<number | undefined>;
  /** Send, and wait for the answer. @throws SendError, TypeError */
  ask(target: Target, channel: Channel, message: Message, options?: SendOptions): Promise<any>;
  /**
   * Send, and read the items of the answer: `for await (const item of node.stream(…))`. It begins when the first is asked
   * for. Leaving the loop ends the generator at the other side; one window of items is under way at most.
   * @throws SendError, behind the items that have come; TypeError
   */
  stream(target: Target, channel: Channel, message: Message, options?: StreamOptions): AsyncGenerator<any, void, void>;
  /** Send, with items to come; resolves when the handler wants them, or has answered. @throws SendError, TypeError */
  open(target: Target, channel: Channel, message: Message, options?: StreamOptions): Promise<OpenStream>;
  /** Leave in order, within that many milliseconds (5000). */
  close(options?: { within?: number }): Promise<void>;
  on<K extends keyof Events>(event: K, listener: (...args: Events[K]) => void): this;
  once<K extends keyof Events>(event: K, listener: (...args: Events[K]) => void): this;
  off<K extends keyof Events>(event: K, listener: (...args: Events[K]) => void): this;
}

/** A node that has joined; `timeout` is that of Node.join. */
export function join(options: NodeOptions & { timeout?: number }): Promise<Node>;

/** The root of all errors of this package: `code` is a word of docs/wire.md. */
export class PeerbusError extends Error {
  readonly code: string;
}
/** A connection was refused, or has ended. */
export class ConnectionEnded extends PeerbusError {}
/** What a handler throws to answer an ask with a code of its own. */
export class Refused extends PeerbusError {
  constructor(code: string, text: string);
}
/** A message was not delivered, or not answered. */
export class SendError extends PeerbusError {
  /** Whether a handler has seen it: with "no" it may be sent again, and nothing is done twice. */
  readonly handled: "no" | "yes" | "perhaps";
  /** The message. */
  readonly undelivered: Message;
  /** Id of the peer that it went to, if there was one. */
  readonly peer: string | undefined;
  /** Of a stream: how many items had come. */
  readonly items: number | undefined;
}
