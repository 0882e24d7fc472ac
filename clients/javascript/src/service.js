/** A channel that this node serves: its mailbox, and what its handlers answer. */

import { typeOf } from "./channel.js";
import { BUS_CODES } from "./errors.js";
import { pack, unpack } from "./msgpack.js";

/** Handlers by the names of messages. `concurrency` of them run at once, in the order in which messages came. */
export class Service {
  #mailbox = [];
  #running = 0;

  constructor(channel, handlers, { concurrency = 1 } = {}) {
    const unknown = Object.keys(handlers).filter((type) => !channel.types.includes(type));
    if (unknown.length > 0) throw new TypeError(`channel ${channel.name} has ${channel.types}, and no ${unknown}`);
    Object.assign(this, { channel, handlers, concurrency });
  }

  /** Put a job into the mailbox: { connection, index, rid, number, source, payload, until }. Returns what is wrong. */
  take(job) {
    try {
      job.message = this.channel.decoded(job.number, unpack(job.payload));
    } catch (error) {
      return error.message;
    }
    if (!this.handlers[typeOf(job.message)]) return `nothing here handles ${typeOf(job.message)}`;
    this.#mailbox.push(job);
    return this.#run();
  }

  #run() {
    while (this.#running < this.concurrency && this.#mailbox.length > 0) {
      this.#running += 1;
      this.#handle(this.#mailbox.shift()).finally(() => {
        this.#running -= 1;
        this.#run();
      });
    }
  }

  async #handle({ connection, message, controller, until, source, ...job }) {
    connection.release(job);
    if (controller.signal.aborted) return;
    if (Date.now() > until) return connection.failed(job, "deadline_mailbox", "its time was over before it was taken");
    try {
      const context = { peer: connection.peer, source, signal: controller.signal };
      const answer = await this.handlers[typeOf(message)](message, context);
      if (job.rid === 0) return;
      const number = this.channel.types.indexOf(typeOf(answer)) + 1;
      const payload = pack(number > 0 ? this.channel.encodable(answer) : answer);
      if (Date.now() > until) connection.failed(job, "deadline_handler", "the time was over before the answer");
      else connection.answer(job, number, payload);
    } catch (error) {
      const code = String(error?.code ?? error?.name ?? "failed");
      if (job.rid === 0) connection.host.emit("failed", error, { channel: this.channel.name, type: typeOf(message) });
      else connection.failed(job, BUS_CODES.has(code) ? `reactor:${code}` : code, String(error?.message ?? error));
    }
  }
}
