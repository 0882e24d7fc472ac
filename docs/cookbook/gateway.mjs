// A gateway: HTTP on one side, a member of the network on the other. GET /greet/Ada asks whoever offers `greeter`.
//     peerbus schema show greeter:Greeter --json > schema.json
//     node gateway.mjs tcp://127.0.0.1:7400 8000

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { Channel, SendError, join, message, role } from "peerbus";

const [peer, port] = process.argv.slice(2);
const greeter = Channel.from(JSON.parse(readFileSync("schema.json")), "greeter");
const node = await join({ name: "gateway", network: "start", peers: [peer] });
const STATUS = { no_peer: 503, not_sent: 503, deadline: 504 };

const server = createServer(async (request, response) => {
  const [, what, name] = new URL(request.url, "http://localhost").pathname.split("/").map(decodeURIComponent);
  const answer = (status, text) => response.writeHead(status, { "content-type": "text/plain" }).end(`${text}\n`);
  if (request.method !== "GET" || what !== "greet" || !name) return answer(404, "GET /greet/NAME");
  try {
    answer(200, await node.ask(role("greeter"), greeter, message("Hello", { name }), { timeout: 1000 }));
  } catch (error) {
    if (!(error instanceof SendError)) throw error;
    answer(STATUS[error.code] ?? 502, `${error.code}: ${error.message}`);
  }
});

server.listen(Number(port), "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}/greet/Ada`));
process.on("SIGTERM", async () => {
  server.close();
  await node.close();
});
