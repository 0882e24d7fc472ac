// The way to the server: one session, requests with its key, and streams that say when they have gone silent.
const SILENCE = 3_000;
const STORED = "peerbus.key";

class Refused extends Error {
  constructor(status, word, text) { super(text || word); this.status = status; this.word = word; }
}

const session = { key: null };

function remember(key) {
  session.key = key;
  try { key === null ? localStorage.removeItem(STORED) : localStorage.setItem(STORED, key); } catch { /* this tab only */ }
}

function headers(more = {}) {
  return session.key ? { "X-Peerbus-Key": session.key, ...more } : more;
}

/** Ask once. Raises Refused with what the server says, or TypeError where nobody answers. */
async function call(verb, path, body, more = {}) {
  const given = body === undefined ? {} : { body: JSON.stringify(body) };
  const kind = body === undefined ? {} : { "Content-Type": "application/json" };
  const answer = await fetch(path, { method: verb, headers: headers({ ...kind, ...more }), cache: "no-store", credentials: "same-origin", ...given });
  const text = await answer.text();
  let value = null;
  try { value = JSON.parse(text); } catch { /* no JSON */ }
  if (!answer.ok) throw new Refused(answer.status, value?.error ?? "failed", value?.text ?? `the server answers ${answer.status}`);
  return value;
}

/** Come in with what the address bar brings, or with what this browser has. Returns the session, or raises Refused. */
async function comeIn() {
  const ticket = new URLSearchParams(location.hash.slice(1)).get("ticket");
  if (ticket) {
    history.replaceState(null, "", location.pathname);
    const made = await call("POST", "/session", { ticket });
    remember(made.key);
    return made;
  }
  try { session.key = localStorage.getItem(STORED); } catch { session.key = null; }
  return await call("GET", "/session");
}

async function signIn(token) {
  const made = await call("POST", "/session", {}, { Authorization: `Bearer ${token}` });
  remember(made.key);
  return made;
}

/** Server-sent events (WHATWG HTML 9.2), by fetch: it can send the key, and a server that says nothing is noticed. */
async function* streamed(path, quiet = SILENCE, signal) {
  const ended = new AbortController();
  const stop = () => ended.abort();
  signal?.addEventListener("abort", stop);
  let timer = setTimeout(stop, quiet + 2_000);
  try {
    const answer = await fetch(path, { headers: headers({ Accept: "text/event-stream" }), cache: "no-store", credentials: "same-origin", signal: ended.signal });
    if (!answer.ok) {
      const value = await answer.json().catch(() => null);
      throw new Refused(answer.status, value?.error ?? "failed", value?.text ?? `the server answers ${answer.status}`);
    }
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let kept = "";
    for (;;) {
      const { value, done } = await reader.read();
      clearTimeout(timer);
      if (done) return;
      timer = setTimeout(stop, quiet);
      kept += value;
      const blocks = kept.split("\n\n");
      kept = blocks.pop();
      for (const block of blocks) {
        const found = { event: "message", data: "", id: null };
        for (const line of block.split("\n")) {
          const at = line.indexOf(":");
          if (at > 0) found[line.slice(0, at)] = line.slice(at + 1).trimStart();
        }
        if (found.data) yield found;
      }
    }
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
    ended.abort();
  }
}

const pause = (time, signal) => new Promise((resolve) => {
  const timer = setTimeout(resolve, time);
  signal?.addEventListener("abort", () => { clearTimeout(timer); resolve(); }, { once: true });
});

/** Follow a stream for as long as `signal` lets: again and again, each second, where it ends. */
async function follow(path, hear, ended, signal, quiet) {
  while (!signal.aborted) {
    try {
      for await (const event of streamed(path(), quiet, signal)) hear(event);
      if (!signal.aborted) ended(null);
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Refused && error.status === 401) return void ended(error);
      ended(error);
    }
    await pause(1_000, signal);
  }
}
