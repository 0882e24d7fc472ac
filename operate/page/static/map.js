// The map: nodes and the links between them, as all nodes that are looked at see them. A cut is drawn as a cut.
function mapScreen(root) {
  const links = s("g"), marks = s("g"), texts = s("g"), discs = s("g");
  const picture = s("svg", { role: "group", "aria-label": "Map of nodes and links" }, links, marks, texts, discs);
  const roles = h("ul", { class: "legend keys" });
  const note = h("p", { class: "soft", hidden: true });
  const place = h("section", { class: "card map fresh" }, picture, roles);
  const list = table("Links", [
    { head: "Link", lead: true, make: (cell) => ({ link, nodes }) => refill(cell, nodes.get(link.a).name + nodes.get(link.b).name, () => h("span", {}, said(nodes.get(link.a).name, 40), " – ", said(nodes.get(link.b).name, 40))) },
    { head: "State", sort: ({ link }) => link.state, make: (cell) => ({ link }) => refill(cell, link.state + link.why, () => h("span", { class: `pill ${{ up: "good", cut: "bad", dial: "warn" }[link.state]}` }, link.state === "cut" ? `cut${link.why ? `: ${words(link.why)}` : ""}` : link.state === "up" ? "up" : "being dialed")) },
    column("Round trip", ({ link }) => (link.rtt === null ? NONE : seconds(link.rtt)), { num: true, sort: ({ link }) => link.rtt }),
    column("Bytes", ({ link }) => (link.state === "up" ? `${bytes(link.rate)}/s` : NONE), { num: true, sort: ({ link }) => link.rate }),
  ], ({ link }) => `${link.a} ${link.b}`);
  root.append(note, place, h("section", { class: "card" }, h("header", {}, h("h2", {}, "Links")), list.element));
  let size = { wide: 800, high: 480 };
  const watch = new ResizeObserver(([entry]) => { size = { wide: entry.contentRect.width || 800, high: entry.contentRect.height || 480 }; draw(); });
  watch.observe(picture);

  function draw() {
    const whole = network(), { nodes, edges } = grouped(whole);
    const spots = layout(nodes, size), radius = nodes.size > 40 ? 8 : nodes.size > 16 ? 15 : 24;
    attribute(picture, "viewBox", `0 0 ${size.wide} ${size.high}`);
    // Among many, a cross is where two that live do not meet: of a node that is gone, all links are cut.
    const lives = (id) => nodes.get(id).state === "up", stands = ({ a, b }) => edges.size <= 16 || (lives(a) && lives(b));
    const drawn = [...edges.values()].map((link) => ({ link, nodes, from: spots.get(link.a), to: spots.get(link.b), stands: stands(link) }));
    keyed(links, drawn, ({ link }) => `${link.a} ${link.b}`, () => {
      const line = s("line"), title = s("title");
      line.append(title);
      return [line, ({ link, from, to, stands }) => {
        const slow = link.rtt !== null && link.rtt > 0.25;
        attribute(line, "class", `link ${link.state === "cut" ? (stands ? "cut" : "cut gone") : link.state === "dial" ? "dial" : slow ? "slow" : link.rate > 2_000 ? "flow" : ""}`);
        for (const [name, value] of [["x1", from.x], ["y1", from.y], ["x2", to.x], ["y2", to.y]]) attribute(line, name, value.toFixed(1));
        put(title, `${nodes.get(link.a).name} – ${nodes.get(link.b).name}: ${link.state}${link.rtt === null ? "" : `, ${seconds(link.rtt)}`}`);
      }];
    });
    keyed(marks, drawn.filter((each) => each.link.state === "cut" && each.stands), ({ link }) => `${link.a} ${link.b}`, () => {
      const mark = s("g", {}, s("circle", { class: "plate", r: 11 }), s("path", { class: "cross", d: "M-5-5L5 5M5-5L-5 5" }));
      return [mark, ({ from, to }) => attribute(mark, "transform", `translate(${((from.x + to.x) / 2).toFixed(1)} ${((from.y + to.y) / 2).toFixed(1)})`)];
    });
    keyed(texts, edges.size > 16 || size.wide < 520 ? [] : drawn.filter(({ link }) => link.state === "up" && link.rtt !== null), ({ link }) => `${link.a} ${link.b}`, () => {
      const text = s("text", { class: "edge-text", "aria-hidden": "true" });
      // Not in the middle, where the diagonals of a circle meet.
      return [text, ({ link, from, to }) => { put(text, seconds(link.rtt)); attribute(text, "x", (from.x * 0.62 + to.x * 0.38).toFixed(1)); attribute(text, "y", (from.y * 0.62 + to.y * 0.38 + 4).toFixed(1)); }];
    });
    keyed(discs, [...nodes.values()], (node) => node.id, (first) => disc(first, radius));
    for (const node of nodes.values()) discs.known.get(node.id).update(node, spots.get(node.id), radius);
    list.update(nodes === whole.nodes ? drawn : [...whole.edges.values()].map((link) => ({ link, nodes: whole.nodes })));
    note.hidden = nodes === whole.nodes;
    put(note, `More than ${DRAWN} nodes: peers are drawn together by role and state, and each stands below, or under Peers.`);
    const told = new Set([...nodes.values()].flatMap((node) => node.roles.map((role) => role.split("{")[0])));
    const others = [[[...nodes.values()].some((node) => !node.roles.length && node.state !== "lost"), "kx", "offers nothing"], [[...nodes.values()].some((node) => node.state === "lost"), "bad", "lost"]].filter(([is]) => is);
    refill(roles, [...told, "", ...others.map(([, , text]) => text)].join("\n"), () => [
      [...told].map((role) => h("li", {}, h("span", { class: `dot ${colour(role)}` }), said(role, 40))), others.map(([, kind, text]) => h("li", {}, h("span", { class: `dot ${kind}` }), text)),
    ]);
  }
  const update = () => draw();
  update.end = () => watch.disconnect();
  return update;
}

function disc(first) {
  const heart = s("circle", { class: "heart" }), plate = s("circle", { class: "disc" }), ring = s("g");
  const sign = s("text", { class: "sign", y: 5 }), name = s("text"), sub = s("text", { class: "sub" });
  const element = s("g", { tabindex: "0", role: "button" }, plate, heart, ring, sign, name, sub);
  let now = first;
  const open = () => { if (now.key) choose(now.key); else location.hash = "#/peers"; };
  element.addEventListener("click", open);
  element.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); open(); } });
  return [element, (node, spot, radius) => {
    now = node;
    if (!spot) return;
    attribute(element, "class", `node ${node.state} ${node.key === store.chosen ? "own" : ""}`);
    attribute(element, "transform", `translate(${spot.x.toFixed(1)} ${spot.y.toFixed(1)})`);
    attribute(element, "aria-label", `${node.name}, ${node.says || "up"}${node.roles.length ? `, offers ${node.roles.join(", ")}` : ""}`);
    if (node.many) radius = Math.round(14 + Math.min(22, 2.2 * Math.sqrt(node.many)));
    attribute(plate, "r", radius);
    attribute(heart, "r", radius - 4);
    attribute(heart, "class", `heart ${node.roles.length ? colour(node.roles[0]) : "kx"}`);
    const arcs = node.roles.slice(0, 6), around = 2 * Math.PI * (radius + 1);
    refill(ring, `${arcs.join("\n")} ${radius}`, () => arcs.map((role, i) => s("circle", { class: `role ${colour(role)}`, r: radius + 1, "stroke-dasharray": `${(around / arcs.length - (arcs.length > 1 ? 4 : 0)).toFixed(1)} ${around.toFixed(1)}`, "stroke-dashoffset": (-(around * i) / arcs.length).toFixed(1), transform: "rotate(-90)" })));
    put(sign, node.many ? number(node.many) : radius < 14 ? "" : node.state === "lost" ? "✕" : node.state === "away" ? "?" : node.key === store.chosen ? "●" : "");
    put(name, said(node.name, 22).textContent);
    put(sub, said(node.says || node.roles.join(", "), 30).textContent);
    attribute(name, "y", radius + 19);
    attribute(sub, "y", radius + 33);
  }];
}

/** Nodes and links, as far as anybody who is looked at sees them: what one that is up says counts more than silence. */
function network() {
  const nodes = new Map(), edges = new Map(), fresh = [...store.nodes.values()].filter((node) => node.picture && !node.lost);
  const known = [...store.nodes.values()].filter((node) => node.picture || node.lost);
  for (const node of known) {
    const id = node.id ?? node.key;
    nodes.set(id, { id, key: node.key, name: node.name, roles: node.picture?.node.offers ?? [], state: node.lost ? "lost" : "up", says: node.lost ? "lost" : "" });
  }
  for (const node of known) {
    if (!node.picture) continue;
    const linked = new Map(Object.values(node.picture.connections).map((each) => [each.peer_id, each]));
    for (const peer of node.picture.peers.peers) {
      const id = peer.node_id ?? endpointText(peer.addresses[0]?.endpoint ?? "?");
      const seen = node.peers.get(id);
      const [tone, says] = stateOf({ peer, node });
      if (!nodes.has(id)) nodes.set(id, { id, key: null, name: peer.node_id ? nameOf(id) : id, roles: [], state: "away", says: "" });
      const entry = nodes.get(id);
      if (!entry.roles.length) entry.roles = seen?.roles ?? peer.roles;
      if (!entry.key && !node.lost) {
        if (peer.up) { entry.state = "up"; entry.says = ""; } else if (entry.state !== "up") { entry.state = tone === "bad" ? "lost" : "away"; entry.says = says; }
      }
      const [a, b] = [node.id ?? node.key, id].sort(), key = `${a} ${b}`;
      const state = peer.up && !node.lost ? "up" : peer.state === "dialing" && tone !== "bad" ? "dial" : tone === "bad" || node.lost ? "cut" : null;
      if (state === null) continue;
      const was = edges.get(key), connection = linked.get(id);
      const link = { a, b, state, why: state === "cut" ? (node.lost ? "" : peer.last_reason) : "", rtt: connection?.rtt ?? null, rate: node.links.get(id)?.rate ?? 0 };
      if (!was || (link.state === "up" && was.state !== "up")) edges.set(key, link);
      else if (was.state === "up" && link.state === "up") was.rate = Math.max(was.rate, link.rate);
    }
  }
  // A link to a node that itself does not answer is cut, whatever others remembered of it.
  for (const link of edges.values()) if (!fresh.some((node) => [link.a, link.b].includes(node.id)) || [link.a, link.b].some((id) => nodes.get(id)?.key && nodes.get(id).state === "lost")) link.state = "cut";
  return { nodes, edges };
}

/** This many are drawn one by one. */
const DRAWN = 60;

/** Where there are more, those that are not looked at themselves are drawn as one for each role and state. */
function grouped(whole) {
  const left = sum([...store.nodes.values()].map((node) => (node.picture ? node.picture.peers.known - node.picture.peers.peers.length : 0)));
  if (whole.nodes.size + left <= DRAWN) return whole;
  const nodes = new Map(), edges = new Map(), place = new Map();
  for (const node of whole.nodes.values()) {
    if (node.key) { nodes.set(node.id, node); place.set(node.id, node.id); continue; }
    const role = node.roles[0]?.split("{")[0] ?? "", id = `group ${node.state} ${role}`;
    place.set(node.id, id);
    if (!nodes.has(id)) nodes.set(id, { id, key: null, name: role || "offers nothing", roles: role ? [role] : [], state: node.state, says: "", many: 0 });
    const group = nodes.get(id);
    group.many += 1;
    group.says = `${plural(group.many, "peer")}${{ up: "", lost: ", lost", away: ", not connected" }[node.state]}`;
  }
  if (left) nodes.set("group more", { id: "group more", key: null, name: "more peers", roles: [], state: "away", says: "not listed", many: left });
  for (const link of whole.edges.values()) {
    const [a, b] = [place.get(link.a), place.get(link.b)].sort(), key = `${a} ${b}`;
    const was = edges.get(key);
    if (!was) edges.set(key, { ...link, a, b });
    else { was.rate += link.rate; was.rtt = Math.max(was.rtt ?? 0, link.rtt ?? 0) || null; if (link.state === "up") was.state = "up"; }
  }
  return { nodes, edges };
}

/** Places that stay: one that is alone with its peers stands in the middle; several stand on rings, by role and name. */
function layout(nodes, { wide, high }) {
  const order = [...nodes.values()].sort((a, b) => compare(a.roles[0] ?? "~", b.roles[0] ?? "~") || compare(a.name, b.name) || compare(a.id, b.id));
  const spots = new Map(), looked = order.filter((node) => node.key);
  const centre = { x: wide / 2, y: high / 2 - 18 };
  if (looked.length === 1 && order.length > 2) { spots.set(looked[0].id, centre); order.splice(order.indexOf(looked[0]), 1); }
  if (order.length === 1) { spots.set(order[0].id, centre); return spots; }
  const rings = Math.max(1, Math.ceil(order.length / 26));
  for (let ring = 0; ring < rings; ring += 1) {
    const some = order.filter((_, i) => i % rings === ring), share = 1 - (ring / rings) * 0.62;
    const rx = Math.max(60, (wide / 2 - 76) * share), ry = Math.max(50, (high / 2 - 72) * share);
    some.forEach((node, i) => {
      const turn = (2 * Math.PI * (i + ring * 0.5)) / some.length - Math.PI / 2 + (some.length % 2 ? 0 : Math.PI / some.length);
      spots.set(node.id, { x: centre.x + Math.min(rx, high * 1.05) * Math.cos(turn), y: centre.y + ry * Math.sin(turn) });
    });
  }
  return spots;
}
