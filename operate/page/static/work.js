// Work: pools, worker processes, streams, gossips and singletons; each part is shown where there is some of it.
function workScreen(root) {
  const parts = [poolsCard(), workersCard(), streamsCard(), gossipsCard(), singletonsCard()];
  const empty = h("section", { class: "card", hidden: true }, h("div", { class: "empty" }, "This node has no pools, no worker processes, no streams, no gossips and no singletons."));
  root.append(...parts.map(([element]) => element), empty);
  return (node) => {
    for (const [, update] of parts) update(node);
    empty.hidden = parts.some(([element]) => !element.hidden);
  };
}

/** A card with a table that is there while it has rows. `read(node)` → rows. */
function cardOf(title, columns, key, read, more = {}) {
  const list = table(title, columns, key, more);
  const element = h("section", { class: "card", hidden: true }, h("header", {}, h("h2", {}, title)), list.element);
  return [element, (node) => {
    const rows = read(node);
    element.hidden = !rows.length;
    list.update(rows);
  }];
}

/** A number that is a pill where it is one to look at. */
function notable(head, read, tone, more = {}) {
  return { head, num: true, sort: read, make: (cell) => {
    const text = h("span");
    cell.append(text);
    return (row) => { const value = read(row); put(text, number(value)); attribute(text, "class", value ? `pill ${tone}` : null); };
  }, ...more };
}

/** A word as a pill, in the colour that `tones` has for it. */
function stateColumn(head, read, tones) {
  return { head, sort: read, make: (cell) => (row) => refill(cell, read(row), () => h("span", { class: `pill ${tones[read(row)] ?? "warn"}` }, words(read(row)))) };
}

function workersCard() {
  const queued = ({ worker }) => sum(Object.values(worker.queued ?? {}));
  return cardOf("Workers", [
    leading("Worker", ({ worker }) => [worker.name, worker.pool ? `a member of ${worker.pool}` : worker.reactors.join(", ")], { sort: ({ worker }) => worker.name }),
    stateColumn("State", ({ worker }) => worker.state, { running: "good", ended: "bad" }),
    column("Process", ({ worker }) => (worker.pid ? String(worker.pid) : NONE), { num: true, sort: ({ worker }) => worker.pid }),
    column("Queued", (row) => number(queued(row)), { num: true, sort: queued }),
    column("Processor", ({ worker }) => seconds(worker.cpu), { num: true, sort: ({ worker }) => worker.cpu }),
    column("Memory", ({ worker }) => (worker.memory ? bytes(worker.memory) : NONE), { num: true, sort: ({ worker }) => worker.memory }),
    column("Loop late", ({ worker }) => seconds(worker.lag), { num: true, sort: ({ worker }) => worker.lag }),
    notable("Begun anew", ({ worker }) => Math.max(0, worker.begun - 1), "warn"),
    notable("Actors restarted", ({ worker }) => worker.restarts, "warn"),
  ], ({ worker }) => worker.name, (node) => (node.picture.workers ?? []).map((worker) => ({ worker })), { opens: workerMore });
}

function workerMore() {
  return facts(({ worker }) => [
    ["Runs", worker.reactors.join(", ")],
    ["Processes so far", number(worker.begun)],
    ["The last one", worker.ended ? said(worker.ended) : "none has ended"],
    ["Handed over", counts(worker.delivered ?? {})],
    ["Failed", counts(worker.failed ?? {})],
    ["Dead letters", counts(worker.dead_letters ?? {})],
  ]);
}

function streamsCard() {
  return cardOf("Streams", [
    leading("Channel", ({ channel }) => [channel, ""], { sort: ({ channel }) => channel }),
    column("Sending", ({ seen }) => number(seen.sending), { num: true, sort: ({ seen }) => seen.sending }),
    notable("Wait for a place", ({ seen }) => seen.waiting ?? 0, "warn"),
    notable("Wait for a reader", ({ seen }) => seen.standing, "warn"),
    column("Reading", ({ seen }) => number(seen.reading), { num: true, sort: ({ seen }) => seen.reading }),
    column("Items sent", ({ seen }) => number(seen.sent), { num: true, sort: ({ seen }) => seen.sent }),
    column("Taken", ({ seen }) => number(seen.delivered), { num: true, sort: ({ seen }) => seen.delivered }),
    column("Pending", ({ seen }) => number(seen.sent - seen.delivered - seen.failed), { num: true }),
    notable("Failed", ({ seen }) => seen.failed, "bad"),
  ], ({ channel }) => channel, (node) => Object.entries(node.picture.streams ?? {}).map(([channel, seen]) => ({ channel, seen, by: streamsByPeer(node, channel) })), { opens: streamMore });
}

function streamsByPeer(node, channel) {
  return Object.values(node.picture.connections).filter((each) => each.streams?.[channel]).map((each) => ({ peer: each, seen: each.streams[channel] }));
}

function streamMore() {
  const list = table("Streams with each peer", [
    { head: "Peer", lead: true, make: (cell) => ({ peer }) => refill(cell, peer.peer_id, () => said(peer.name || short(peer.peer_id), 40)) },
    column("Of theirs", ({ seen }) => number(seen.served), { num: true }), column("Of ours", ({ seen }) => number(seen.asked), { num: true }),
    column("Items sent", ({ seen }) => number(seen.items), { num: true }), notable("Wait for a reader", ({ seen }) => seen.standing, "warn"),
    column("Not taken here", ({ seen }) => number(seen.unread), { num: true }),
  ], ({ peer }) => peer.peer_id);
  const none = h("p", { class: "soft" }, "No peer has one open."), members = h("p", {});
  return [h("div", { class: "why" }, list.element, none, members), ({ by, seen }) => {
    const at = Object.entries(seen.members ?? {});
    list.element.hidden = !by.length; none.hidden = by.length > 0; list.update(by);
    members.hidden = !at.length; put(members, `By member: ${at.map(([name, count]) => `${name} ${number(count)}`).join(", ")}`);
  }];
}

function gossipsCard() {
  return cardOf("Gossips", [
    leading("Gossip", ({ gossip }) => [gossip.name, `among those that offer ${gossip.role}`], { sort: ({ gossip }) => gossip.name }),
    column("Held", ({ gossip: { figures } }) => `${number(figures.held)}, ${bytes(figures.held_bytes)}`, { num: true, sort: ({ gossip }) => gossip.figures.held }),
    column("Neighbours", ({ gossip: { figures } }) => `${number(figures.neighbours)}, ${number(figures.eager)} eager`, { num: true, sort: ({ gossip }) => gossip.figures.neighbours }),
    column("Delivered", ({ gossip }) => number(gossip.figures.delivered), { num: true, sort: ({ gossip }) => gossip.figures.delivered }),
    column("Copies", ({ gossip }) => number(gossip.figures.copies), { num: true, sort: ({ gossip }) => gossip.figures.copies }),
    notable("Refused", ({ gossip }) => gossip.figures.refused, "warn"),
    notable("Given up", ({ gossip }) => gossip.figures.evicted, "warn"),
    notable("Distrusted", ({ gossip }) => gossip.figures.distrusted, "bad"),
  ], ({ gossip }) => gossip.name, (node) => (node.picture.patterns?.gossips ?? []).map((gossip) => ({ gossip })), { opens: () => facts(({ gossip: { figures } }) => [
    ["Ids remembered", number(figures.remembered)], ["Promised and not sent", number(figures.broken)], ["Wishes not served", number(figures.unserved)],
  ]) });
}

function singletonsCard() {
  return cardOf("Singletons", [
    leading("Reactor", ({ one }) => [one.reactor, `at one of those that offer ${one.role}`], { sort: ({ one }) => one.reactor }),
    stateColumn("Runs", ({ one }) => one.state, { here: "good", elsewhere: "", nowhere: "bad" }),
    { head: "At", make: (cell) => ({ one, at }) => refill(cell, at, () => (one.holders.length > 1 ? h("span", { class: "pill bad" }, at) : h("span", {}, at || NONE))) },
    column("Members", ({ one }) => number(one.members), { num: true, sort: ({ one }) => one.members }),
    column("This node", ({ one }) => (one.offered ? "offers the role" : "only looks")),
  ], ({ one }) => one.name, (node) => (node.picture.patterns?.singletons ?? []).map((one) => ({ one, at: holdersOf(node, one) })), { opens: () => facts(({ one }) => [
    ["Kept by", said(one.name)], ["Nodes that run it", one.holders.length ? h("span", { class: "mono" }, one.holders.map((id) => h("div", {}, said(id)))) : "none that this node sees"],
  ]) });
}

function holdersOf(node, one) {
  const names = new Map(Object.values(node.picture.connections).map((each) => [each.peer_id, each.name]));
  names.set(node.picture.node.node_id, node.picture.node.name);
  return one.holders.map((id) => names.get(id) || short(id)).join(", ");
}
