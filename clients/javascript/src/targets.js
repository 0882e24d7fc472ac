/** Whom a message goes to: one of those that offer a role, a peer, everyone. */

const within = (where, attributes) => Object.entries(where).every(([key, value]) => attributes[key] === String(value));
const offering = (name, where) => (connection) =>
  connection.offers.some(({ role: offered, attributes }) => offered === name && within(where, attributes));

/** One of those that offer a role, with these attributes. */
export const role = (name, where = {}) => ({ text: `role ${name}`, retry: true, has: offering(name, where) });
/** The peer of this id. */
export const peer = (id) => ({ text: `peer ${id}`, has: (connection) => connection.peer === id });
/** All that are connected: for tells. */
export const EVERYONE = { text: "anybody", everyone: true, has: () => true };

const [NAME, WHERE] = ["([a-z0-9._-]+)", "(?:\\{([^{}]*)\\})?"];
const ADDRESS = new RegExp(`^bus://(?:([0-9a-f]{64})|role:${NAME}${WHERE})/${NAME}(?:\\?pick=(?:one|least))?$`);
/** Who is meant by the text of an address that a message carried: `{ target, reactor }`. Raises: TypeError. */
export function receiver(text) {
  const found = ADDRESS.exec(text);
  const where = (found?.[3] ?? "").split(",").filter(Boolean).map((each) => /^([a-z0-9._-]+)=([^=]*)$/.exec(each));
  const [, id, name, , reactor] = found && !where.includes(null) ? found : [];
  if (!reactor) throw new TypeError(`${JSON.stringify(text)} is no address that this client can send to`);
  const attributes = Object.fromEntries(where.map(([, key, value]) => [key, value]));
  return { target: id ? peer(id) : role(name, attributes), reactor };
}
