// A gateway: HTTP on one side, a member of the network on the other. GET /greet/Ada asks whoever offers `greeter`;
// GET /rows/1/100 reads a stream of whoever offers `table`, and passes each row on when it has come.
//     peerbus schema show greeter:Greeter long_jobs:Table --json > schema.json
//     node gateway.mjs 8000 tcp://127.0.0.1:7400 tcp://127.0.0.1:7401

import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { Channel, SendError, join, message, role } from "peerbus";

const [port, ...peers] = process.argv.slice(2);
const schema = JSON.parse(readFileSync("schema.json"));
const [greeter, table] = ["greeter", "table"].map((name) => Channel.from(schema, name));
const node = await join({ name: "gateway", network: "start", peers });
const STATUS = { no_peer: 503, not_sent: 503, deadline: 504 };

const routes = {
  async greet(response, name) {
    const greeting = await node.ask(role("greeter"), greeter, message("Hello", { name }), { timeout: 1000 });
    response.end(`${greeting}\n`);
  },
  async rows(response, first, last) {
    const wanted = message("Export", { first: Number(first), last: Number(last) });
    const gone = new AbortController();
    response.on("close", () => gone.abort()); // whoever reads has gone away, or has it all
    const { signal } = gone;
    for await (const { number, square } of node.stream(role("table"), table, wanted, { idle: 5000, signal }))
      if (!response.write(`${number} ${square}\n`)) await once(response, "drain", { signal });
    response.end();
  },
};

const server = createServer(async (request, response) => {
  const [, what, ...rest] = new URL(request.url, "http://localhost").pathname.split("/").map(decodeURIComponent);
  const answer = (status, text) => response.writeHead(status, { "content-type": "text/plain" }).end(`${text}\n`);
  const route = request.method === "GET" && Object.hasOwn(routes, what) ? routes[what] : null;
  if (!route) return answer(404, "GET /greet/NAME or /rows/FIRST/LAST");
  try {
    await route(response, ...rest);
  } catch (error) {
    // Behind the first rows there is no status any more: that it breaks off is what the browser sees.
    if (response.headersSent || response.destroyed) response.destroy();
    else answer(error instanceof SendError ? (STATUS[error.code] ?? 502) : 500, `${error.code}: ${error.message}`);
  }
});

server.listen(Number(port), "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}/greet/Ada`));
process.on("SIGTERM", async () => {
  server.close();
  await node.close();
});
