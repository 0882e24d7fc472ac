// Actors: the fullest mailboxes first, or any one by its name.
function actorsScreen(root, head) {
  const filter = h("input", { class: "field grow", type: "search", placeholder: "Filter by name", "aria-label": "Filter actors", "data-filter": true, oninput: () => redraw() });
  head.append(filter);
  const note = h("p", { class: "soft" });
  const list = table("Actors", [
    leading("Actor", ({ actor }) => [actor.name, `${actor.actor_class}${actor.channel ? ` on ${actor.channel}` : ""}`], { sort: ({ actor }) => actor.name }),
    { head: "State", sort: ({ actor }) => actor.state, make: (cell) => ({ actor }) => refill(cell, actor.state, () => h("span", { class: `pill ${{ running: "good", starting: "", new: "", stopping: "warn", backing_off: "warn", stopped: "bad" }[actor.state] ?? ""}` }, words(actor.state))) },
    { head: "Mailbox", sort: ({ actor }) => actor.mailbox.queued, make: (cell) => {
      const [bar, draw] = meter(), text = h("span", { class: "nowrap" });
      cell.append(h("span", { class: "row" }, bar, text));
      return ({ actor: { mailbox } }) => {
        const share = mailbox.limit ? mailbox.queued / mailbox.limit : 0;
        draw(share, share > 0.9 ? "bad" : share > 0.5 ? "warn" : "good");
        put(text, `${number(mailbox.queued)} of ${number(mailbox.limit)}`);
      };
    } },
    column("Senders wait", ({ actor }) => number(actor.mailbox.waiting), { num: true, sort: ({ actor }) => actor.mailbox.waiting }),
    column("Had", ({ actor }) => number(actor.mailbox.delivered), { num: true, sort: ({ actor }) => actor.mailbox.delivered }),
    { head: "Restarts", num: true, sort: ({ actor }) => actor.restarts, make: (cell) => { const text = h("span"); cell.append(text); return ({ actor }) => { put(text, number(actor.restarts)); attribute(text, "class", actor.restarts ? "pill warn" : null); }; } },
    { head: "Is at", make: (cell) => ({ actor }) => { attribute(cell, "class", actor.handling ? null : "none"); refill(cell, actor.handling, () => said(actor.handling, 60)); } },
    column("Handling", ({ handling }) => (handling ? atMost(quantile(handling, 0.5)) : NONE), { num: true, sort: ({ handling }) => quantile(handling, 0.5) }),
  ], ({ actor }) => actor.name, { opens: actorMore });
  const empty = h("div", { class: "empty", hidden: true });
  root.append(h("section", { class: "card" }, h("header", {}, note), list.element, empty));
  let shown = null;
  const search = searcher("actors", () => redraw());
  function redraw() { if (shown) update(shown); }
  function update(node) {
    shown = node;
    const wanted = filter.value.trim().toLowerCase(), all = node.picture.node.actors, some = all > node.picture.actors.length;
    const hits = search.look(node, some && wanted ? { match: filter.value.trim(), order: "fullest" } : {});
    const listed = new Map(node.picture.actors.map((actor) => [actor.name, actor]));
    const handling = new Map(node.picture.channels.map((channel) => [channel.name, channel.handling]));
    const others = (hits?.actors ?? []).filter((actor) => !listed.has(actor.name));
    const found = [...node.picture.actors, ...others].filter((actor) => !wanted || `${actor.name} ${actor.actor_class} ${actor.channel ?? ""}`.toLowerCase().includes(wanted));
    found.sort((a, b) => b.mailbox.queued - a.mailbox.queued || b.mailbox.delivered - a.mailbox.delivered || compare(a.name, b.name));
    list.update(found.map((actor) => ({ actor, handling: handling.get(actor.channel ?? "-") })));
    const full = hits?.actors.length === FOUND_AT_MOST ? `, the ${FOUND_AT_MOST} fullest of those of that name` : "";
    put(note, !some ? `${plural(all, "actor")}, the fullest mailbox first` : wanted ? (hits ? `${number(found.length)} of ${number(all)} actors${full}` : `Looking through ${number(all)} actors …`) : `The ${node.picture.actors.length} fullest and busiest of ${number(all)} actors; the filter looks through all`);
    empty.hidden = found.length > 0;
    put(empty, wanted ? "No actor here is called so." : "No actor runs.");
  }
  update.end = () => search.end();
  return update;
}

function actorMore() {
  return facts(({ actor, handling }) => [
    ["Channel", actor.channel ? said(actor.channel) : "none"],
    ["Parent", actor.parent ? said(actor.parent) : "none"],
    ["Children", number(actor.children)],
    ["Runs on", actor.on_thread ? "a thread of its own" : "the event loop"],
    ["Bytes queued", `${bytes(actor.mailbox.queued_bytes)} of ${bytes(actor.mailbox.byte_limit)}`],
    ["Sent to it", number(actor.mailbox.sent)],
    ["Failed", counts(actor.mailbox.failed)],
    ["Dropped", counts(actor.mailbox.dropped)],
    ["Not finished", counts(actor.mailbox.undone)],
    ["Its channel handles within (50 %, 99 %)", handling ? `${atMost(quantile(handling, 0.5))}, ${atMost(quantile(handling, 0.99))}` : null],
  ]);
}
