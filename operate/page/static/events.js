// What happened: filtered, followed, or held still to be read.
const LISTED = 400;
let held = null;

function eventsScreen(root, head) {
  const filter = h("input", { class: "field grow", type: "search", placeholder: "Filter", "aria-label": "Filter events", "data-filter": true, oninput: () => redraw() });
  const kinds = h("select", { class: "field", "aria-label": "Kind of event", onchange: () => redraw() }, h("option", { value: "" }, "every kind"));
  const hold = h("button", { type: "button", class: "button", "aria-pressed": "false", onclick: () => { held = held === null ? (chosen()?.events.at(-1)?.number ?? 0) : null; redraw(); } }, "Pause");
  head.append(filter, kinds, hold);
  const list = h("ol", { class: "events", tabindex: "0", "aria-label": "Events, the newest first" });
  const note = h("p", { class: "soft" }), empty = h("div", { class: "empty" });
  root.append(h("section", { class: "card" }, h("header", {}, note), empty, list));
  let shown = null;
  function redraw() { if (shown) update(shown); }
  function update(node) {
    shown = node;
    const wanted = filter.value.trim().toLowerCase(), kind = kinds.value;
    const all = held === null ? node.events : node.events.filter((each) => each.number <= held);
    const found = [];
    for (let i = all.length - 1; i >= 0 && found.length < LISTED; i -= 1) {
      const each = all[i];
      if ((!kind || each.kind === kind) && (!wanted || `${each.kind} ${textOf(each)} ${JSON.stringify(each.event)}`.toLowerCase().includes(wanted))) found.push(each);
    }
    keyed(list, found, (each) => each.number, (each) => [eventLine(each), () => {}]);
    const newer = node.events.length - all.length;
    attribute(hold, "aria-pressed", String(held !== null));
    put(hold, held === null ? "Pause" : `Follow${newer ? ` (${newer} new)` : ""}`);
    put(note, `${plural(node.events.length, "event")} kept here, the newest first${node.missed ? `; ${plural(node.missed, "event")} came faster than they could be read, and are missing` : ""}`);
    empty.hidden = found.length > 0;
    list.hidden = !found.length;
    put(empty, node.events.length ? "No event is like that." : "Nothing has happened yet.");
    const there = [...new Set(node.events.map((each) => each.kind))].sort();
    refill(kinds, there.join(), () => [h("option", { value: "" }, "every kind"), ...there.map((each) => h("option", { value: each, selected: each === kind }, each))]);
  }
  return update;
}

const TONES = {
  PeerUp: "good", RequirementMet: "good", ListenerRestored: "good", BookRecovered: "good", PeerDown: "warn", PeerNotReached: "warn", PeerRefused: "warn", FailedOver: "warn", LostMessage: "warn",
  ActorRestarted: "warn", PeerBanned: "bad", RequirementUnmet: "bad", ListenerLost: "bad", BookFailed: "bad", ActorFailure: "bad", HandlerStalled: "bad",
};

function eventLine(each) {
  return h("li", { class: `event ${TONES[each.kind] ?? ""}` }, h("time", { datetime: new Date(each.at * 1000).toISOString() }, clock(each.at)), h("span", { class: "kind" }, said(each.kind)), h("span", { class: "text" }, said(textOf(each), 500)));
}

function targetText(target) {
  if (typeof target === "string") return nameOf(target);
  return target ? nameOf(String(Object.values(target)[0] ?? "")) : "";
}

/** What an event says, for people: nodes by their names. */
const textOf = (each) => told(each).replace(/\b[0-9a-f]{64}\b/g, nameOf);

/** One of a kind that is not known is told as it came. */
function told({ kind, event: e }) {
  switch (kind) {
    case "PeerUp": return `${nameOf(e.node_id)} is up, ${e.direction}`;
    case "PeerDown": return `${nameOf(e.node_id)} is down: ${words(e.reason)}`;
    case "PeerBanned": return `${targetText(e.ban.target)} is banned: ${e.ban.reason}`;
    case "PeerUnbanned": return `${targetText(e.target)} is banned no longer`;
    case "PeerNotReached": return `${e.node_id ? nameOf(e.node_id) : e.endpoint} was not reached: ${words(e.reason)}${e.failures > 1 ? `, ${e.failures} times` : ""}${e.text ? ` (${e.text})` : ""}`;
    case "PeerRefused": return `${e.remote ?? "somebody"} was refused: ${words(e.reason)}${e.times > 1 ? `, ${e.times} times` : ""}${e.text ? ` (${e.text})` : ""}`;
    case "ListenerLost": return `nobody can come in at ${e.endpoint}: ${e.text}`;
    case "BookFailed": return `the peer book cannot be written: ${e.text}`;
    case "BookRecovered": return `the peer book is written again, after ${e.failures} failures`;
    case "ListenerRestored": return `listens at ${e.endpoint} again`;
    case "PeerRolesChanged": return `${nameOf(e.node_id)} offers ${e.offers.join(", ") || "nothing"}`;
    case "RequirementMet": return `${e.have} of ${e.want} offer ${e.require.role}`;
    case "RequirementUnmet": return `${e.have} of ${e.want} offer ${e.require.role}: ${e.text || words(e.reason)}`;
    case "ActorRestarted": return `${e.actor} was made anew, ${plural(e.restarts, "time")} now`;
    case "ActorTerminated": return `${e.actor} has ended: ${words(e.reason)}`;
    case "ActorFailure": return `${e.actor} failed with ${e.error} (${e.directive})${e.at ? ` at ${e.at}` : ""}`;
    case "PoolResized": return `${e.pool} has ${plural(e.members, "member")} now, ${e.before} before: ${e.why}`;
    case "HandlerStalled": return `${e.actor} holds the event loop for ${seconds(e.seconds)} in ${e.handler}${e.message ? ` of ${e.message}` : ""}: ${e.stack.at(-1) ?? ""}`;
    case "LostMessage": return `${e.message} to ${e.to} was lost: ${words(e.reason)}`;
    case "FailedOver": return `${e.message} to ${e.to} goes from ${nameOf(e.tried)} to ${nameOf(e.next)}: ${words(e.why)}`;
    default: return JSON.stringify(e);
  }
}
