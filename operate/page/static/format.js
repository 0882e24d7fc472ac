// Numbers, sizes and times as people read them.
const NONE = "–";

function number(value, digits = 1) {
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE;
  const size = Math.abs(value);
  if (size >= 1e9) return `${(value / 1e9).toFixed(1)} G`;
  if (size >= 1e6) return `${(value / 1e6).toFixed(1)} M`;
  if (size >= 1e4) return `${(value / 1e3).toFixed(1)} k`;
  if (Number.isInteger(value) || size >= 100) return String(Math.round(value));
  return value.toFixed(size < 0.1 && size > 0 ? 2 : digits);
}

function bytes(value) {
  if (value === null || value === undefined) return NONE;
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) { value /= 1024; unit += 1; }
  return `${unit && value < 100 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

function seconds(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE;
  if (value === 0) return "0 s";
  if (value < 0.000_95) return `${Math.max(1, Math.round(value * 1e6))} µs`;
  if (value < 0.0995) return `${(value * 1e3).toFixed(1)} ms`;
  if (value < 0.9995) return `${Math.round(value * 1e3)} ms`;
  if (value < 60) return `${value.toFixed(1)} s`;
  if (value < 3600) return `${Math.floor(value / 60)} min ${Math.floor(value % 60)} s`;
  if (value < 86_400) return `${Math.floor(value / 3600)} h ${Math.floor((value % 3600) / 60)} min`;
  return `${Math.floor(value / 86_400)} d ${Math.floor((value % 86_400) / 3600)} h`;
}

/** A time of the calendar (seconds since 1970), as the clock on the wall. */
function clock(at) {
  return new Date(at * 1000).toLocaleTimeString("en-GB", { hour12: false });
}

function short(id) {
  return id && /^[0-9a-f]{64}$/.test(id) ? id.slice(0, 8) : (id ?? "");
}

function plural(count, noun, many = `${noun}s`) {
  return `${number(count)} ${count === 1 ? noun : many}`;
}

const words = (name) => name.replace(/_/g, " ");

const sum = (values) => { let total = 0; for (const value of values) total += value; return total; };

/** The value below which that share of a histogram's samples lies: the upper bound of its bucket; null without any. */
function quantile(histogram, share) {
  if (!histogram) return null;
  const all = sum(histogram.counts);
  if (!all) return null;
  let seen = 0;
  for (let i = 0; i < histogram.counts.length; i += 1) {
    seen += histogram.counts[i];
    if (seen >= share * all) return histogram.bounds[i] ?? Infinity;
  }
  return Infinity;
}

const atMost = (value) => (value === null ? NONE : value === Infinity ? "> 10 s" : `≤ ${seconds(value)}`);
