// What is asked goes by fetch; what happens comes as events. All text is set as text, so none can become markup.
const MOST_EVENTS = 100;
const $ = (id) => document.getElementById(id);
const jobs = new Map();

async function start(below) {
  const answer = await fetch("jobs", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ below }),
  });
  const body = await answer.json();
  return { status: answer.status, detail: typeof body.detail === "string" ? body.detail : "" };
}

function say(text, bad = false) {
  $("said").textContent = text;
  $("said").className = bad ? "bad" : "";
}

function note(text) {
  const item = document.createElement("li");
  item.textContent = `${new Date().toLocaleTimeString()}  ${text}`;
  $("events").prepend(item);
  while ($("events").children.length > MOST_EVENTS) $("events").lastChild.remove();
}

function element(tag, className, text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

// One row for each job, made once and changed in place: what somebody is about to click on stays where it is.
class Row {
  constructor(job) {
    this.item = element("li", "");
    this.how = element("span", "how");
    this.bar = document.createElement("progress");
    this.bar.max = 100;
    this.bar.setAttribute("aria-label", `below ${job.below}`);
    this.cancel = element("button", "quiet", "Cancel");
    this.cancel.addEventListener("click", () => fetch(`jobs/${job.id}`, { method: "DELETE" }));
    this.item.append(element("span", "what", `below ${job.below.toLocaleString()}`), this.cancel, this.bar, this.how);
  }

  show(job) {
    this.how.textContent = {
      waiting: "waits for a worker",
      running: `${job.percent} % by ${job.worker}`,
      done: `${(job.result ?? 0).toLocaleString()} primes, by ${job.worker}`,
      cancelled: `cancelled at ${job.percent} %`,
      failed: job.text,
    }[job.state];
    this.bar.value = job.percent;
    this.item.className = job.state;
    this.cancel.hidden = job.state !== "running" && job.state !== "waiting";
    if (this.state !== job.state) note(`job ${job.id} is ${job.state}`);
    this.state = job.state;
  }
}

function show(job) {
  let row = jobs.get(job.id);
  if (!row) {
    row = new Row(job);
    jobs.set(job.id, row);
    $("jobs").prepend(row.item);
  }
  row.show(job);
  $("none").hidden = true;
}

$("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const { status, detail } = await start($("below").valueAsNumber);
  say(status === 202 ? "A worker has it." : `${status}: ${detail}`, status !== 202);
});

$("flood").addEventListener("click", async () => {
  const below = $("below").valueAsNumber;
  const answers = await Promise.all(Array.from({ length: 10 }, () => start(below)));
  const refused = answers.filter(({ status }) => status === 503);
  const why = refused.length ? ` with 503: ${refused[0].detail}` : "";
  say(`${answers.length - refused.length} taken, ${refused.length} refused${why}`, refused.length > 0);
});

const events = new EventSource("events");
events.addEventListener("job", (event) => show(JSON.parse(event.data)));
events.addEventListener("workers", (event) => {
  const count = JSON.parse(event.data);
  $("state").textContent = count === 1 ? "1 worker" : `${count} workers`;
  $("state").className = count ? "pill good" : "pill bad";
  note(`${count} workers are there`);
});
events.addEventListener("open", () => {
  for (const { item } of jobs.values()) item.remove(); // all of them come again
  jobs.clear();
});
events.addEventListener("error", () => {
  $("state").textContent = "not connected";
  $("state").className = "pill bad";
});
