// When things happen: at the next frame, frame by frame, or once the visitor has come to rest.

const REST_MILLISECONDS = 250;

/** One drawing a frame, however many ask for it. */
export class Frame {
  constructor(draw) {
    this.draw = draw;
    this.request = null;
  }

  soon() {
    this.request ??= requestAnimationFrame(() => {
      this.request = null;
      this.draw();
    });
  }

  close() {
    cancelAnimationFrame(this.request);
    this.request = null;
  }
}

/** A motion: its beat is called every frame with the milliseconds since the beat before, until it is stopped. */
export class Motion {
  constructor() {
    this.request = null;
  }

  get on() { return this.request !== null; }

  start(beat) {
    this.stop();
    let before = performance.now();
    const next = (now) => {
      this.request = requestAnimationFrame(next);
      const since = now - before;
      before = now;
      beat(since);
    };
    this.request = requestAnimationFrame(next);
  }

  stop() {
    cancelAnimationFrame(this.request);
    this.request = null;
  }
}

/** Act once nobody has called again for a while. */
export class Rest {
  constructor(act, milliseconds = REST_MILLISECONDS) {
    this.act = act;
    this.milliseconds = milliseconds;
    this.timer = null;
  }

  again() {
    clearTimeout(this.timer);
    this.timer = setTimeout(this.act, this.milliseconds);
  }

  close() { clearTimeout(this.timer); }
}
