/** What can go wrong. Every error has a `code`, a word of docs/wire.md; one of a send hands the message back. */

export class PeerbusError extends Error {
  constructor(code, text) {
    super(text);
    Object.assign(this, { name: new.target.name, code });
  }
}

/** A connection was refused, or has ended. */
export class ConnectionEnded extends PeerbusError {}
/** The other side broke the protocol. */
export class ProtocolError extends PeerbusError {}
/** What a handler throws to answer an ask with a code of its own. */
export class Refused extends PeerbusError {}

const NO = "deadline_mailbox mailbox_full message_type no_such_reactor not_allowed schema_mismatch shutting_down too_large";
const YES = "answer_too_large answer_type answer_unread deadline_handler";
/** Codes that no handler's own error may pretend to be; `no_peer` and `not_sent` are never on the wire. */
export const BUS_CODES = new Set([...NO.split(" "), ...YES.split(" "), "actor_stopped"]);
const UNSEEN = new Set([...NO.split(" "), "no_peer", "not_sent"]);
const PERHAPS = new Set(["actor_stopped", "deadline", "connection_lost", "cancelled"]);

/** A message was not delivered, or not answered. `handled`: "no" may be sent again, and nothing is done twice. */
export class SendError extends PeerbusError {
  constructor(code, text, undelivered, peer) {
    super(code, text);
    Object.assign(this, { undelivered, peer });
    this.handled = UNSEEN.has(code) ? "no" : PERHAPS.has(code) ? "perhaps" : "yes";
  }
}
