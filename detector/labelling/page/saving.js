// Sends labels to the server: one at a time, the newest of a picture only, again and again until it has been written.

const RETRY_MS = 2000;

export class Saver {
  // `onChange(status)` hears of every change: {state: "saved" | "saving" | "failed", message: why, refused}.
  constructor(onChange) {
    this.waiting = new Map(); // name -> label
    this.stamps = new Map(); // name -> stamp of the file that the label is based on
    this.refused = new Map(); // name -> why the server will not take it, however often it is asked
    this.onChange = onChange;
    this.message = "";
    this.busy = false;
  }

  get pending() {
    return this.waiting.size > 0 || this.busy;
  }

  // The label that is on its way, or undefined; null says that the label is being taken away.
  latest(name) {
    return this.waiting.has(name) ? this.waiting.get(name) : this.sending?.name === name ? this.sending.label : undefined;
  }

  save(name, label) {
    this.refused.delete(name);
    this.waiting.set(name, label);
    this.run();
  }

  retry() {
    clearTimeout(this.timer);
    this.run();
  }

  async run() {
    if (this.busy) return;
    this.busy = true;
    while (this.waiting.size) {
      const [name, label] = this.waiting.entries().next().value;
      this.waiting.delete(name);
      this.sending = { name, label };
      this.tell("saving");
      const failed = await this.post(name, label);
      this.sending = undefined;
      if (!failed?.passing) this.message = ""; // until then the last failure stays on the page
      if (!failed) continue;
      if (!failed.passing) {
        this.refused.set(name, failed.message);
        continue;
      }
      if (!this.waiting.has(name)) this.waiting.set(name, label);
      this.busy = false;
      this.message = failed.message;
      this.tell("failed");
      this.timer = setTimeout(() => this.run(), RETRY_MS);
      return;
    }
    this.busy = false;
    this.tell("saved");
  }

  async post(name, label) {
    try {
      const response = await fetch(`api/labels/${encodeURIComponent(name)}`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ label, stamp: this.stamps.get(name) }),
      });
      const answer = await response.json();
      if (response.ok) {
        this.stamps.set(name, answer.stamp);
        return null;
      }
      return { message: answer.error, passing: response.status >= 500 };
    } catch {
      return { message: "The server does not answer. Is `detector label` still running?", passing: true };
    }
  }

  tell(state) {
    this.onChange({ state, message: this.message, refused: this.refused });
  }
}
