// Channels: what goes through each, what waits, how much credit is left, how long handlers take.
function channelsScreen(root) {
  const list = table("Channels", [
    leading("Channel", ({ channel }) => [channel.name === "-" ? "no channel" : channel.name, channel.messages.join(", ")], { sort: ({ channel }) => channel.name }),
    { head: "Messages", num: true, sort: ({ kept }) => last(kept.all), make: (cell) => {
      const [spark, draw] = sparkline("k0"), value = h("span");
      cell.append(h("span", { class: "row nowrap", }, spark, value));
      return ({ kept }) => { draw(kept.all); put(value, rate(last(kept.all))); };
    } },
    column("To peers", ({ kept }) => rate(last(kept.out)), { num: true, sort: ({ kept }) => last(kept.out) }),
    column("From peers", ({ kept }) => rate(last(kept.in)), { num: true, sort: ({ kept }) => last(kept.in) }),
    { head: "Failing", num: true, sort: ({ kept }) => last(kept.failed), make: (cell) => {
      const text = h("span");
      cell.append(text);
      return ({ kept }) => { const value = last(kept.failed); put(text, rate(value)); attribute(text, "class", value ? "pill bad" : null); };
    } },
    column("Queued", ({ channel }) => (channel.load ? `${number(channel.load.queued)}${channel.load.waiting ? ` + ${number(channel.load.waiting)} wait` : ""}` : NONE), { num: true, sort: ({ channel }) => channel.load?.queued ?? null }),
    column("Least credit", ({ credit }) => (credit === null ? NONE : number(credit)), { num: true, sort: ({ credit }) => credit }),
    column("Oldest", ({ channel }) => seconds(olderOf(channel)), { num: true, sort: ({ channel }) => olderOf(channel) }),
    column("Handling", ({ channel }) => (channel.handling ? atMost(quantile(channel.handling, 0.5)) : NONE), { num: true, sort: ({ channel }) => quantile(channel.handling, 0.5) }),
  ], ({ channel }) => channel.name, { opens: channelMore, start: { head: "Messages", down: true } });
  root.append(h("section", { class: "card" }, list.element));
  return (node) => {
    const least = new Map();
    for (const connection of Object.values(node.picture.connections)) {
      for (const [name, lane] of Object.entries(connection.lanes)) least.set(name, Math.min(least.get(name) ?? Infinity, lane.credit_messages));
    }
    list.update(node.picture.channels.map((channel) => ({ channel, kept: node.channels.get(channel.name), credit: least.get(channel.name) ?? null })));
  };
}

function olderOf(channel) {
  const found = [channel.oldest, channel.oldest_to_peers].filter((each) => each !== null);
  return found.length ? Math.max(...found) : null;
}

const SIDES = [["local", "to actors here"], ["remote", "to peers"], ["arrived", "from peers"], ["astray", "to nobody"]];

function channelMore() {
  const [list, draw] = facts(({ channel }) => [
    ["Actors", channel.load ? number(channel.load.actors) : "none"],
    ["Bytes queued", channel.load ? bytes(channel.load.queued_bytes) : null],
    ["Handled within (50 %, 99 %)", channel.handling ? `${atMost(quantile(channel.handling, 0.5))}, ${atMost(quantile(channel.handling, 0.99))}` : "no sample yet"],
    ["In a mailbox for (50 %, 99 %)", channel.staying ? `${atMost(quantile(channel.staying, 0.5))}, ${atMost(quantile(channel.staying, 0.99))}` : "no sample yet"],
    ["Oldest in a mailbox", seconds(channel.oldest)],
    ["Oldest to a peer", seconds(channel.oldest_to_peers)],
    ["Seconds stood for credit", number(sum(SIDES.map(([side]) => channel[side]?.stood ?? 0)))],
  ]);
  const sides = table("What became of the sends", [
    { head: "Sends", lead: true, make: (cell) => ({ text }) => put(cell, text) },
    column("Sent", ({ account }) => number(account.sent), { num: true }), column("Delivered", ({ account }) => number(account.delivered), { num: true }),
    column("Pending", ({ account }) => number(account.pending), { num: true }),
    ...[["Failed", "failed"], ["Dropped", "dropped"], ["Not finished", "undone"]].map(([name, what]) => ({ head: name, make: (cell) => ({ account }) => refill(cell, JSON.stringify(account[what]), () => counts(account[what])) })),
  ], ({ side }) => side);
  return [h("div", { class: "why" }, list, sides.element), (row) => {
    draw(row);
    sides.update(SIDES.filter(([side]) => row.channel[side]).map(([side, text]) => ({ side, text, account: row.channel[side] })));
  }];
}
