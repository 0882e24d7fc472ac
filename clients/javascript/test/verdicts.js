/** For a test of the Python side: of each line of hex in a file, the frame that it is, "skip", or the word that refuses it. */

import { readFileSync } from "node:fs";

import { decode } from "../src/wire/frames.js";

const verdict = (line) => {
  try {
    return decode(Buffer.from(line, "hex"))?.[0] ?? "skip";
  } catch (error) {
    return error.name === "ProtocolError" ? error.code : `${error}`;
  }
};

console.log(readFileSync(process.argv[2], "utf8").split("\n").map(verdict).join("\n"));
