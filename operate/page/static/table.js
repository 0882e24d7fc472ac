// Tables whose rows stay where they are while their values change, so that focus and selection stay too.

/** A cell of text. `read(row)` is put as text; `more` goes to the column. */
function column(head, read, more = {}) {
  return { head, make: (cell) => (row) => put(cell, read(row)), ...more };
}

/**
 * `columns`: {head, make(cell, holder) → update(row), num, lead, sort(row)}; `holder.row` is the row as of now. `opens(row)`:
 * makes what stands under a row once its first cell was pressed, as [element, update]. Returns {element, update(rows)}.
 */
function table(caption, columns, key, { opens, lost, start } = {}) {
  const body = h("tbody");
  let order = start ?? null;
  const heads = columns.map((each) => {
    const head = h("th", { scope: "col", class: each.num ? "num" : null });
    if (each.sort) {
      head.append(h("button", { type: "button", onclick: () => {
        order = { head: each.head, down: order?.head === each.head ? !order.down : true };
        update(rows);
      } }, each.head));
    } else if (each.hidden) head.append(h("span", { class: "unseen" }, each.head));
    else head.append(each.head);
    return head;
  });
  const element = h("div", { class: "table-box fresh", role: "region", "aria-label": caption, tabindex: "0" },
    h("table", { class: "cards" }, h("caption", { class: "unseen" }, caption), h("thead", {}, h("tr", {}, heads)), body));
  const open = new Set();
  let rows = [];

  function make(first) {
    const holder = { row: first.row, key: first.key };
    holder.toggle = () => { open.has(holder.key) ? open.delete(holder.key) : open.add(holder.key); update(rows); };
    const line = h("tr"), updates = [];
    for (const each of columns) {
      const cell = h("td", { class: [each.num && "num", each.lead && "lead"].filter(Boolean).join(" ") || null, "data-label": each.hidden ? null : each.head });
      updates.push(each.make(cell, holder));
      line.append(cell);
    }
    return [line, ({ row }) => {
      holder.row = row;
      if (lost) attribute(line, "class", lost(row) ? "lost" : null);
      for (const each of updates) each(row);
      if (opens) attribute(line.querySelector(".opens"), "aria-expanded", String(open.has(holder.key)));
    }];
  }

  function makeMore(first) {
    const cell = h("td", { colspan: columns.length }), [inner, change] = opens(first.row);
    cell.append(inner);
    return [h("tr", { class: "more" }, cell), ({ row }) => change(row)];
  }

  function update(found) {
    rows = found;
    const by = columns.find((each) => each.head === order?.head);
    const sorted = by ? [...rows].sort((a, b) => compare(by.sort(a), by.sort(b)) * (order.down ? -1 : 1)) : rows;
    columns.forEach((each, i) => { if (each.sort) attribute(heads[i], "aria-sort", each === by ? (order.down ? "descending" : "ascending") : null); });
    const lines = sorted.flatMap((row) => {
      const name = key(row);
      return opens && open.has(name) ? [{ row, key: name }, { row, key: name, more: true }] : [{ row, key: name }];
    });
    keyed(body, lines, (line) => (line.more ? `more ${line.key}` : `row ${line.key}`), (line) => (line.more ? makeMore(line) : make(line)));
  }
  return { element, update };
}

/** Names as people count: n2 before n10. */
const NAMES = new Intl.Collator("en", { numeric: true });

function compare(a, b) {
  if (a === b) return 0;
  if (a === null || a === undefined) return -1;
  if (b === null || b === undefined) return 1;
  if (typeof a === "string" && typeof b === "string") return NAMES.compare(a, b);
  return a < b ? -1 : 1;
}

/** The cell that opens a row: a name, and a smaller line under it. `read(row)` → [name, small]. */
function leading(head, read, more = {}) {
  return { head, lead: true, make: (cell, holder) => {
    const button = h("button", { type: "button", class: "plain opens", "aria-expanded": "false", onclick: () => holder.toggle() });
    const small = h("small");
    cell.append(h("div", { class: "two" }, button, small));
    return (row) => {
      const [name, under] = read(row);
      refill(button, name, () => said(name, 60));
      refill(small, under, () => (under ? said(under, 120) : ""));
    };
  }, ...more };
}

function meter(kind = "") {
  const inner = h("i"), element = h("span", { class: `meter ${kind}`, "aria-hidden": "true" }, inner);
  return [element, (share, tone = "") => {
    attribute(element, "class", `meter ${kind} ${tone}`);
    inner.style.width = `${Math.max(0, Math.min(1, share)) * 100}%`;
  }];
}

/** Facts as names and values. `read(row)` → [[name, value]]; a value is text or an element. */
function facts(read) {
  const list = h("dl", { class: "facts" });
  return [list, (row) => {
    const found = read(row).filter(([, value]) => value !== null && value !== undefined && value !== "");
    refill(list, JSON.stringify(found.map(([name, value]) => [name, value instanceof Node ? value.textContent : value])),
      () => found.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
  }];
}
