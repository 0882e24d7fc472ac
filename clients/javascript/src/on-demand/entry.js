/** What is shown before HELLO in a network that is not open (docs/wire.md, Entry): the proof of its key, certificates. */

import { X509Certificate, createHmac, randomBytes, timingSafeEqual } from "node:crypto";

import { ConnectionEnded } from "../wire/errors.js";
import { ENTRY, PREFACE, decode } from "../wire/frames.js";
import { idOf } from "../wire/identity.js";

const [MAGIC, LABEL, LARGEST, SKEW_MS] = [PREFACE.subarray(0, 8), "peerbus network key v1\0", 12_288, 300_000];

/** What this node shows, and wants to be shown. Raises: TypeError for what is none of it. */
class EntryRules {
  constructor({ networkKey, certificate, authority }) {
    if (!certificate !== !authority) throw new TypeError("certificate and authority go together");
    this.key = typeof networkKey === "string" ? Buffer.from(networkKey.trim().split(/\s+/).at(-1), "hex") : networkKey;
    if (this.key && this.key.length !== 32) throw new TypeError("a network key has 32 bytes, or is the text of its file");
    this.own = certificate ? new X509Certificate(certificate).raw : Buffer.alloc(0);
    this.authorities = (authority?.match(/-+BEGIN CERT[^]+?-+END CERTIFICATE-+/g) ?? []).map((pem) => new X509Certificate(pem));
    this.demand = (this.key ? 1 : 0) | (certificate ? 2 : 0);
  }

  /** Raises: ConnectionEnded for a certificate that does not let this peer in. */
  judge(der, peer) {
    let found;
    try {
      found = new X509Certificate(der);
    } catch {
      throw new ConnectionEnded("certificate", "the peer shows no certificate");
    }
    const issued = this.authorities.some((ca) => found.checkIssued(ca) && found.verify(ca.publicKey));
    if (!issued || found.ca || idOf(found.publicKey) !== peer) throw new ConnectionEnded("certificate", "it is not a member's");
    if (Date.parse(found.validFrom) > Date.now() + SKEW_MS) throw new ConnectionEnded("certificate", "it begins later");
    if (Date.parse(found.validTo) <= Date.now()) throw new ConnectionEnded("expired", "the peer's certificate has expired");
  }
}

/** How to come in by these rules: a function of the reader, this node's id, and that of the peer. Raises: TypeError. */
export function entry(given) {
  const rules = new EntryRules(given);
  return (reader, id, peer) => enter(reader, rules, id, peer);
}

/** Come in as the dialer `id` where `peer` accepts. Raises: ConnectionEnded, with the word for which that came to nothing. */
async function enter(reader, rules, id, peer) {
  const refused = async (rest) => {
    const size = (await reader.take(rest + 8)).readUInt32BE(rest + 4);
    const body = await reader.take(Math.min(size, 2));
    if (!body.equals(Buffer.from([0x94, 2])) || size > 2048) throw new ConnectionEnded("network_policy", "that network is open");
    const [, reason, text] = decode(Buffer.concat([body, await reader.take(size - 2)]));
    throw new ConnectionEnded(reason, text || "the peer refused");
  };
  const mine = Buffer.concat([ENTRY, Buffer.from([rules.demand]), Buffer.from(id, "hex"), randomBytes(32)]);
  reader.socket.write(mine);
  const magic = await reader.take(8);
  if (magic.equals(MAGIC)) await refused(0);
  if (!magic.equals(ENTRY)) throw new ConnectionEnded("magic", "the other side is no peerbus");
  const theirs = Buffer.concat([magic, await reader.take(65)]);
  if (theirs.toString("hex", 9, 41) !== peer) throw new ConnectionEnded("node_id", "its opening has another id than TLS");
  if (theirs[8] !== rules.demand) throw new ConnectionEnded("network_policy", "that network wants other things to be shown");
  const proof = (side) => createHmac("sha256", rules.key).update(LABEL + side).update(mine).update(theirs).digest();
  const size = Buffer.alloc(2);
  size.writeUInt16BE(rules.own.length);
  reader.socket.write(Buffer.concat([size, rules.key ? proof("\x01") : Buffer.alloc(0), rules.own]));
  const head = await reader.take(2);
  if (head.equals(MAGIC.subarray(0, 2))) await refused(6);
  const shown = rules.key ? await reader.take(32) : null;
  if (shown && !timingSafeEqual(shown, proof("\x02"))) throw new ConnectionEnded("network_key", "the peer has another key");
  const length = head.readUInt16BE();
  if (length > (rules.authorities.length > 0 ? LARGEST : 0)) throw new ConnectionEnded("certificate", "it is too long");
  if (rules.authorities.length > 0) rules.judge(await reader.take(length), peer);
}
