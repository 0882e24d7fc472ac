// Who waits for whom, live: a drawing, and the same as a list. A circle is red.
function waitsScreen(root) {
  const lines = s("g"), boxes = s("g");
  const tips = s("defs", {}, ["", "ring"].map((kind) => s("marker", { id: `tip${kind}`, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto-start-reverse" }, s("path", { class: `tip ${kind}`, d: "M0 0L8 4L0 8z" }))));
  const picture = s("svg", { role: "img", "aria-label": "Actors that wait for others; the list below says the same" }, tips, lines, boxes);
  const empty = h("div", { class: "empty" }, h("strong", {}, "Nobody waits"), "Handlers that stand in a send are shown here, with whom they wait for, and since when.");
  const warning = h("div", { class: "banner", role: "alert", hidden: true });
  const drawing = h("section", { class: "card map fresh" }, picture);
  const list = table("Who waits for whom", [
    { head: "Actor", lead: true, sort: (row) => row.from, make: (cell) => (row) => refill(cell, `${row.from} ${row.handling}`, () => h("div", { class: "two" }, said(actorText(row.from), 60), h("small", {}, row.handling ? ["handles ", said(row.handling, 60)] : "in a hook, or on a thread"))) },
    { head: "Waits for", make: (cell) => (row) => refill(cell, row.target, () => said(row.target ? actorText(row.target) : "nobody can tell", 60)) },
    { head: "Its", make: (cell) => (row) => refill(cell, `${row.what} ${row.sent}`, () => h("span", {}, words(row.what), row.sent ? [" for ", said(row.sent, 60)] : null)) },
    column("For", (row) => seconds(row.seconds), { num: true, sort: (row) => row.seconds }),
    column("Node", (row) => row.node.name),
  ], (row) => `${row.from} ${row.target} ${row.sent} ${row.what}`, { lost: (row) => row.ring, start: { head: "For", down: true } });
  const held = h("section", { class: "card" }, h("header", {}, h("h2", {}, "Who waits for whom")), list.element);
  root.append(h("div", { class: "waits" }, warning, h("section", { class: "card", hidden: true }, empty), drawing), held);
  const nobody = empty.parentElement;
  return () => {
    const looked = [...store.nodes.values()].filter((node) => node.picture && !node.lost);
    const edges = edgesOf(looked), rings = circles(edges), inRing = new Map();
    rings.forEach((ring, i) => ring.forEach((name) => inRing.set(name, i)));
    for (const edge of edges) edge.ring = inRing.has(edge.from) && inRing.get(edge.from) === inRing.get(edge.target);
    list.update(edges);
    nobody.hidden = edges.length > 0;
    drawing.hidden = held.hidden = edges.length === 0;
    const past = looked.flatMap((node) => [...node.rings.values()].map((each) => each.ring));
    const told = rings.length ? rings.map((ring) => round(ring, edges)) : past;
    warning.hidden = !told.length;
    refill(warning, told.map((ring) => [...ring].join(" ")).join("\n") + rings.length, () => !told.length ? "" : [rings.length ? "A circle: " : "There was a circle, which the bus has ended: ", said([...told[0]].map(actorText).join(" → "), 300), told.length > 1 ? ` and ${told.length - 1} more` : ""]);
    if (edges.length) draw(edges.slice(0, 80));
  };

  function draw(edges) {
    const known = edges.filter((edge) => edge.target), names = new Map();
    for (const edge of edges) { names.set(edge.from, edge.ring || names.get(edge.from)); if (edge.target) names.set(edge.target, edge.ring || names.get(edge.target)); }
    const depth = layers(known), columns = [];
    for (const name of [...names.keys()].sort()) (columns[depth.get(name) ?? 0] ??= []).push(name);
    const upright = (drawing.clientWidth || 800) < 640, box = { wide: 168, high: 46 };
    const most = Math.max(...columns.map((each) => each?.length ?? 0)), spots = new Map();
    const wide = upright ? Math.max(360, most * 184 + 20) : Math.max(720, columns.length * 236 + 20), high = upright ? columns.length * 108 + 40 : Math.max(170, most * 72 + 40);
    columns.forEach((some, i) => some.forEach((name, j) => {
      const along = ((j + 0.5) / some.length), deep = (i + 0.5) / columns.length;
      spots.set(name, upright ? { x: wide * along, y: high * deep } : { x: wide * deep, y: high * along });
    }));
    attribute(picture, "viewBox", `0 0 ${wide} ${high}`);
    drawing.style.setProperty("--tall", `${upright ? (high * (drawing.clientWidth || 360)) / wide : high}px`);
    keyed(lines, known, (edge) => `${edge.from} ${edge.target} ${edge.sent}`, () => {
      const line = s("path", { class: "edge" });
      return [line, (edge) => {
        const a = spots.get(edge.from), b = spots.get(edge.target);
        attribute(line, "class", `edge ${edge.ring ? "ring" : ""}`);
        attribute(line, "marker-end", `url(#tip${edge.ring ? "ring" : ""})`);
        attribute(line, "d", curve(a, b, box, upright, high));
      }];
    });
    keyed(boxes, [...names], ([name]) => name, ([name]) => {
      const plate = s("rect", { class: "box", x: -box.wide / 2, y: -box.high / 2, width: box.wide, height: box.high, rx: 10 });
      const [id, ...rest] = name.split("/");
      const element = s("g", {}, plate, s("text", { class: "box-text", y: -2 }, said(rest.join("/"), 22).textContent), s("text", { class: "box-text small", y: 14 }, said(nameOf(id), 24).textContent));
      return [element, ([, ring]) => { attribute(plate, "class", `box ${ring ? "ring" : ""}`); attribute(element, "transform", `translate(${spots.get(name).x.toFixed(1)} ${spots.get(name).y.toFixed(1)})`); }];
    });
  }
}

const actorText = (place) => { const [id, ...rest] = place.split("/"); return `${rest.join("/")} at ${nameOf(id)}`; };

/** A line from one box to another; one that goes back swings out, so that it is seen beside the one that goes on. */
function curve(a, b, box, upright, high) {
  if (a === b) return `M${a.x + box.wide / 2 - 30} ${a.y - box.high / 2}c0-40 50-40 50 10`;
  const on = upright ? b.y > a.y : b.x > a.x;
  if (upright) {
    const from = { x: a.x, y: a.y + (on ? 1 : -1) * box.high / 2 }, to = { x: b.x, y: b.y - (on ? 1 : -1) * (box.high / 2 + 2) };
    const bow = on ? 0 : 110;
    return `M${from.x + bow / 3} ${from.y}C${from.x + bow} ${(from.y + to.y) / 2} ${to.x + bow} ${(from.y + to.y) / 2} ${to.x + bow / 3} ${to.y}`;
  }
  if (on) { const from = a.x + box.wide / 2, to = b.x - box.wide / 2 - 2; return `M${from} ${a.y}C${(from + to) / 2} ${a.y} ${(from + to) / 2} ${b.y} ${to} ${b.y}`; }
  const low = high + 12; // below all boxes
  return `M${a.x} ${a.y + box.high / 2}C${a.x} ${low} ${b.x} ${low} ${b.x} ${b.y + box.high / 2 + 2}`;
}
