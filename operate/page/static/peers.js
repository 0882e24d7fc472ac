// The peers of a node: who they are, how they rank and why, and the levers for each.
function peersScreen(root, head) {
  const filter = h("input", { class: "field grow", type: "search", placeholder: "Filter by name, id or role", "aria-label": "Filter peers", "data-filter": true, oninput: () => redraw() });
  const states = h("select", { class: "field", "aria-label": "Only peers that are", onchange: () => redraw() },
    h("option", { value: "" }, "All states"), ["ready", "connected", "dialing", "idle", "renewing", "evicting"].map((each) => h("option", { value: each }, words(each))));
  head.append(filter, states, leverButton("Dial…", () => levers.dial(chosen()), { small: false }), leverButton("Ban…", () => levers.banAny(chosen()), { small: false, danger: true }));
  const summary = h("p", { class: "soft" });
  const list = table("Peers", [
    leading("Peer", (row) => [row.name, [row.peer.node_id ? short(row.peer.node_id) : "has not answered yet", whereOf(row)].filter(Boolean).join(" · ")], { sort: ({ name }) => name }),
    { head: "State", sort: ({ peer }) => peer.state, make: (cell) => (row) => refill(cell, stateOf(row).join(), () => { const [tone, text] = stateOf(row); return h("span", { class: `pill ${tone}` }, text); }) },
    { head: "Offers", make: (cell) => ({ peer }) => { const roles = peer.offers ?? peer.roles; attribute(cell, "class", roles.length ? null : "none"); refill(cell, roles.join("\n"), () => h("span", { class: "row" }, roles.map(roleChip))); } },
    { head: "Score, and why", sort: ({ peer }) => peer.score, make: (cell) => {
      const [bar, draw] = meter("both"), value = h("span"), why = h("small");
      cell.append(h("div", { class: "two" }, h("span", { class: "row" }, bar, value), why));
      return ({ peer }) => {
        put(value, scoreText(peer));
        draw((peer.score + 100) / 200, peer.score < 0 ? "bad" : "good");
        refill(why, whyText(peer), () => said(whyText(peer)));
      };
    } },
    column("Round trip", ({ connection }) => (connection?.rtt === null || !connection ? NONE : seconds(connection.rtt)), { num: true, sort: ({ connection }) => connection?.rtt ?? null }),
    column("Bytes", ({ rate: bytesRate, connection }) => (connection ? `${bytes(bytesRate)}/s` : NONE), { num: true, sort: (row) => (row.connection ? row.rate : null) }),
    { head: "Levers", hidden: true, make: (cell, holder) => {
      const name = () => holder.row.name, id = () => holder.row.peer.node_id;
      const part = leverButton("Disconnect", () => levers.disconnect(chosen(), id(), name()), { says: `Disconnect ${holder.row.name}` });
      const dial = leverButton("Dial", () => levers.dialPeer(chosen(), id(), name()), { says: `Dial ${holder.row.name}` });
      const ban = leverButton("Ban…", () => levers.ban(chosen(), id(), name()), { danger: true, says: `Ban ${holder.row.name}` });
      const row = h("span", { class: "row nowrap" }, dial, part, ban);
      cell.append(row);
      return ({ peer }) => { row.hidden = !peer.node_id; part.hidden = !peer.connections; dial.hidden = Boolean(peer.connections); };
    } },
  ], ({ peer }) => peer.node_id ?? peer.addresses[0]?.endpoint_text ?? "?", { lost: (row) => stateOf(row)[0] === "bad", opens: peerMore });
  const bans = table("Bans in force", [
    { head: "Target", lead: true, make: (cell) => ({ ban }) => refill(cell, ban.target, () => h("span", { class: "mono" }, said(/^[0-9a-f]{64}$/.test(ban.target) ? `${nameOf(ban.target)} ${short(ban.target)}` : ban.target))) },
    column("Why", ({ ban }) => said(ban.reason).textContent),
    column("Left", ({ ban, now }) => (ban.until === null ? "for ever" : seconds(Math.max(0, ban.until - now)))),
    { head: "Levers", hidden: true, make: (cell, holder) => { cell.append(leverButton("Lift…", () => levers.unban(chosen(), holder.row.ban.target), { says: `Lift the ban of ${holder.row.ban.target}` })); return () => {}; } },
  ], ({ ban }) => ban.target);
  const banned = h("section", { class: "card fresh" }, h("header", {}, h("h2", {}, "Bans in force")), bans.element);
  const empty = h("div", { class: "empty", hidden: true }, h("strong", {}, "Nobody is known yet"), "Peers are found by mDNS, by peer exchange, or by an address that you dial.");
  root.append(h("section", { class: "card" }, h("header", {}, summary), list.element, empty), banned);
  let shown = null;
  const search = searcher("peers", () => redraw());
  function redraw() { if (shown) update(shown); }
  function update(node) {
    shown = node;
    const wanted = filter.value.trim().toLowerCase(), { peers } = node.picture;
    const some = peers.known > peers.peers.length, found = search.look(node, some ? { match: wanted, state: states.value } : {});
    const listed = new Map(peers.peers.map((peer) => [idOf(peer), peer]));
    const linked = new Map(Object.values(node.picture.connections).map((each) => [each.peer_id, each]));
    const rows = (found ? found.peers.map((peer) => listed.get(idOf(peer)) ?? peer) : peers.peers).map((peer) => {
      for (const address of peer.addresses) address.endpoint_text ??= endpointText(address.endpoint);
      return { peer, node, name: peer.node_id ? nameOf(peer.node_id) : (peer.addresses[0]?.endpoint_text ?? "?"), connection: linked.get(peer.node_id), rate: node.links.get(peer.node_id)?.rate ?? 0, now: node.picture.at };
    }).filter((row) => (!states.value || row.peer.state === states.value) && (!wanted || `${row.name} ${row.peer.node_id} ${(row.peer.offers ?? row.peer.roles).join(" ")} ${row.peer.addresses.map((each) => each.endpoint_text).join(" ")}`.toLowerCase().includes(wanted)));
    list.update(rows.sort((a, b) => b.peer.up - a.peer.up || compare(a.name, b.name)));
    empty.hidden = peers.known > 0;
    const looked = some && (wanted || states.value), more = found?.next ? ", the first of them" : "";
    put(summary, `${plural(peers.known, "peer")} known, ${number(peers.ready)} can be sent to, ${number(peers.dialing)} being dialed${looked ? (found ? `; ${number(rows.length)} found${more}` : "; looking through all …") : some ? `; ${number(peers.peers.length)} are shown, connected ones first, and the filter looks through all` : ""}`);
    bans.update(peers.bans.map((ban) => ({ ban, now: node.picture.at })));
    banned.hidden = !peers.bans.length;
  }
  update.end = () => search.end();
  return update;
}

const idOf = (peer) => peer.node_id ?? endpointText(peer.addresses[0]?.endpoint ?? "?");

/** [tone, text] of where a peer stands. */
function stateOf({ peer, node }) {
  if (peer.up) return ["good", peer.state === "ready" ? "ready" : words(peer.state)];
  if (peer.inactive) return ["", `inactive: ${peer.inactive}`];
  if (node.peers.get(peer.node_id)?.wasUp) return ["bad", peer.last_reason ? `lost: ${words(peer.last_reason)}` : "lost"];
  if (peer.state === "dialing" || peer.state === "connected") return ["warn", peer.state];
  return ["", peer.retry_at !== null ? "waits to be dialed" : peer.state];
}

const scoreText = (peer) => (peer.fixed_score !== null ? `${number(peer.fixed_score)} (fixed)` : number(peer.score));
const whyText = (peer) => peer.why.map(([reason, points]) => `${words(reason)} ${points > 0 ? "+" : ""}${number(points)}`).join(", ") || (peer.failures ? `${plural(peer.failures, "dial")} failed in a row` : peer.persistent ? "persistent" : "nothing to say of it");

function endpointText(endpoint) {
  if (typeof endpoint === "string") return endpoint.replace(/[0-9a-f]{64}@/, "");
  const host = endpoint.host?.includes(":") ? `[${endpoint.host}]` : endpoint.host;
  return `${endpoint.scheme}://${endpoint.host ? `${host}:${endpoint.port}` : ""}${endpoint.path ?? ""}`;
}

const whereOf = ({ connection, peer }) => endpointText(connection?.remote || (peer.addresses[0]?.endpoint_text ?? "")).replace(/^tcp:\/\//, "");

/** What permissions refuse, by channel: null where that is nothing; a node of an older version does not say. */
function notAllowed(channels, of) {
  const found = Object.entries(channels ?? {}).map(([name, value]) => [name, of(value) ?? []]).filter(([, verbs]) => verbs.length);
  return found.length ? said(found.map(([name, verbs]) => `${verbs.join(" or ")} on ${name}`).join(", ")) : null;
}

function peerMore() {
  const [list, draw] = facts(({ peer, connection, now }) => [
    ["Node id", h("span", { class: "mono" }, peer.node_id ?? "unknown")],
    ["Last connected", peer.last_connected === null ? "never" : `${seconds(Math.max(0, now - peer.last_connected))} ago`],
    ["Up for", peer.up_since === null ? null : seconds(now - peer.up_since)],
    ["Carried by", connection ? connection.remote.split("://")[0] : null],
    ["Who dialed", peer.direction === null ? null : peer.direction === "dialed" ? "this node" : "the peer"],
    ["Failures in a row", peer.failures ? number(peer.failures) : null],
    ["Dialed again in", peer.retry_at === null ? null : seconds(Math.max(0, peer.retry_at - now))],
    ["Left or refused for", peer.last_reason ? said(words(peer.last_reason)) : null],
    ["Told of by", peer.told_by ? nameOf(peer.told_by) : null],
    ["It is", ["persistent", "unconditional", "private", "seed"].filter((each) => peer[each]).join(", ")],
    ["Asks under way", connection ? `${connection.asks_in_flight} to it, ${connection.serving} of it` : null],
    ["May not, here", connection ? notAllowed(connection.refused, (verbs) => verbs) : null],
    ["Is not believed to offer", connection?.disbelieved?.length ? said(connection.disbelieved.join(", ")) : null],
    ["Does not let this node", connection ? notAllowed(connection.lanes, (lane) => lane.not_allowed) : null],
    ["Given up after", connection ? `${seconds(connection.patience)} of silence` : null],
  ]);
  const addresses = h("ul", { class: "soft" }), lanes = h("div"), buttons = h("div", { class: "row" });
  const element = h("div", { class: "why" }, list, addresses, lanes, buttons);
  let now = null;
  buttons.append(leverButton("Set its rank…", () => levers.score(chosen(), now.peer, now.name)));
  const laneTable = table("Lanes to this peer", [
    { head: "Reactor", lead: true, make: (cell) => ({ name }) => refill(cell, name, () => said(name, 60)) },
    column("Credit", ({ lane }) => `${number(lane.credit_messages)} messages, ${bytes(lane.credit_bytes)}`, { num: true }),
    column("Waits for credit", ({ lane }) => number(lane.waiting), { num: true }), column("Queued", ({ lane }) => number(lane.queued), { num: true }),
    column("Under way", ({ lane }) => number(lane.unconfirmed), { num: true }), column("Sent", ({ lane }) => number(lane.sent), { num: true }),
    column("Failed", ({ lane }) => number(sum(Object.values(lane.failed))), { num: true }),
  ], ({ name }) => name);
  lanes.append(laneTable.element);
  return [element, (row) => {
    now = row;
    draw(row);
    const told = row.peer.addresses.map((each) => `${each.endpoint_text} — by ${each.sources.join(", ")}${each.failures ? `, ${plural(each.failures, "failure")}` : ""}${each.retry_at === null ? "" : `, again in ${seconds(Math.max(0, Math.round(each.retry_at - row.now)))}`}`);
    refill(addresses, told.join("\n"), () => told.map((text) => h("li", { class: "mono" }, said(text))));
    const found = Object.entries(row.connection?.lanes ?? {});
    lanes.hidden = !found.length;
    laneTable.update(found.map(([name, lane]) => ({ name, lane })));
  }];
}
