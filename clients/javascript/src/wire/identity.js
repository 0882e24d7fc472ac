/** A node's key, the id that follows from it, and the certificate that shows it (docs/wire.md, Stream). */

import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign, X509Certificate } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** 16 bytes that stand for others: for a channel's description, say. */
export const hashOf = (data) => sha256(data).subarray(0, 16);
const sha256 = (data) => createHash("sha256").update(data).digest();
const hex = (text) => Buffer.from(text, "hex");

/** The id of the node that holds this public key. */
export const idOf = (publicKey) => sha256(publicKey.export({ type: "spki", format: "der" })).toString("hex");

/** Who a node is: an Ed25519 key. Raises: TypeError for another key. */
export class Identity {
  constructor(privateKey) {
    const type = privateKey.asymmetricKeyType;
    if (type !== "ed25519") throw new TypeError(`a node's key is Ed25519, not ${type}`);
    this.privateKey = privateKey;
    this.publicKey = createPublicKey(privateKey);
    this.id = idOf(this.publicKey);
  }

  static generate() { return new Identity(generateKeyPairSync("ed25519").privateKey); }

  static fromSeed(seed) {
    const key = Buffer.concat([hex("302e020100300506032b657004220420"), seed]);
    return new Identity(createPrivateKey({ key, format: "der", type: "pkcs8" }));
  }

  /** The key in a PEM file; where there is none, a new one is put there that only its owner can read. */
  static load(path) {
    if (existsSync(path)) return new Identity(createPrivateKey(readFileSync(path)));
    const made = Identity.generate();
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(path, made.pem, { mode: 0o600, flag: "wx" });
    return made;
  }

  get pem() { return this.privateKey.export({ type: "pkcs8", format: "pem" }); }

  /** What TLS shows of this node in an open network, as PEM texts. */
  credentials() {
    const [cert, ca] = [certificate(this.publicKey, "node"), certificate(PUBLISHED.publicKey, "authority")];
    return { key: this.pem, cert: new X509Certificate(cert).toString(), ca: new X509Certificate(ca).toString() };
  }
}

/** Who issues in an open network: anybody. */
export const PUBLISHED = Identity.fromSeed(sha256("peerbus published authority: NOT a secret"));

const der = (tag, ...parts) => {
  const body = Buffer.concat(parts);
  const size = body.length < 128 ? [] : body.length < 256 ? [0x81] : [0x82, body.length >> 8];
  return Buffer.concat([Buffer.from([tag, ...size, body.length & 255]), body]);
};
const sequence = (...parts) => der(0x30, ...parts);
const ED25519 = sequence(hex("06032b6570"));
const VALIDITY = sequence(der(0x17, Buffer.from("700101000000Z")), der(0x18, Buffer.from("99991231235959Z")));
const named = (kind, id) => {
  const text = der(0x0c, Buffer.from(`peerbus ${kind} ${id.slice(0, 32)}`));
  return sequence(der(0x31, sequence(hex("0603550403"), text)));
};

/** The DER of the certificate of a key, a node's or the authority's. */
export function certificate(publicKey, kind, authority = PUBLISHED) {
  const spki = publicKey.export({ type: "spki", format: "der" });
  const digits = hashOf(spki);
  digits[15] |= 1;
  const serial = digits.subarray(digits.findIndex((digit) => digit > 0));
  const constraints = der(0x04, sequence(hex(kind === "node" ? "" : "0101ff020100")));
  const body = sequence(
    der(0xa0, hex("020102")),
    der(0x02, Buffer.alloc(serial[0] >> 7), serial),
    ...[ED25519, named("authority", authority.id), VALIDITY, named(kind, idOf(publicKey)), spki],
    der(0xa3, sequence(sequence(hex("0603551d130101ff"), constraints))),
  );
  return sequence(body, ED25519, der(0x03, Buffer.alloc(1), sign(null, body, authority.privateKey)));
}
