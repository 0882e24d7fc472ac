import { createLibp2p } from "libp2p";
import { tcp } from "@libp2p/tcp";
import { noise } from "@chainsafe/libp2p-noise";
import { yamux } from "@chainsafe/libp2p-yamux";

const host = () =>
  createLibp2p({
    addresses: { listen: ["/ip4/127.0.0.1/tcp/0"] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
  });

const read = async (stream) => {
  let text = "";
  for await (const data of stream) text += Buffer.from(data.subarray()).toString();
  return text;
};

const [alice, bob] = [await host(), await host()];
await alice.handle("/greet/1", async (stream) => {
  stream.send(Buffer.from(`hello ${await read(stream)}`)); // what a message is, and where it ends, is yours to say
  await stream.close();
});

const stream = await bob.dialProtocol(alice.getMultiaddrs(), "/greet/1");
stream.send(Buffer.from("Ada"));
await stream.close();
console.log(await read(stream));
await Promise.all([alice.stop(), bob.stop()]);
