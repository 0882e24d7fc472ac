// Pools: how many members each has, how busy they are, how long messages wait for them.
function poolsCard() {
  return cardOf("Pools", [
    leading("Pool", ({ pool }) => [pool.name, `${pool.actor_class}, ${pool.pick === "least" ? "to the least loaded" : pool.pick === "all" ? "to all" : pool.pick}`], { sort: ({ pool }) => pool.name }),
    { head: "Members", num: true, sort: ({ pool }) => pool.members.length, make: (cell) => {
      const text = h("span");
      cell.append(text);
      return ({ pool }) => {
        const some = pool.members.length !== pool.size;
        put(text, some ? `${number(pool.members.length)} of ${number(pool.size)}` : number(pool.size));
        attribute(text, "class", some ? "pill warn" : null);
      };
    } },
    column("Bounds", ({ pool }) => `${number(pool.lower)} to ${number(pool.upper)}${pool.automatic ? ", by rule" : ""}`),
    { head: "At work", sort: ({ pool }) => atWork(pool), make: (cell) => {
      const [bar, draw] = meter(), text = h("span", { class: "nowrap" });
      cell.append(h("span", { class: "row" }, bar, text));
      return ({ pool }) => {
        const busy = pool.members.filter((member) => member.at_work || member.queued).length, share = pool.members.length ? busy / pool.members.length : 0;
        draw(share, share > 0.99 ? "warn" : "good");
        put(text, `${number(busy)} of ${number(pool.members.length)}`);
      };
    } },
    column("Queued", ({ pool }) => number(queuedOf(pool)), { num: true, sort: ({ pool }) => queuedOf(pool) }),
    column("Oldest", ({ pool }) => seconds(pool.oldest), { num: true, sort: ({ pool }) => pool.oldest }),
    { head: "Streams", num: true, sort: ({ pool }) => streamsAt(pool), make: (cell) => {
      const text = h("span");
      cell.append(text);
      return ({ pool }) => {
        const wait = pool.streams_waiting ?? 0;
        put(text, wait ? `${number(streamsAt(pool))}, ${number(wait)} wait` : number(streamsAt(pool)));
        attribute(text, "class", wait ? "pill warn" : null);
      };
    } },
    notable("Lost", ({ pool }) => pool.lost, "bad"),
    { head: "Levers", hidden: true, make: (cell, holder) => { cell.append(leverButton("Resize…", () => levers.resize(chosen(), holder.row.pool), { says: `Resize ${holder.row.pool.name}` })); return () => {}; } },
  ], ({ pool }) => pool.name, (node) => (node.picture.pools ?? []).map((pool) => ({ pool })), { opens: poolMore });
}

const atWork = (pool) => sum(pool.members.map((member) => member.at_work));
const streamsAt = (pool) => sum(pool.members.map((member) => member.streams ?? 0));
const queuedOf = (pool) => pool.held + sum(pool.members.map((member) => member.queued));

function poolMore() {
  const members = table("Members", [
    { head: "Member", lead: true, make: (cell) => ({ member }) => refill(cell, member.name, () => said(member.name, 60)) },
    column("State", ({ member }) => words(member.state)), column("Runs on", ({ member }) => ({ loop: "the event loop", thread: "a thread", process: "a process" }[member.runs] ?? member.runs)),
    column("Process", ({ member }) => (member.pid ? String(member.pid) : NONE), { num: true }),
    column("At work", ({ member }) => number(member.at_work), { num: true }), column("Queued", ({ member }) => number(member.queued), { num: true }),
    column("Streams", ({ member }) => number(member.streams ?? 0), { num: true }),
    column("Had", ({ member }) => number(member.delivered), { num: true }), column("Restarts", ({ member }) => number(member.restarts), { num: true }),
  ], ({ member }) => member.name);
  return [h("div", { class: "why" }, members.element), ({ pool }) => members.update(pool.members.map((member) => ({ member })))];
}
