// Putting corners where they belong: the label of a picture is its four corners, and whether a person is done with it.

import { problemOf, rotated, startQuad, untangled, withCorner } from "./quads.js";

const NAMES = { image: ["1", "2", "3", "4"], object: ["1, top left", "2, top right", "3, bottom right", "4, bottom left"] };
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const byId = (id) => document.getElementById(id);

export class CornerMode {
  title = "Label corners";
  keys = { x: "nothing", r: "rotate" };
  finished = ["done"]; // states of a picture that nothing is left to do for
  chosen = 0;

  constructor(page) {
    this.page = page;
    this.actions = {
      undo: () => this.undo("past", "future"),
      redo: () => this.undo("future", "past"),
      rotate: () => this.rotate(),
      nothing: () => this.toggleNothing(),
      accept: () => this.accept(),
    };
    page.stage.calls = {
      onChoose: (corner) => { this.chosen = corner; page.render(); },
      onDrag: (corner, place) => { this.preview = withCorner(this.corners(), corner, place); page.render(); },
      onDrop: (corner, moved) => {
        const corners = this.preview;
        this.preview = undefined;
        if (moved) this.place(corners, corner);
        else page.render();
      },
    };
  }

  // --- what is shown ---

  get picture() {
    return this.page.picture;
  }

  // A picture as the server gave it, with what the page adds.
  begin(loaded) {
    return { ...loaded, past: [], future: [], suggestion: this.page.overview.suggests ? undefined : null };
  }

  opened() {
    [this.chosen, this.preview] = [0, undefined];
    this.suggest(this.picture);
  }

  isPending() {
    return this.page.overview.suggests && this.picture.suggestion === undefined;
  }

  corners() {
    if (!this.picture || this.picture.error) return null;
    if (this.preview) return this.preview;
    if (this.picture.label) return this.picture.label.corners.length ? this.picture.label.corners : null;
    if (this.isPending()) return null;
    return this.picture.suggestion?.present ? this.picture.suggestion.corners : startQuad();
  }

  stateOf(label) {
    return !label ? "open" : label.done ? "done" : "unfinished";
  }

  problem() {
    return this.picture?.label?.corners.length ? problemOf(this.picture.label.corners, this.page.overview.order) : "";
  }

  look() {
    if (this.problem()) return "wrong";
    return { open: "suggestion", unfinished: "saved", done: "done" }[this.stateOf(this.picture?.label)];
  }

  stateText() {
    const { label, suggestion } = this.picture;
    if (label) return `Saved${label.done ? ", done" : ""}${label.corners.length ? "" : ": no document"}`;
    if (this.isPending()) return "Looking for the document …";
    if (!suggestion) return "Drag the corners into place";
    const share = Math.round(suggestion.presence * 100);
    return suggestion.present ? `Suggestion (${share} %)` : `Suggestion: no document (${share} %)`;
  }

  progressText(counts, total) {
    return `${counts.done}/${total} done`;
  }

  draw() {
    this.page.stage.draw(this.corners(), this.chosen, this.look(), NAMES[this.page.overview.order]);
    const nothing = Boolean(this.picture?.label && !this.picture.label.corners.length);
    document.body.classList.toggle("nothing", nothing);
    byId("nothing").setAttribute("aria-pressed", nothing);
    byId("undo").disabled = !this.picture?.past?.length;
    byId("redo").disabled = !this.picture?.future?.length;
    byId("accept").disabled = byId("nothing").disabled = !this.picture || Boolean(this.picture.error);
  }

  focus() {
    if (this.corners()) this.page.stage.focus(this.chosen);
  }

  // --- labels ---

  // Every change of a label goes through here: it can be undone, and it is saved at once.
  change(label, joinsLast = false) {
    if (!joinsLast) this.picture.past.push(this.picture.label);
    this.picture.future = [];
    this.apply(label);
  }

  apply(label) {
    this.picture.label = label;
    this.page.labelled(this.picture.name, label, !this.problem());
  }

  place(corners, corner, joinsLast = false) {
    const crossed = this.page.overview.order === "image" && problemOf(corners, "image") === "the sides cross";
    const ordered = crossed ? untangled(corners) : corners;
    this.chosen = ordered.indexOf(corners[corner]);
    this.change({ corners: ordered, done: this.picture.label?.done ?? false }, joinsLast);
  }

  undo(from, to) {
    if (!this.picture?.[from]?.length) return;
    this.picture[to].push(this.picture.label);
    this.apply(this.picture[from].pop());
  }

  toggleNothing() {
    if (!this.picture || this.picture.error) return;
    const isNothing = this.picture.label && !this.picture.label.corners.length;
    const corners = this.picture.suggestion?.present ? this.picture.suggestion.corners : startQuad();
    this.change(isNothing ? { corners, done: false } : { corners: [], done: true });
  }

  rotate() {
    const corners = this.corners();
    if (!corners || this.page.overview.order !== "object") return;
    this.change({ corners: rotated(corners), done: this.picture.label?.done ?? false });
  }

  // Arrows move the chosen corner by pixels, digits choose one.
  onKey(key, event) {
    if (key in ARROWS) {
      const pixels = event.shiftKey ? 10 : event.altKey ? 0.1 : 1;
      this.nudge(ARROWS[key][0] * pixels, ARROWS[key][1] * pixels, event.repeat);
      return true;
    }
    if (event.altKey || !["1", "2", "3", "4"].includes(key)) return false;
    if (this.corners()) this.page.stage.focus(Number(key) - 1);
    return true;
  }

  nudge(x, y, joinsLast) {
    const corners = this.corners();
    if (!corners) return;
    const [left, top] = corners[this.chosen], { width, height, past } = this.picture;
    this.place(withCorner(corners, this.chosen, [left + x / width, top + y / height]), this.chosen, joinsLast && past.length > 0);
  }

  accept() {
    const { picture, page } = this;
    if (!picture || picture.error) return page.step(1);
    if (!picture.label && this.isPending()) return page.notify("The suggestion is not there yet.");
    if (!picture.label && !picture.suggestion) return page.notify("Drag the corners into place first, or press x: no document.");
    if (!picture.label) this.change({ corners: picture.suggestion.present ? picture.suggestion.corners : [], done: true });
    else if (!picture.label.done) this.change({ ...picture.label, done: true });
    return page.step(1);
  }

  async suggest(asked) {
    if (asked.suggestion !== undefined) return;
    try {
      asked.suggestion = await this.page.ask(`api/suggestions/${encodeURIComponent(asked.name)}`);
    } catch (error) {
      asked.suggestion = null;
      this.page.notify(`No suggestion: ${error.message}`);
    }
    this.page.render();
    if (asked === this.picture) this.page.focusStage();
  }
}
