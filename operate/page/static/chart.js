// Lines, bars and sparklines, as SVG that is made once and changed in place.
const SHOWN = 120;

/** A line of the last values with the area under it. Returns [element, update(values)]. */
function sparkline(kind = "", wide = 96, high = 24) {
  const under = s("path", { class: "under" }), line = s("path");
  const element = s("svg", { class: `spark ${kind}`, viewBox: `0 0 ${wide} ${high}`, preserveAspectRatio: "none", "aria-hidden": "true" }, under, line);
  return [element, (values) => {
    const shown = (values ?? []).slice(-60);
    if (shown.length < 2) { attribute(line, "d", null); attribute(under, "d", null); return; }
    const top = Math.max(...shown, 1e-9), step = wide / 59, from = wide - step * (shown.length - 1);
    const points = shown.map((value, i) => `${(from + i * step).toFixed(1)} ${(high - 1.5 - (value / top) * (high - 4)).toFixed(1)}`);
    attribute(line, "d", `M${points.join("L")}`);
    attribute(under, "d", `M${from.toFixed(1)} ${high}L${points.join("L")}L${wide} ${high}Z`);
  }];
}

const BOX = { wide: 640, high: 172, left: 52, right: 8, top: 10, bottom: 22 };

function axis(format) {
  const rules = s("g"), marks = s("g");
  for (const share of [0, 0.5, 1]) {
    const y = BOX.high - BOX.bottom - share * (BOX.high - BOX.top - BOX.bottom);
    rules.append(s("line", { class: "rule", x1: BOX.left, x2: BOX.wide - BOX.right, y1: y, y2: y }));
    marks.append(s("text", { x: BOX.left - 8, y: y + 4, "text-anchor": "end" }));
  }
  const times = s("g", {}, s("text", { x: BOX.left, y: BOX.high - 4 }), s("text", { x: BOX.wide - BOX.right, y: BOX.high - 4, "text-anchor": "end" }, "now"));
  return [[rules, marks, times], (top, span) => {
    [0, 0.5, 1].forEach((share, i) => put(marks.children[i], format(share * top)));
    put(times.firstChild, span < 1 ? "" : `${seconds(span)} ago`);
  }];
}

const y = (share) => BOX.high - BOX.bottom - share * (BOX.high - BOX.top - BOX.bottom);

/** A top that is round, and not below what is shown. */
function roundTop(value, binary) {
  if (!(value > 0)) return 1;
  if (binary) return 2 ** Math.max(1, Math.ceil(Math.log2(value)));
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 4, 5, 10].find((step) => step * power >= value) * power;
}

function frameOf(title, legend, drawing) {
  const picture = s("svg", { class: "chart", viewBox: `0 0 ${BOX.wide} ${BOX.high}`, preserveAspectRatio: "none", role: "img", "aria-label": title }, ...drawing);
  // The box is as wide as its place is, so that letters keep their shape.
  new ResizeObserver(([entry]) => {
    if (!entry.contentRect.width) return;
    picture.wide = entry.contentRect.width;
    attribute(picture, "viewBox", `${BOX.wide - picture.wide} 0 ${picture.wide} ${BOX.high}`);
    picture.refresh?.();
  }).observe(picture);
  return [h("section", { class: "card third fresh" }, h("header", {}, h("h2", {}, title), legend), picture), picture];
}

/** Rates over the last two minutes as lines. `lines`: [[name, kind, values()]]. Returns [element, update]. */
function lineChart(title, lines, format) {
  const legend = h("ul", { class: "legend" }), values = [], paths = [];
  for (const [name, kind] of lines) {
    const value = h("b", {}, NONE);
    values.push(value);
    legend.append(h("li", {}, h("span", { class: `dot ${kind}` }), name, value));
    paths.push([s("path", { class: `area ${kind}` }), s("path", { class: `line ${kind}` })]);
  }
  const [parts, mark] = axis(format);
  const [element, picture] = frameOf(title, legend, [...parts, ...paths.flat()]);
  let drawn = [];
  const draw = () => {
    const left = BOX.wide - (picture.wide ?? BOX.wide);
    for (const rule of parts[0].children) attribute(rule, "x1", left + BOX.left);
    for (const text of parts[1].children) attribute(text, "x", left + BOX.left - 8);
    attribute(parts[2].firstChild, "x", left + BOX.left);
    const place = (i, count) => BOX.wide - BOX.right - ((count - 1 - i) * ((picture.wide ?? BOX.wide) - BOX.left - BOX.right)) / (SHOWN - 1);
    const top = roundTop(Math.max(...drawn.flat(), 0), format === bytes);
    drawn.forEach((series, i) => {
      const [area, line] = paths[i];
      if (series.length < 2) { attribute(line, "d", null); attribute(area, "d", null); return; }
      const points = series.map((value, j) => `${place(j, series.length).toFixed(1)} ${y(value / top).toFixed(1)}`);
      attribute(line, "d", `M${points.join("L")}`);
      attribute(area, "d", `M${points.join("L")}L${place(series.length - 1, series.length).toFixed(1)} ${y(0)}L${place(0, series.length).toFixed(1)} ${y(0)}Z`);
    });
    mark(top, (Math.max(0, ...drawn.map((series) => series.length)) - 1) * store.every);
  };
  picture.refresh = draw;
  return [element, (series) => {
    drawn = series.map((each) => (each ?? []).slice(-SHOWN));
    drawn.forEach((each, i) => put(values[i], each.length ? format(each[each.length - 1]) : NONE));
    draw();
  }];
}

/** Counts by reason as bars that stand on each other, a bar for each few seconds. Returns [element, update(failures)]. */
function barChart(title, empty) {
  const legend = h("ul", { class: "legend" }), bars = s("g"), note = s("text", { "text-anchor": "middle", y: BOX.high / 2 });
  const [parts, mark] = axis((value) => number(value, 0));
  const [element, picture] = frameOf(title, legend, [...parts, bars, note]);
  const GROUP = 5, COLUMNS = SHOWN / GROUP;
  let columns = [], totals = {};
  const draw = () => {
    const wide = picture.wide ?? BOX.wide, left = BOX.wide - wide, step = (wide - BOX.left - BOX.right) / COLUMNS;
    for (const rule of parts[0].children) attribute(rule, "x1", left + BOX.left);
    for (const text of parts[1].children) attribute(text, "x", left + BOX.left - 8);
    attribute(parts[2].firstChild, "x", left + BOX.left);
    attribute(note, "x", left + (wide + BOX.left) / 2);
    const top = roundTop(Math.max(2, ...columns.map((column) => sum(Object.values(column)))));
    const pieces = [];
    columns.forEach((column, i) => {
      let foot = 0;
      for (const [reason, count] of Object.entries(column).sort()) {
        const at = BOX.wide - BOX.right - (columns.length - i) * step;
        pieces.push({ key: `${i} ${reason}`, reason, x: at + 1, wide: Math.max(1, step - 2), y: y((foot + count) / top), high: y(foot / top) - y((foot + count) / top) });
        foot += count;
      }
    });
    keyed(bars, pieces, (piece) => piece.key, (first) => {
      const bar = s("rect", { class: `bar ${reasonColour(first.reason)}`, rx: 1.5 });
      return [bar, (piece) => { for (const [name, value] of [["x", piece.x], ["y", piece.y], ["width", piece.wide], ["height", piece.high]]) attribute(bar, name, value.toFixed(1)); }];
    });
    put(note, pieces.length ? "" : empty);
    mark(top, columns.length * GROUP * store.every);
  };
  picture.refresh = draw;
  return [element, (failures) => {
    // Groups stand still and move on as a whole, or the bars would tremble.
    const shown = failures.slice(-SHOWN), first = (failures.offset ?? 0) + failures.length - shown.length;
    columns = []; totals = {};
    let group = null;
    shown.forEach((each, i) => {
      const name = Math.floor((first + i) / GROUP);
      if (name !== group) { columns.push({}); group = name; }
      const column = columns[columns.length - 1];
      for (const [reason, count] of Object.entries(each.grown)) {
        column[reason] = (column[reason] ?? 0) + count;
        totals[reason] = (totals[reason] ?? 0) + count;
      }
    });
    columns = columns.slice(-COLUMNS);
    const told = Object.entries(totals).sort(([, a], [, b]) => b - a).slice(0, 6);
    refill(legend, JSON.stringify(told), () => told.map(([reason, count]) => h("li", {}, h("span", { class: `dot ${reasonColour(reason)}` }), said(words(reason)), h("b", {}, number(count)))));
    draw();
  }];
}

const reasons = new Map();
function reasonColour(reason) {
  if (!reasons.has(reason)) reasons.set(reason, [5, 2, 3, 4, 7, 6, 1, 0][reasons.size % 8]);
  return `k${reasons.get(reason)}`;
}
