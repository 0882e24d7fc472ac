/** A channel that this node serves: its mailbox, and what its handlers answer. */

import { typeOf } from "./channel.js";
import { Refused } from "./wire/errors.js";
import { own, unpack } from "./wire/msgpack.js";

/** What a handler reads that wants items, and there are none. */
async function* none(type) {
  throw new Refused("no_items", `no items come with this ${type}: send it with open`);
}

/** Handlers by the names of messages. `concurrency` of them run at once, in the order in which messages came. */
export class Service {
  #mailbox = [];
  #running = 0;

  constructor(channel, handlers, { concurrency = 1 } = {}) {
    const unknown = Object.keys(handlers).filter((type) => !channel.types.includes(type));
    if (unknown.length > 0) throw new TypeError(`channel ${channel.name} has ${channel.types}, and no ${unknown}`);
    Object.assign(this, { channel, handlers, concurrency });
  }

  /** Put a job (see serving.js) into the mailbox. Returns what is wrong with it, if anything is. */
  take(job, payload) {
    try {
      job.message = this.channel.decoded(job.type, unpack(own(payload)));
    } catch (error) {
      return error.message;
    }
    if (!this.handlers[typeOf(job.message)]) return `nothing here handles ${typeOf(job.message)}`;
    this.#mailbox.push(job);
    this.#run();
    return null;
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

  async #handle(job) {
    const { serving, message, controller: { signal } } = job;
    serving.release(job);
    if (signal.aborted || job.late("deadline_mailbox", "its time was over before it was taken")) return;
    const type = typeOf(message);
    const source = serving.source(job.source);
    const context = { peer: serving.connection.peer, source, signal, items: job.incoming ?? none(type) };
    try {
      job.answer(await this.handlers[type](message, context));
    } catch (error) {
      job.threw(error);
    }
  }
}
