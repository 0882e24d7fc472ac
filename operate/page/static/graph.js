// Who waits for whom, over all nodes that are looked at: edges between actors, and the circles among them.

/** The edges that these nodes tell of. An actor is `node id/name`; `to` is "" where nobody can tell. */
function edgesOf(nodes) {
  const edges = [];
  for (const node of nodes) {
    for (const wait of node.picture?.waits ?? []) {
      edges.push({ ...wait, node, from: placeOf(node, wait.actor), target: placeOf(node, wait.to) });
    }
  }
  return edges;
}

function placeOf(node, address) {
  const found = /^bus:\/\/([^/]*)\/(.*)$/.exec(address);
  if (!found) return "";
  return `${found[1] === "local" ? node.id : found[1]}/${found[2]}`;
}

/** Sets of actors that wait for each other: strongly connected components (Tarjan, 1972) of more than one, or a loop. */
function circles(edges) {
  const next = new Map();
  for (const { from, target } of edges) {
    if (!target) continue;
    if (!next.has(from)) next.set(from, []);
    next.get(from).push(target);
  }
  const index = new Map(), low = new Map(), stack = [], on = new Set(), found = [];
  for (const root of next.keys()) {
    if (index.has(root)) continue;
    const work = [[root, 0]];
    while (work.length) {
      const frame = work[work.length - 1];
      const [at, step] = frame;
      if (step === 0) { index.set(at, index.size); low.set(at, index.get(at)); stack.push(at); on.add(at); }
      const ways = next.get(at) ?? [];
      if (step < ways.length) {
        frame[1] += 1;
        const to = ways[step];
        if (!index.has(to)) work.push([to, 0]);
        else if (on.has(to)) low.set(at, Math.min(low.get(at), index.get(to)));
        continue;
      }
      work.pop();
      if (work.length) { const up = work[work.length - 1][0]; low.set(up, Math.min(low.get(up), low.get(at))); }
      if (low.get(at) === index.get(at)) {
        const ring = new Set();
        let each;
        do { each = stack.pop(); on.delete(each); ring.add(each); } while (each !== at);
        if (ring.size > 1 || (next.get(at) ?? []).includes(at)) found.push(ring);
      }
    }
  }
  return found;
}

/** The actors of a circle in the order in which they wait, as far as one way round goes. */
function round(ring, edges) {
  const first = [...ring].sort()[0], way = [first];
  for (let at = first; way.length < ring.size;) {
    at = edges.find((edge) => edge.from === at && ring.has(edge.target) && !way.includes(edge.target))?.target;
    if (!at) break;
    way.push(at);
  }
  return [...way, first];
}

/** How deep each actor stands: who waits stands before whom it waits for; a circle is opened at its first actor. */
function layers(edges) {
  const next = new Map(), names = new Set();
  for (const { from, target } of edges) {
    names.add(from).add(target);
    if (!next.has(from)) next.set(from, new Set());
    next.get(from).add(target);
  }
  const depth = new Map(), open = new Set();
  const down = (name, at) => {
    if (open.has(name) || (depth.get(name) ?? -1) >= at || at > 40) return;
    depth.set(name, at);
    open.add(name);
    for (const to of next.get(name) ?? []) down(to, at + 1);
    open.delete(name);
  };
  const awaited = new Set(edges.map((edge) => edge.target));
  for (const name of [...names].filter((each) => !awaited.has(each))) down(name, 0);
  for (const name of [...names].sort()) if (!depth.has(name)) down(name, 0);
  return depth;
}
