// A host of js-libp2p, for tests. It answers lines of JSON on its standard input, in order, with lines of JSON:
//   {"do": "dial", "to": multiaddr}                        {"remote": peer id, "agent", "protocols"}: what identify said
//   {"do": "ping"}                                         {"ms"}
//   {"do": "open", "protocol"}                             {}
//   {"do": "echo", "size"}                                 {"same": true}: all that was sent on the stream came back
//   {"do": "close" | "abort"}                              {}: the stream
// Whatever fails answers {"error": name, "text"}. It echoes each stream of the protocol that it is given as its argument.
import './withresolvers.mjs'
import { createInterface } from 'node:readline'
import { createLibp2p } from 'libp2p'
import { tcp } from '@libp2p/tcp'
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { identify } from '@libp2p/identify'
import { ping } from '@libp2p/ping'
import { multiaddr } from '@multiformats/multiaddr'

const TIME = () => ({ signal: AbortSignal.timeout(20_000) })
const say = (said) => process.stdout.write(JSON.stringify(said) + '\n')

const host = await createLibp2p({
  addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
  transports: [tcp()],
  connectionEncrypters: [noise()],
  streamMuxers: [yamux()],
  services: { identify: identify({ runOnConnectionOpen: false }), ping: ping() },
})

await host.handle(process.argv[2], async (stream) => {
  for await (const data of stream) {
    if (!stream.send(data)) await stream.onDrain(TIME())
  }
  await stream.close(TIME())
})

let connection, stream

async function echo(size) {
  const sent = Uint8Array.from({ length: size }, (_, at) => (at * 7) & 255)
  const back = new Uint8Array(size)
  let filled = 0
  const reading = (async () => {
    while (filled < size) {
      const { value, done } = await incoming.next()
      if (done) throw new Error(`the stream ended behind ${filled} bytes`)
      back.set(value.subarray(), filled)
      filled += value.byteLength
    }
  })()
  for (let at = 0; at < size; at += 65_536) {
    if (!stream.send(sent.subarray(at, at + 65_536))) await stream.onDrain(TIME())
  }
  await reading
  return { same: Buffer.compare(sent, back) === 0 }
}

let incoming
const does = {
  async dial({ to }) {
    connection = await host.dial(multiaddr(to), TIME())
    const said = await host.services.identify.identify(connection, TIME())
    return { remote: connection.remotePeer.toString(), agent: said.agentVersion, protocols: said.protocols }
  },
  async ping() {
    return { ms: await host.services.ping.ping(connection.remotePeer, TIME()) }
  },
  async open({ protocol }) {
    stream = await connection.newStream(protocol, TIME())
    incoming = stream[Symbol.asyncIterator]()
    return {}
  },
  echo: ({ size }) => echo(size),
  async close() {
    await stream.close(TIME())
    return {}
  },
  async abort() {
    stream.abort(new Error('on purpose'))
    return {}
  },
}

say({ listening: host.getMultiaddrs()[0].toString() })
for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line)
  try {
    say(await does[asked.do](asked))
  } catch (error) {
    say({ error: error.name, text: String(error.message) })
  }
}
process.exit(0)
