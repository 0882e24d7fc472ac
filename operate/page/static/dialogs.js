// What asks before it does something, and what says that it is done.

/** Tell those who see and those who hear. */
function tell(text) {
  document.querySelector(".toast")?.remove();
  const toast = h("div", { class: "toast" }, said(text, 300));
  document.body.append(toast);
  setTimeout(() => toast.remove(), 5_000);
  speak(text);
}

function speak(text) {
  put(document.getElementById("said"), text);
}

/**
 * Ask before a lever is pulled. `fields`: {name, label, value, options: [[value, text]]}; `run(values)` does it, and what it
 * raises is shown where it was asked.
 */
function confirm({ title, text, fields = [], action, danger = false, run, done }) {
  const failed = h("p", { class: "failed", role: "alert" });
  const inputs = fields.map((field) => [field, field.options
    ? h("select", { class: "field", name: field.name }, field.options.map(([value, label]) => h("option", { value, selected: value === field.value }, label)))
    : h("input", { class: "field", name: field.name, value: field.value ?? "", placeholder: field.placeholder, required: field.required, type: field.type ?? "text", step: field.type === "number" ? "any" : null, autocomplete: "off", spellcheck: "false" })]);
  const go = h("button", { class: `button primary ${danger ? "danger" : ""}`, type: "submit" }, action);
  const back = h("button", { class: "button", type: "button", onclick: () => dialog.close() }, "Cancel");
  const form = h("form", {}, h("h2", { id: "asked" }, title), text ? h("p", {}, text) : null,
    inputs.map(([field, input]) => h("label", {}, field.label, input)), failed, h("div", { class: "buttons" }, back, go));
  const dialog = h("dialog", { "aria-labelledby": "asked" }, form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    go.disabled = true;
    put(failed, "");
    try {
      await run(Object.fromEntries(inputs.map(([field, input]) => [field.name, input.value.trim()])));
      dialog.close();
      tell(done);
    } catch (error) {
      put(failed, error instanceof Refused ? error.message : "Nobody answers: the node or the server has gone.");
      go.disabled = false;
    }
  });
  show(dialog, danger ? back : (inputs[0]?.[1] ?? go));
}

function show(dialog, first) {
  const from = document.activeElement;
  dialog.addEventListener("close", () => { dialog.remove(); from?.isConnected && from.focus(); });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  document.body.append(dialog);
  dialog.showModal();
  first?.focus();
}

const part = (text) => encodeURIComponent(text);
const at = (node, path) => `${node.base}/v1${path}`;

const FOR = [["600", "10 minutes"], ["3600", "an hour"], ["86400", "a day"], ["", "for ever"]];

const levers = {
  ban(node, target, name) {
    confirm({
      title: `Ban ${name}?`, danger: true, action: "Ban", done: `${name} is banned`,
      text: h("span", {}, "Its connection ends, and ", said(node.name), " has nothing to do with it until the ban is over."),
      fields: [{ name: "seconds", label: "For", value: "3600", options: FOR }, { name: "reason", label: "Why", value: "operator" }],
      run: ({ seconds: time, reason }) => call("PUT", at(node, `/bans/${part(target)}`), { seconds: time ? Number(time) : null, reason: reason || "operator" }),
    });
  },
  banAny(node) {
    confirm({
      title: "Ban a node or a network", danger: true, action: "Ban", done: "The ban is in force",
      fields: [{ name: "target", label: "Node id, address or network", placeholder: "10.1.0.0/16", required: true }, { name: "seconds", label: "For", value: "3600", options: FOR }, { name: "reason", label: "Why", value: "operator" }],
      run: ({ target, seconds: time, reason }) => call("PUT", at(node, `/bans/${part(target)}`), { seconds: time ? Number(time) : null, reason: reason || "operator" }),
    });
  },
  unban(node, target) {
    confirm({ title: `Lift the ban of ${short(target)}?`, action: "Lift the ban", done: "The ban is lifted", run: () => call("DELETE", at(node, `/bans/${part(target)}`)) });
  },
  disconnect(node, id, name) {
    confirm({
      title: `Part with ${name}?`, danger: true, action: "Disconnect", done: `${name} was told to go`,
      text: "It may come back: a ban keeps it away.",
      fields: [{ name: "reason", label: "Why", value: "operator" }],
      run: ({ reason }) => call("DELETE", at(node, `/peers/${part(id)}`), { reason: reason || "operator" }),
    });
  },
  dialPeer(node, id, name) {
    confirm({ title: `Dial ${name} now?`, action: "Dial", done: `${name} is dialed`, run: () => call("POST", at(node, "/dials"), { to: id }) });
  },
  dial(node) {
    confirm({
      title: "Dial", action: "Dial", done: "It is dialed", text: "A connection to an endpoint is kept from now on; a known peer is dialed once.",
      fields: [{ name: "to", label: "Endpoint, or the id of a known peer", placeholder: "tcp://10.0.0.2:7400", required: true }],
      run: ({ to }) => call("POST", at(node, "/dials"), { to }),
    });
  },
  score(node, peer, name) {
    confirm({
      title: `Rank of ${name}`, action: "Set", done: `${name} has its rank`, text: "Empty: what it earned counts again.",
      fields: [{ name: "score", label: "Score", type: "number", value: peer.fixed_score ?? "" }],
      run: ({ score }) => (score === "" ? call("DELETE", at(node, `/peers/${part(peer.node_id)}/score`)) : call("PUT", at(node, `/peers/${part(peer.node_id)}/score`), { score: Number(score) })),
    });
  },
  resize(node, pool) {
    confirm({
      title: `Members of ${pool.name}`, action: "Resize", done: `${pool.name} has its new size`, text: `${number(pool.lower)} to ${number(pool.upper)}. Members that leave handle what they have got.`,
      fields: [{ name: "members", label: "Members", type: "number", value: String(pool.size), required: true }],
      run: ({ members }) => call("PUT", at(node, `/pools/${part(pool.name)}`), { members: Number(members) }),
    });
  },
  drain(node) {
    confirm({
      title: `Empty ${node.name}?`, danger: true, action: "Drain", done: `${node.name} is being emptied`, text: "It parts with its peers in order, and lets nobody in until you say so.",
      fields: [{ name: "within", label: "Seconds for what is under way", type: "number", value: "5", required: true }],
      run: ({ within }) => call("PUT", at(node, "/drain"), { within: Number(within) }),
    });
  },
  undrain(node) {
    confirm({ title: `Let peers in at ${node.name} again?`, action: "Let peers in", done: `${node.name} lets peers in again`, run: () => call("DELETE", at(node, "/drain")) });
  },
};

/** A button that pulls a lever; none where this place is for looking only. */
function leverButton(label, pull, { danger = false, small = true, says } = {}) {
  return h("button", { type: "button", class: `button ${small ? "small" : ""} ${danger ? "danger" : ""} lever`, onclick: pull, "aria-label": says, disabled: !store.write, title: store.write ? null : "This place is for looking only" }, label);
}
