/** Waiting for what happens again and again. */

const LONGEST_MS = 0x7fff_ffff; // that a timer takes

export class Bell {
  #waiting = new Set();

  /** Wait for the next ring, which is true, or that many milliseconds: false. */
  wait(ms = Infinity) {
    return new Promise((resolve) => {
      const done = (rang) => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve(rang);
      };
      const timer = ms < LONGEST_MS ? setTimeout(done, ms, false) : undefined;
      this.#waiting.add(done);
    });
  }

  ring() {
    for (const done of [...this.#waiting]) done(true);
  }

  /** Wait until it is so, looking at each ring, for that many milliseconds at most. Returns what it is then. */
  async until(isSo, ms) {
    const end = Date.now() + ms;
    for (;;) {
      const found = isSo();
      if (found || Date.now() >= end) return found;
      await this.wait(end - Date.now());
    }
  }
}
