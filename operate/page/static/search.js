// Looking through all of a kind, where a picture lists only the foremost: the node itself is asked, for as long as something is looked for.
const TYPING = 250;
const LOOK_AGAIN = 2_000;
const FOUND_AT_MOST = 200;

/** `what`: peers or actors; `redraw` is called when others are found. Returns {look(node, query), end()}. */
function searcher(what, redraw) {
  let wanted = "", about = null, found = null, timer = null, asked = 0;

  async function ask() {
    const mine = (asked += 1), node = about;
    let answer = null;
    try { answer = await call("GET", at(node, `/${what}?${wanted}&limit=${FOUND_AT_MOST}`)); } catch { /* it is lost, which the page says */ }
    if (mine !== asked) return;
    found = answer ?? found;
    timer = setTimeout(ask, LOOK_AGAIN);
    redraw();
  }

  return {
    /** What that node has that is like it: null where nothing is looked for, or is not there yet. `query`: {match: "arch"}. */
    look(node, query) {
      const next = new URLSearchParams(Object.entries(query).filter(([, value]) => value)).toString();
      if (next !== wanted || node !== about) {
        [wanted, about, found] = [next, node, null];
        asked += 1;
        clearTimeout(timer);
        timer = next ? setTimeout(ask, TYPING) : null;
      }
      return found;
    },
    end() { asked += 1; clearTimeout(timer); },
  };
}
