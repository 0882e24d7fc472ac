// The first screen: is it well, how much goes through it, what fails.
function overviewScreen(root) {
  const ready = h("section", { class: "card whole fresh" });
  const tiles = h("dl", { class: "tiles whole fresh" });
  const here = (name, kind, read) => { const tile = tileOf(name, kind); tiles.append(tile.element); return (node) => tile.update(...read(node)); };
  const updates = [
    here("Peers", "k1", (n) => [`${n.picture.node.connected}`, `of ${n.picture.peers.known} known`, n.series.ready, n.picture.node.connected ? "" : "warn"]),
    here("To peers", "k0", (n) => [rate(last(n.series.out)), `${number(total(n, "remote"))} messages in all`, n.series.out]),
    here("From peers", "k4", (n) => [rate(last(n.series.in)), `${number(total(n, "arrived"))} messages in all`, n.series.in]),
    here("Under way", "k3", (n) => [number(last(n.series.pending)), "messages that wait somewhere", n.series.pending]),
    here("Oldest message", "k2", (n) => { const age = oldestOf(n.picture); return [age === null ? "none waits" : seconds(age), "in a mailbox or to a peer", n.series.oldest, age > 30 ? "bad" : age > 5 ? "warn" : ""]; }),
    here("Event loop late", "k5", (n) => [seconds(n.picture.node.loop_lag.last), `at most ${seconds(n.picture.node.loop_lag.worst)} in a minute`, n.series.lag, n.picture.node.loop_lag.last > 1 ? "bad" : n.picture.node.loop_lag.last > 0.2 ? "warn" : ""]),
    here("Processor", "k6", (n) => [last(n.series.cpu) === null ? NONE : `${Math.round(last(n.series.cpu) * 100)} %`, "of one core", n.series.cpu]),
    here("Memory", "k7", (n) => [bytes(n.picture.node.process.resident_bytes), `${plural(n.picture.node.actors, "actor")}`, n.series.memory]),
  ];
  const [messages, drawMessages] = lineChart("Messages a second", [["to peers", "k0"], ["from peers", "k4"], ["here", "k1"]], (value) => number(value));
  const [failing, drawFailing] = barChart("Failures by reason", "none in this time");
  const [carried, drawCarried] = lineChart("Bytes a second", [["written", "k0"], ["read", "k4"]], bytes);
  const latest = h("ol", { class: "events" });
  const happened = h("section", { class: "card whole fresh" }, h("header", {}, h("h2", {}, "Latest events"), h("a", { class: "legend", href: "#/events" }, "all events")), latest);
  const [about, drawAbout] = facts(({ picture: { node, peers } }) => [
    ["Node id", h("span", { class: "mono", title: node.node_id }, short(node.node_id))],
    ["Network", said(node.network)],
    ["Offers", node.offers.length ? h("span", { class: "row" }, node.offers.map(roleChip)) : "nothing"],
    ["Listens at", h("span", { class: "mono" }, node.endpoints.map((each) => h("div", {}, said(each.replace(/[0-9a-f]{64}@/, "")))))],
    ["Up", seconds(Date.now() / 1000 - node.process.started)],
    ["peerbus", `${node.version}, ${node.process.build}`],
    ["Process", `${node.process.pid}, ${plural(node.process.threads, "thread")}`],
    ["Open files", `${node.process.open_fds ?? NONE} of ${number(node.process.max_fds)}`],
    ["Connections open", counts(openBy(node.carried.carried))],
    ["Connections opened", counts(node.carried.opened)],
    ["Connections ended", counts(node.carried.ended)],
    ["Dials that failed", counts(peers.failed)],
    ["Connections refused", counts(peers.refused)],
    ["Peers reported", counts(peers.reported)],
    ["Dead letters", counts(node.dead_letters)],
    ["Actors restarted", number(node.restarts)],
    ["Calendars of peers", peers.clock_offset === null || peers.clock_offset === undefined ? "unknown" : Math.abs(peers.clock_offset) < 0.05 ? "as this node's" : `${seconds(Math.abs(peers.clock_offset))} ${peers.clock_offset > 0 ? "ahead" : "behind"}`],
  ]);
  root.append(h("div", { class: "grid" }, ready, tiles, messages, failing, carried, happened,
    h("section", { class: "card whole fresh" }, h("header", {}, h("h2", {}, "This node")), about)));
  return (node) => {
    const { picture } = node;
    refill(ready, JSON.stringify([picture.node.ready, picture.peers.requirements, picture.peers.draining, store.write]), () => readyCard(node));
    for (const update of updates) update(node);
    drawMessages([node.series.out, node.series.in, node.series.here]);
    drawFailing(node.failures);
    drawCarried([node.series.written, node.series.received]);
    drawAbout(node);
    const shown = node.events.slice(-6).reverse();
    if (shown.length) keyed(latest, shown, (each) => each.number, (each) => [eventLine(each), () => {}]);
    else refill(latest, "none", () => h("li", { class: "empty" }, "Nothing has happened yet."));
  };
}

const openBy = (carried) => Object.fromEntries(Object.entries(carried).map(([carrier, each]) => [carrier, sum(Object.values(each.opened)) - sum(Object.values(each.ended))]).filter(([, left]) => left > 0));
const rate = (value) => (value === null ? NONE : `${number(value)}/s`);
const total = (node, side) => sent(node.picture, side);
const counts = (byReason) => {
  const found = Object.entries(byReason).sort(([, a], [, b]) => b - a);
  return found.length ? h("span", {}, found.map(([reason, count], i) => [i ? ", " : "", said(words(reason)), ` ${number(count)}`])) : "none";
};

function roleChip(role) {
  return h("span", { class: "chip" }, h("span", { class: `dot ${colour(role)}` }), said(role, 40));
}

function tileOf(name, kind) {
  const value = h("dd", {}, NONE), note = h("dd", { class: "note" });
  const [spark, draw] = sparkline(kind, 200, 30);
  const element = h("div", { class: `tile ${kind}` }, h("dt", {}, name), value, note, spark);
  return { element, update: (text, under, series, tone = "") => {
    put(value, text);
    put(note, under);
    attribute(element, "class", `tile ${kind} ${tone}`);
    draw(series);
  } };
}

function readyCard(node) {
  const { node: seen, peers } = node.picture;
  const reasons = seen.ready.why_not;
  const other = reasons.filter((why) => why.reason !== "requirement");
  const required = peers.requirements.map((each) => {
    const met = each.have >= each.want, [bar, draw] = meter();
    draw(each.want ? each.have / each.want : 1, met ? "good" : "bad");
    return h("li", {},
      h("div", { class: "row" }, h("span", { class: `pill ${met ? "good" : "bad"}` }, met ? "met" : "not met"), h("span", {}, requireText(each.require)), h("span", { class: "soft" }, `${each.have} of ${each.want}`)),
      bar, met || !each.text ? null : h("p", { class: "soft" }, said(each.text)));
  });
  const draining = peers.draining;
  return [
    h("header", {}, h("span", { class: `pill ${seen.ready.ready ? "good" : "bad"}` }, seen.ready.ready ? "ready" : "not ready"),
      h("h2", {}, seen.ready.ready ? "This node can be counted on" : `This node is not ready: ${[...new Set(reasons.map((why) => words(why.reason)))].join(", ")}`),
      h("span", { class: "legend" }, draining ? leverButton("Let peers in", () => levers.undrain(node)) : leverButton("Drain…", () => levers.drain(node)))),
    other.length ? h("ul", { class: "why" }, other.map((why) => h("li", {}, said(why.text)))) : null,
    required.length ? h("ul", { class: "why" }, required) : h("p", { class: "soft" }, "It requires nothing of its peers."),
  ];
}

function requireText({ role, at_least: least, share }) {
  const parts = [least ? `at least ${plural(least, "peer")}` : null, share ? `${Math.round(share * 100)} % of the peers` : null].filter(Boolean);
  return h("span", {}, `${parts.join(" and ")} that offer `, said(role, 60));
}
