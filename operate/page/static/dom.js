// Elements are made here and nowhere else. Text is set as text, so that nothing which a peer says becomes part of the page.
const SVG = "http://www.w3.org/2000/svg";

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** An element of HTML: `h("p", {class: "soft"}, "text", another)`. */
function h(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** An element of SVG. */
function s(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

/** Text of somebody else: it neither turns round what stands beside it nor hides what it is. */
function said(text, most = 200) {
  const plain = String(text ?? "").replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g, "·");
  return h("bdi", {}, plain.length > most ? `${plain.slice(0, most)}…` : plain);
}

/** Put text there, if it is another. */
function put(element, text) {
  const wanted = String(text);
  if (element.textContent !== wanted) element.textContent = wanted;
}

/** Set an attribute, if it is another; null takes it away. */
function attribute(element, name, value) {
  if (value === null || value === undefined || value === false) {
    if (element.hasAttribute(name)) element.removeAttribute(name);
  } else if (element.getAttribute(name) !== String(value)) {
    element.setAttribute(name, String(value));
  }
}

/** Replace what is in there, if `signature` is another than the last time. */
function refill(element, signature, make) {
  if (element.signature === signature) return;
  element.signature = signature;
  element.replaceChildren(...[make()].flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
}

/**
 * One child for each item, in their order, kept as long as its key is there. `make(item)` returns [element, update];
 * `update(item)` is called each time.
 */
function keyed(parent, items, key, make) {
  const known = (parent.known ??= new Map());
  const used = new Set();
  let place = parent.firstChild;
  for (const item of items) {
    const name = key(item);
    if (used.has(name)) continue;
    used.add(name);
    let child = known.get(name);
    if (!child) {
      const [element, update] = make(item);
      child = { element, update };
      known.set(name, child);
    }
    child.update(item);
    if (child.element === place) place = place.nextSibling;
    else parent.insertBefore(child.element, place);
  }
  for (const [name, child] of known) {
    if (!used.has(name)) {
      child.element.remove();
      known.delete(name);
    }
  }
}

const ICONS = {
  overview: "M3 13h6V3H3zm8 8h6V11h-6zM3 21h6v-5H3zm8-18v5h6V3z",
  map: "M5 7a2 2 0 1 0 0-4 2 2 0 0 0 0 4zm10 2a2 2 0 1 0 0-4 2 2 0 0 0 0 4zm-6 10a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM6.8 5.4l6.4 1.2M6 6.8l2.4 8.4M14 8.8l-4 6.6",
  peers: "M7 10a3 3 0 1 0 0-6 3 3 0 0 0 0 6zm-5 7c0-3 2.2-5 5-5s5 2 5 5m1-7.4a2.6 2.6 0 1 0-.6-5.1M14 12.2c2.3.3 4 2.1 4 4.8",
  channels: "M3 6h9m3 0h2M3 11h2m3 0h9M3 16h11m3 0h0M13.5 4v4m-7 1v4m9 1v4",
  actors: "M4 4h5v5H4zm7 0h5v5h-5zM4 12h5v5H4zm7 2.5h5M13.500 12v5",
  work: "M10 13.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6zm0-10v2m0 10v2m7-7h-2m-10 0h-2m12-5-1.4 1.4M6.4 14.100 5 15.500m10 0-1.4-1.4M6.4 6.900 5 5.500",
  waits: "M6 3h8M6 18h8M7 3c0 5 6 4.500 6 7.500S7 13 7 18m6-15c0 5-6 4.500-6 7.500S13 13 13 18",
  events: "M4 5h12M4 9h12M4 13h8M4 17h5",
};

function icon(name) {
  return s("svg", { viewBox: "0 0 20 22", "aria-hidden": "true", fill: "none", stroke: "currentColor", "stroke-width": 1.6, "stroke-linecap": "round", "stroke-linejoin": "round" },
    s("path", { d: ICONS[name] }));
}
