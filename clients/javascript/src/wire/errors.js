/** What can go wrong. Every error has a `code`, a word of docs/wire.md; one of a send hands the message back. */

/** A text of a stranger, as a terminal and a log can take it. */
export const printable = (text) => String(text).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "\ufffd");

export class PeerbusError extends Error {
  constructor(code, text) {
    super(printable(text));
    Object.assign(this, { name: new.target.name, code: printable(code) });
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
const PERHAPS = "actor_stopped peer_gone";
/** The code of what a handler has thrown: with a prefix where it is one that says what the bus did. */
export const codeOf = (error) => {
  const code = String(error?.code ?? error?.name ?? "failed");
  return `${NO} ${YES} ${PERHAPS}`.split(" ").includes(code) || code.startsWith("reactor:") ? `reactor:${code}` : code;
};
/** Those behind what is on the wire are this side's own. */
const UNSEEN = new Set(`${NO} no_peer not_sent stream_ended`.split(" "));
const UNKNOWN = new Set(`${PERHAPS} deadline connection_lost cancelled`.split(" "));

/** A message was not delivered, or not answered. `handled`: "no" may be sent again, and nothing is done twice. */
export class SendError extends PeerbusError {
  constructor(code, text, undelivered, peer) {
    super(code, text);
    Object.assign(this, { undelivered, peer, items: undefined });
    this.handled = UNSEEN.has(code) ? "no" : UNKNOWN.has(code) ? "perhaps" : "yes";
  }
}
