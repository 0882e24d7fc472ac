/** What one peer sends to the channels that are served here: its credit, and the jobs of its asks. */

import { MAX_STREAMS } from "./asking.js";
import { typeOf } from "./channel.js";
import { ProtocolError, SendError, codeOf } from "./wire/errors.js";
import { IN_ITEMS, WITH_ITEMS, body, cut } from "./wire/frames.js";
import { ItemsIn, ItemsOut } from "./wire/items.js";
import { Window, laneOf } from "./wire/lanes.js";

const LARGEST = 16; // times what was announced: a window grows to no more
const OVER = new SendError("stream_ended", "the ask that the items belong to is over");

/**
 * A message that has come, of `size` bytes; `rid` is 0 for one that was told. `incoming`, `outgoing`: items that come with
 * it, and go back.
 */
class Job {
  controller = new AbortController(); // aborted when nobody waits for the answer any more

  constructor(serving, lane, arrived) {
    Object.assign(this, { serving, lane, ...arrived });
  }

  /** Its type says that it may be answered in items. Raises: ProtocolError for more credit than there may be. */
  open() {
    const { type, lane, rid, serving: { connection } } = this;
    this.outgoing = new ItemsOut(connection, 2 * lane.index + 1, rid);
    this.outgoing.granted(2 ** ((type >>> 8) & 31), 2 ** ((type >>> 13) & 31));
    const read = (number, payload) => lane.service.channel.read(number, payload);
    if (type & WITH_ITEMS) this.incoming = new ItemsIn(connection, 2 * lane.index, rid, { read });
    this.type = type & 255;
    lane.streams += 1;
  }

  /** Whether its time is over, of which its sender hears then. */
  late(code, text) {
    if (Date.now() <= this.until) return false;
    this.fail(code, text);
    return true;
  }

  /** Answer: with a message of the channel, a plain value, or items. */
  answer(value) {
    const { rid, outgoing, incoming, lane: { index }, serving: { outbox } } = this;
    if (typeof value?.[Symbol.asyncIterator] === "function") return this.#stream(value);
    if (rid === 0 || this.late("deadline_handler", "the time was over before the answer")) return undefined;
    if (outgoing && !incoming) return this.fail("answer_type", "it is answered with one value: ask for it");
    const found = this.#written(value);
    if (found && this.#over()) outbox.add(2 * index + 1, body("REPLY", index, [[rid, ...found]]));
    return outgoing?.stop(OVER);
  }

  /** Each item as soon as the asker has room for it; beside what its channel handles meanwhile. */
  async #stream(items) {
    const { rid, outgoing } = this;
    try {
      if (!outgoing) await items.return?.(); // of what nobody reads
      if (!outgoing) return rid > 0 ? this.fail("answer_type", "it is answered in items: stream it") : undefined;
      for await (const item of items) {
        const late = this.late("deadline_handler", "the time was over before the last item");
        const found = late ? null : this.#written(item);
        if (!found) break;
        await outgoing.send(...found);
      }
      if (this.#over()) outgoing.finish();
    } catch (error) {
      this.threw(error);
    }
    return undefined;
  }

  #written(value) {
    const { service, info } = this.lane;
    try {
      return service.channel.written(value, info.max_message);
    } catch (error) {
      return void this.fail(error.code === "too_large" ? "answer_too_large" : "answer_type", error.message);
    }
  }

  /** Its handler has thrown. */
  threw(error) {
    const { serving: { connection }, lane: { service } } = this;
    if (this.rid > 0) this.fail(codeOf(error), String(error?.message ?? error));
    else connection.host.say("failed", error, { channel: service.channel.name, type: typeOf(this.message) });
  }

  /** It was not handled, or comes to nothing: its sender hears so, behind the items that have gone. */
  fail(code, text) {
    const { rid, sequence, outgoing, lane: { index }, serving: { outbox } } = this;
    if (rid > 0 && !this.#over()) return;
    const why = [cut(code, 64), cut(text, 1024)];
    if (outgoing?.sent > 0) outgoing.finish(...why);
    else outbox.now("ERROR", rid, index, sequence, ...why);
    outgoing?.stop(OVER);
  }

  /** Nobody waits for its answer any more. */
  cancel() {
    if (!this.#over()) return;
    this.controller.abort();
    this.outgoing?.stop(OVER);
  }

  /** Whether it is over by this, and was not before. */
  #over() {
    const { rid, serving: { jobs } } = this;
    if (jobs.get(rid) !== this) return false;
    jobs.delete(rid);
    if (this.outgoing) this.lane.streams -= 1;
    this.incoming?.over(OVER);
    return true;
  }
}

export class Serving {
  jobs = new Map(); // rid -> job

  constructor(connection) {
    Object.assign(this, { connection, outbox: connection.outbox });
    const fresh = ({ info }) => ({ info, window: new Window(info), tells: 0, streams: 0 });
    this.lanes = connection.host.services.map((service, index) => ({ index, service, ...fresh(service.channel) }));
  }

  known(index, word) { return laneOf(this.lanes, index, word); }

  onTELL(index, items) { for (const item of items) this.#came(index, 0, Infinity, ...item); }
  onASK(index, items) { for (const item of items) this.#came(index, ...item); }

  #came(index, rid, budget, type, source, payload) {
    const lane = this.known(index);
    if (this.jobs.has(rid)) throw new ProtocolError("bad_field", `the ask ${rid} is open already`);
    const [size, sequence, until] = [payload.length, rid > 0 ? 0 : lane.tells++, Date.now() + budget];
    const job = new Job(this, lane, { rid, sequence, type, source, size, until });
    if (!lane.window.take(size)) throw new ProtocolError("window_overrun", `no credit on ${lane.info.name}`);
    if (rid > 0) this.jobs.set(rid, job);
    const refusal = this.#refusal(job, payload);
    if (!refusal) return;
    this.release(job);
    job.fail(...refusal);
  }

  #refusal(job, payload) {
    const { lane, size } = job;
    const [limit, streamed] = [lane.info.max_message, job.rid > 0 && job.type >= IN_ITEMS];
    if (this.connection.leaving) return ["shutting_down", "this node ends"];
    if (size > limit) return ["too_large", `${size} bytes are above ${limit}`];
    if (streamed && lane.streams >= MAX_STREAMS) return ["mailbox_full", `${MAX_STREAMS} streams are open`];
    if (streamed) job.open();
    const wrong = lane.service.take(job, payload);
    return wrong && ["message_type", wrong];
  }

  /** The name of the reactor that has sent a message, by what stands in its frame. */
  source(number) { return this.connection.asking.lanes[number - 1]?.info.name ?? null; }

  onCANCEL(rid) { this.jobs.get(rid)?.cancel(); }

  onDESCRIBE(indexes) {
    for (const index of indexes) {
      const lane = this.known(index);
      if (lane.described) throw new ProtocolError("bad_field", `channel ${index} has been described`);
      lane.described = true;
      this.outbox.now("DESCRIPTION", index, lane.service.channel.description);
    }
  }

  /** A message has left its mailbox: its credit goes back. */
  release({ lane, size }) {
    const { connection } = this;
    const due = lane.window.owe(size, connection.leaving || connection.left !== null);
    if (!due || !connection.up) return;
    this.outbox.now("CREDIT", [[lane.index, ...due]]);
    this.#widen(lane);
  }

  /** Where half of a window is used up within two round trips, it is what holds the sender back (RFC 9000, 4.2). */
  #widen({ index, window }) {
    const [now, { messages, bytes }] = [performance.now(), window.whole];
    const soon = now - window.credited < 2 * this.connection.rtt;
    window.credited = now;
    if (!soon || bytes >= LARGEST * window.least.bytes || !this.connection.hello.features?.includes("windows")) return;
    window.resize(2 * messages, 2 * bytes);
    this.outbox.now("WINDOW", index, 2 * messages, 2 * bytes);
  }

  /** Give back all credit that is owed. */
  settle() {
    const due = this.lanes.map(({ window }, index) => [index, window.settle()]).filter(([, owed]) => owed);
    if (due.length > 0) this.outbox.now("CREDIT", due.map(([index, owed]) => [index, ...owed]));
  }

  /** The connection has ended. */
  end() {
    for (const job of this.jobs.values()) job.cancel();
  }
}
