// What is known: the nodes that are looked at, their latest picture, and what was counted over the last minutes.
const POINTS = 240;
const EVENTS_KEPT = 2000;

const store = {
  /** Nodes by key, in the order that the server tells. */
  nodes: new Map(),
  chosen: null,
  paused: false,
  /** Seconds between two pictures. */
  every: 0.5,
  write: true,
};

const chosen = () => store.nodes.get(store.chosen);

function nodeOf({ key, name, base, node_id }) {
  return {
    key, name, base, id: node_id ?? null, picture: null, lost: null, seen: 0,
    series: {}, channels: new Map(), failures: [], links: new Map(), peers: new Map(), events: [], missed: 0, rings: new Map(),
  };
}

/** A picture has come: keep it, and what changed since the one before. */
function takePicture(node, picture) {
  const before = node.picture;
  const again = !before || before.node.process.pid !== picture.node.process.pid || picture.now <= before.now;
  node.picture = picture;
  node.id = picture.node.node_id;
  node.name = picture.node.name;
  node.lost = null;
  node.seen = Date.now() / 1000;
  if (again) node.links.clear();
  const span = again ? 0 : picture.now - before.now;
  const grown = (count) => (span ? Math.max(0, count(picture) - count(before)) / span : null);
  const note = (name, value) => { if (value !== null) push((node.series[name] ??= []), value); };
  note("here", grown((p) => sent(p, "local")));
  note("out", grown((p) => sent(p, "remote")));
  note("in", grown((p) => sent(p, "arrived")));
  note("received", grown((p) => sum(Object.values(p.node.carried.carried).map((each) => each.received))));
  note("written", grown((p) => sum(Object.values(p.node.carried.carried).map((each) => each.sent))));
  note("cpu", grown((p) => p.node.process.cpu_seconds));
  note("lag", picture.node.loop_lag.last);
  note("memory", picture.node.process.resident_bytes);
  note("pending", sum(picture.channels.map(pendingOf)));
  note("oldest", oldestOf(picture) ?? 0);
  note("ready", picture.node.connected);
  takeChannels(node, again ? null : before, picture, span);
  takeFailures(node, again ? null : before, picture, span);
  takePeers(node, picture, span);
  takeRings(node, picture);
}

function push(series, value) {
  series.push(value);
  if (series.length > POINTS) series.shift();
}

const sent = (picture, side) => sum(picture.channels.map((channel) => channel[side]?.sent ?? 0));
const pendingOf = (channel) => (channel.local?.pending ?? 0) + (channel.remote?.pending ?? 0) + (channel.load?.queued ?? 0);
const last = (series) => (series && series.length ? series[series.length - 1] : null);

function oldestOf(picture) {
  const ages = picture.channels.flatMap((each) => [each.oldest, each.oldest_to_peers]).filter((age) => age !== null);
  return ages.length ? Math.max(...ages) : null;
}

const failed = (channel) => sum(["local", "remote", "astray"].map((side) => sum(Object.values(channel[side]?.failed ?? {}))));

function takeChannels(node, before, picture, span) {
  const old = new Map((before?.channels ?? []).map((channel) => [channel.name, channel]));
  for (const channel of picture.channels) {
    const was = old.get(channel.name);
    if (!node.channels.has(channel.name)) node.channels.set(channel.name, { all: [], here: [], out: [], in: [], failed: [] });
    const kept = node.channels.get(channel.name);
    if (!span) continue;
    const rate = (count) => Math.max(0, count(channel) - (was ? count(was) : 0)) / span;
    push(kept.here, rate((each) => each.local?.sent ?? 0));
    push(kept.out, rate((each) => each.remote?.sent ?? 0));
    push(kept.in, rate((each) => each.arrived?.sent ?? 0));
    push(kept.failed, rate(failed));
    push(kept.all, last(kept.here) + last(kept.out));
  }
}

/** Failures by reason, as totals: sends that failed, and messages that were dropped or not finished. */
function failures(picture) {
  const totals = {};
  for (const channel of picture.channels) {
    for (const side of ["local", "remote", "astray"]) {
      for (const what of ["failed", "dropped", "undone"]) {
        for (const [reason, count] of Object.entries(channel[side]?.[what] ?? {})) totals[reason] = (totals[reason] ?? 0) + count;
      }
    }
  }
  return totals;
}

function takeFailures(node, before, picture, span) {
  if (!span) return;
  const now = failures(picture), then = failures(before), grown = {};
  for (const [reason, count] of Object.entries(now)) {
    const more = count - (then[reason] ?? 0);
    if (more > 0) grown[reason] = more;
  }
  node.failures.push({ at: picture.at, span, grown });
  if (node.failures.length > POINTS) { node.failures.shift(); node.failures.offset = (node.failures.offset ?? 0) + 1; }
}

/** Who is there, who was there, and what the links carry. */
function takePeers(node, picture, span) {
  const linked = new Map(Object.values(picture.connections).map((each) => [each.peer_id, each]));
  for (const peer of picture.peers.peers) {
    if (!peer.node_id) continue;
    const known = node.peers.get(peer.node_id) ?? { name: "", roles: [], lostAt: null, wasUp: peer.last_connected !== null };
    const connection = linked.get(peer.node_id);
    if (connection) known.name = connection.name;
    const roles = peer.offers ?? peer.roles;
    if (peer.up || roles.length) known.roles = roles;
    if (peer.up) { known.wasUp = true; known.lostAt = null; } else if (known.wasUp && known.lostAt === null) known.lostAt = picture.at;
    node.peers.set(peer.node_id, known);
  }
  for (const connection of linked.values()) {
    const link = node.links.get(connection.peer_id) ?? { received: 0, sent: 0, rate: 0, fresh: true };
    const carried = connection.bytes_received + connection.bytes_sent;
    if (span && !link.fresh) link.rate = Math.max(0, carried - link.carried) / span;
    link.carried = carried;
    link.fresh = false;
    node.links.set(connection.peer_id, link);
  }
}

/** What a node calls a peer: its name where any node knows it, else the beginning of its id. */
function nameOf(id) {
  if (!id) return "";
  for (const node of store.nodes.values()) if (node.id === id) return node.name;
  for (const node of store.nodes.values()) { const name = node.peers.get(id)?.name; if (name) return name; }
  return short(id);
}

function takeEvent(node, event) {
  if (node.events.length && event.number <= node.events[node.events.length - 1].number) {
    if (event.number > 1 && node.events.some((each) => each.number === event.number)) return;
    node.events.length = 0; // the node has started anew
  }
  node.events.push(event);
  if (node.events.length > EVENTS_KEPT) node.events.splice(0, node.events.length - EVENTS_KEPT);
}

const KINDS = 8;
/** The colour of a role: the same on each screen, for as long as the page is there. */
const roleColours = new Map();
function colour(role) {
  const name = String(role).split("{")[0];
  if (!roleColours.has(name)) roleColours.set(name, roleColours.size);
  return `k${roleColours.get(name) % KINDS}`;
}

const RING_SHOWN = 10;
/** Circles of waits live for moments, as the bus ends them: each is shown for some seconds after it was seen. */
function takeRings(node, picture) {
  const edges = edgesOf([node]);
  for (const ring of circles(edges)) node.rings.set([...ring].sort().join(" "), { at: picture.at, ring: round(ring, edges) });
  for (const [name, kept] of node.rings) if (picture.at - kept.at > RING_SHOWN) node.rings.delete(name);
}
