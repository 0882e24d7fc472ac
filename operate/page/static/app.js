// The page as a whole: the frame, which screen is shown, the keys, and when it is drawn.
const SCREENS = [
  ["overview", "Overview", overviewScreen], ["map", "Map", mapScreen], ["peers", "Peers", peersScreen], ["channels", "Channels", channelsScreen],
  ["actors", "Actors", actorsScreen], ["work", "Work", workScreen], ["waits", "Waits", waitsScreen], ["events", "Events", eventsScreen],
];
/** Milliseconds between two drawings: at most four a second. */
const FRAME = 250;
const EVENTS_QUIET = 40_000;

const view = { screen: null, update: null, drawn: 0, timer: null, parts: null, streams: null, eventsOf: null };

function start(found) {
  store.write = found.write;
  store.every = found.every;
  store.live = found.live;
  for (const node of found.nodes) if (!store.nodes.has(node.key)) store.nodes.set(node.key, nodeOf(node));
  if (!store.nodes.has(store.chosen)) store.chosen = inOrder()[0]?.key ?? null;
  view.parts = frame();
  window.addEventListener("hashchange", route);
  document.addEventListener("keydown", pressed);
  document.addEventListener("visibilitychange", () => (document.hidden ? disconnect() : connect()));
  setInterval(() => { if (store.nodes.size) status(); }, 1_000);
  route();
  connect();
}

function frame() {
  const parts = { nav: new Map(), banner: h("div", { class: "banner", role: "alert", hidden: true }), main: h("main", { class: "main", id: "main", tabindex: "-1" }) };
  const links = SCREENS.map(([name, text], i) => {
    const count = h("span", { class: "count", hidden: true });
    const link = h("a", { href: `#/${name}`, title: `${text} (${i + 1})` }, icon(name), h("span", {}, text), count);
    parts.nav.set(name, { link, count });
    return link;
  });
  parts.nodes = h("div", { class: "nodes", role: "group", "aria-label": "Node that is looked at" });
  parts.pick = h("select", { class: "field node-pick", "aria-label": "Node that is looked at", onchange: () => choose(parts.pick.value) });
  parts.name = h("span", { class: "name clip" });
  parts.id = h("span", { class: "id mono soft" });
  parts.pill = h("span", { class: "pill" });
  parts.live = h("span", { class: "live" });
  parts.pause = h("button", { type: "button", class: "button", onclick: togglePause });
  const theme = h("button", { type: "button", class: "button", onclick: toggleTheme, title: "Light or dark (t)" }, "◐", h("span", { class: "unseen" }, "Light or dark"));
  const help = h("button", { type: "button", class: "button keys", onclick: showKeys, title: "Keys (?)" }, "?", h("span", { class: "unseen" }, "Keys"));
  parts.head = h("header", { class: "head" }, h("div", { class: "who" }, parts.name, parts.pick, parts.id), parts.pill, h("div", { class: "tools" }, parts.live, parts.pause, theme, help));
  const mark = s("svg", { viewBox: "0 0 32 32", "aria-hidden": "true" }, s("path", { d: "M7 9H25L16 25z", fill: "none", stroke: "var(--c0)", "stroke-width": 3 }),
    s("circle", { cx: 7, cy: 9, r: 5, fill: "var(--c0)" }), s("circle", { cx: 25, cy: 9, r: 5, fill: "var(--c1)" }), s("circle", { cx: 16, cy: 25, r: 5, fill: "var(--c2)" }));
  parts.foot = h("p", { class: "foot" });
  parts.frame = h("div", { class: "frame" },
    h("div", { class: "side" }, h("div", { class: "brand" }, mark, "peerbus"), h("nav", { class: "nav", "aria-label": "Screens" }, links), parts.nodes, parts.foot), parts.head, parts.main);
  document.getElementById("app").replaceChildren(parts.frame);
  return parts;
}

function route() {
  const wanted = location.hash.replace(/^#\/?/, "");
  const [name, text, make] = SCREENS.find(([each]) => each === wanted) ?? SCREENS[0];
  if (view.screen === name) return;
  view.update?.end?.();
  view.screen = name;
  const { main, banner, nav } = view.parts;
  const tools = h("div", { class: "tools" }), body = h("div", { class: "body" });
  body.style.display = "contents";
  main.replaceChildren(banner, h("div", { class: "title" }, h("h1", {}, text), tools), body);
  for (const [each, { link }] of nav) attribute(link, "aria-current", each === name ? "page" : null);
  view.update = make(body, tools);
  if (document.activeElement === document.body || nav.get(name).link.contains(document.activeElement)) main.scrollIntoView?.({ block: "nearest" });
  window.scrollTo(0, 0);
  speak(text);
  draw(true);
}

function choose(key) {
  if (!store.nodes.has(key) || store.chosen === key) return;
  store.chosen = key;
  followEvents();
  speak(`${chosen().name} is looked at`);
  draw(true);
}

// Streams: one of pictures, of all nodes that are looked at, and one of the events of the chosen one.
function connect() {
  if (view.streams) return;
  view.streams = new AbortController();
  follow(() => store.live, (event) => {
    const [what, key = store.nodes.keys().next().value] = event.event.split("@");
    if (what === "nodes") return void takeNodes(JSON.parse(event.data));
    const node = store.nodes.get(key);
    if (node && what === "picture") {
      const back = node.lost;
      takePicture(node, JSON.parse(event.data));
      if (back && key === store.chosen) speak(`${node.name} is there again`);
    } else if (node && what === "lost") lose(node, JSON.parse(event.data).text);
    schedule();
  }, gone, view.streams.signal, SILENCE);
  followEvents();
}

const inOrder = () => [...store.nodes.values()].sort((a, b) => compare(a.name, b.name));

/** Which nodes there are: others may have started, or were taken off after they had been gone for long. */
function takeNodes(found) {
  for (const each of found) if (!store.nodes.has(each.key)) store.nodes.set(each.key, nodeOf(each));
  const keys = new Set(found.map((each) => each.key));
  for (const key of [...store.nodes.keys()]) if (!keys.has(key)) store.nodes.delete(key);
  if (!store.nodes.has(store.chosen)) { store.chosen = inOrder()[0]?.key ?? null; followEvents(); }
  schedule();
}

function followEvents() {
  view.eventsOf?.abort();
  if (!view.streams) return;
  const own = (view.eventsOf = new AbortController()), node = chosen();
  if (!node) return;
  view.streams.signal.addEventListener("abort", () => own.abort());
  follow(() => `${node.base}/v1/events?after=${node.events.at(-1)?.number ?? 0}`, (event) => {
    if (event.event === "missed") node.missed += JSON.parse(event.data).missed;
    else takeEvent(node, JSON.parse(event.data));
    schedule();
  }, () => {}, own.signal, EVENTS_QUIET);
}

function disconnect() {
  view.eventsOf?.abort();
  view.streams?.abort();
  view.streams = null;
}

function lose(node, text) {
  if (node.lost) return;
  node.lost = { since: Date.now() / 1000, text };
  if (node.key === store.chosen) speak(`${node.name} is lost: ${text}`);
}

/** The stream of pictures has ended: nothing that is shown is as of now. */
function gone(error) {
  if (error instanceof Refused && error.status === 401) { disconnect(); signInScreen(error.message); return; }
  const text = error instanceof Refused ? error.message : "the server does not answer";
  for (const node of store.nodes.values()) lose(node, text);
  schedule();
}

function schedule() {
  if (view.timer !== null) return;
  view.timer = setTimeout(() => { view.timer = null; draw(false); }, Math.max(0, view.drawn + FRAME - Date.now()));
}

function draw(now) {
  if (!view.parts) return;
  view.drawn = Date.now();
  status();
  if (store.paused && !now) return;
  const node = chosen();
  if (node?.picture && view.update) view.update(node);
}

/** What stands around the screen: who is looked at, whether it is there, how many of what. */
function status() {
  const { parts } = view, node = chosen();
  if (!parts.frame.isConnected || !node) return;
  const many = store.nodes.size > 1, seen = node.picture?.node;
  put(parts.name, said(node.name, 60).textContent);
  attribute(parts.head, "class", many ? "head many" : "head");
  parts.pick.hidden = parts.nodes.hidden = !many;
  put(parts.id, short(node.id));
  attribute(parts.id, "title", node.id);
  const tone = node.lost ? "bad" : !seen ? "" : seen.ready.ready ? "good" : "warn";
  attribute(parts.pill, "class", `pill ${tone}`);
  put(parts.pill, node.lost ? "lost" : !seen ? "waiting" : seen.ready.ready ? "ready" : seen.ready.why_not.some((why) => why.reason === "draining") ? "draining" : "not ready");
  refill(parts.live, node.lost ? "lost" : store.paused ? "paused" : "live", () => [h("i"), node.lost ? "no values" : store.paused ? "paused" : "live"]);
  attribute(parts.live, "class", `live ${node.lost ? "lost" : store.paused ? "paused" : ""}`);
  put(parts.pause, store.paused ? "Go on" : "Pause");
  attribute(parts.pause, "aria-pressed", String(store.paused));
  attribute(parts.frame, "class", `frame ${node.lost ? "stale" : ""}`);
  parts.banner.hidden = !node.lost;
  if (node.lost) put(parts.banner, `${node.name} is lost: ${node.lost.text}. ${node.seen ? `What is shown is of ${clock(node.seen)}, ${seconds(Math.round(Date.now() / 1000 - node.seen))} ago. ` : ""}Trying again each second.`);
  put(parts.foot, seen ? `peerbus ${seen.version}` : "");
  document.title = `${node.lost ? "lost: " : ""}${node.name} · peerbus`;
  const nodes = inOrder();
  refill(parts.pick, nodes.map((each) => `${each.key} ${each.name} ${each.lost ? 1 : 0}`).join() + store.chosen, () => nodes.map((each) => h("option", { value: each.key, selected: each.key === store.chosen }, `${each.name}${each.lost ? " (lost)" : ""}`)));
  keyed(parts.nodes, many ? nodes : [], (each) => each.key, (each) => {
    const dot = h("span", { class: "dot" }), name = h("span", { class: "clip" });
    const button = h("button", { type: "button", onclick: () => choose(each.key) }, dot, name);
    return [button, (one) => {
      put(name, `${said(one.name, 40).textContent}${one.lost ? " (lost)" : ""}`);
      attribute(button, "aria-pressed", String(one.key === store.chosen));
      dot.style.background = one.lost ? "var(--bad-fill)" : one.picture ? "var(--good-fill)" : "";
    }];
  });
  badge("peers", seen ? seen.connected : null, seen && !seen.connected ? "warn" : "");
  const looked = nodes.filter((each) => each.picture && !each.lost), edges = edgesOf(looked);
  badge("waits", edges.length || null, circles(edges).length ? "bad" : "");
  const failing = node.picture ? node.picture.channels.filter((channel) => last(node.channels.get(channel.name)?.failed)).length : 0;
  badge("channels", failing || null, failing ? "bad" : "");
  badge("overview", seen && !seen.ready.ready ? seen.ready.why_not.length : null, "bad");
  badge("map", nodes.filter((each) => each.lost).length || null, "bad");
}

function badge(name, value, tone) {
  const { count } = view.parts.nav.get(name);
  count.hidden = value === null;
  put(count, value === null ? "" : number(value));
  attribute(count, "class", `count ${tone}`);
}

function togglePause() {
  store.paused = !store.paused;
  speak(store.paused ? "Values stand still" : "Values go on");
  draw(!store.paused);
}

function themeNow() {
  let kept = null;
  try { kept = localStorage.getItem("peerbus.theme"); } catch { /* as the system says */ }
  return kept ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
}

function toggleTheme() {
  const next = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  try { localStorage.setItem("peerbus.theme", next); } catch { /* this time only */ }
  document.documentElement.dataset.theme = next;
}

const KEYS = [["1 … 8", "a screen"], ["/", "the filter"], ["[ ]", "the node before, or behind"], ["p", "hold the values still, or go on"], ["t", "light or dark"], ["?", "this"]];

function showKeys() {
  if (document.querySelector("dialog")) return;
  const close = h("button", { class: "button primary", type: "button", onclick: () => dialog.close() }, "Close");
  let on = keysOn();
  const toggle = h("button", { class: "button", type: "button", "aria-pressed": String(on), onclick: () => {
    on = !on;
    try { localStorage.setItem("peerbus.keys", on ? "on" : "off"); } catch { /* this time only */ }
    view.keysOff = !on;
    attribute(toggle, "aria-pressed", String(on));
  } }, "Keys are on");
  const dialog = h("dialog", { "aria-labelledby": "keys" }, h("form", {}, h("h2", { id: "keys" }, "Keys"),
    h("table", {}, h("tbody", {}, KEYS.map(([key, text]) => h("tr", {}, h("td", {}, h("kbd", {}, key)), h("td", {}, text))))), h("div", { class: "buttons" }, toggle, close)));
  show(dialog, close);
}

function keysOn() {
  try { return !view.keysOff && localStorage.getItem("peerbus.keys") !== "off"; } catch { return !view.keysOff; }
}

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog")) return;
  if (event.target.closest?.("input, select, textarea")) { if (event.key === "Escape") event.target.blur(); return; }
  if (event.key === "?") return void showKeys();
  if (!keysOn()) return;
  const screen = SCREENS[Number(event.key) - 1];
  if (screen) location.hash = `#/${screen[0]}`;
  else if (event.key === "/") { const field = document.querySelector("[data-filter]"); if (field) { event.preventDefault(); field.focus(); } }
  else if (event.key === "p") togglePause();
  else if (event.key === "t") toggleTheme();
  else if (event.key === "[" || event.key === "]") {
    const names = inOrder().map((each) => each.key), by = event.key === "]" ? 1 : -1;
    choose(names[(names.indexOf(store.chosen) + by + names.length) % names.length]);
  }
}

function signInScreen(text) {
  remember(null);
  const failed = h("p", { class: "failed soft", role: "alert" }, text);
  const field = h("input", { class: "field", type: "password", name: "token", autocomplete: "off", placeholder: "token", "aria-label": "Token", required: true });
  const form = h("form", { onsubmit: async (event) => {
    event.preventDefault();
    try { await signIn(field.value.trim()); location.reload(); } catch (error) { put(failed, error.message); }
  } }, field, h("button", { class: "button primary", type: "submit" }, "Come in"));
  document.getElementById("app").replaceChildren(h("main", { id: "main", class: "card signin", tabindex: "-1" }, h("h1", {}, "peerbus"), failed, form));
  document.title = "peerbus";
  field.focus();
}

async function main() {
  document.documentElement.dataset.theme = themeNow();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { document.documentElement.dataset.theme = themeNow(); });
  for (;;) {
    try { return start(await comeIn()); } catch (error) {
      if (error instanceof Refused) return signInScreen(error.message);
      document.getElementById("app").replaceChildren(h("main", { id: "main", class: "card signin" }, h("h1", {}, "peerbus"), h("p", {}, "The server does not answer. Trying again each second.")));
      await pause(1_000);
    }
  }
}

main();
