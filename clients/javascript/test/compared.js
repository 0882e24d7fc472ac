/** For a test of the Python side: of each line [ours, theirs], in hex, what `compare` says of our messages. */

import { readFileSync } from "node:fs";

import { compare } from "../src/on-demand/reading.js";
import { unpack } from "../src/wire/msgpack.js";

const said = (line) => {
  const { numbers, refused, unread } = compare(...line.split(" ").map((hex) => unpack(Buffer.from(hex, "hex"))));
  return JSON.stringify([numbers, Object.keys(refused).sort(), Object.keys(unread).sort()]);
};

console.log(readFileSync(process.argv[2], "utf8").split("\n").map(said).join("\n"));
