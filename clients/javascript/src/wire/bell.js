/** Waiting for what happens again and again. */

/** A timer for that many milliseconds; none where these are more than one takes, as for ever. */
export const timer = (ms, done) => (ms < 0x7fff_ffff ? setTimeout(done, Math.max(1, ms)) : undefined);

export class Bell {
  #waiting = new Set();

  /** Wait for the next ring, which is true, or that many milliseconds: false. */
  wait(ms = Infinity) {
    return new Promise((resolve) => {
      const done = (rang) => {
        clearTimeout(late);
        this.#waiting.delete(done);
        resolve(rang);
      };
      const late = timer(ms, () => done(false));
      this.#waiting.add(done);
    });
  }

  ring() {
    for (const done of [...this.#waiting]) done(true);
  }

  /** Wait until it is so, looking at each ring, for that many milliseconds at most. Returns what it is then. */
  async until(isSo, ms) {
    for (const end = Date.now() + ms; ; await this.wait(end - Date.now())) {
      const found = isSo();
      if (found || Date.now() >= end) return found;
    }
  }
}
