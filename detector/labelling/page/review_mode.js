// Accepting and rejecting the labels of a model, worst first: the label of a picture is that one word, or null.

const byId = (id) => document.getElementById(id);

export class ReviewMode {
  title = "Accept or reject";
  keys = { a: "accept", r: "reject", ArrowRight: "next", ArrowLeft: "previous", h: "hide" };
  finished = ["accepted", "rejected"];
  past = []; // {name, before, after} of every mark
  future = [];
  isHidden = false;

  constructor(page) {
    this.page = page;
    this.actions = {
      undo: () => this.undo(this.past, this.future, "before"),
      redo: () => this.undo(this.future, this.past, "after"),
      hide: () => { this.isHidden = !this.isHidden; page.render(); },
      reject: () => this.mark("rejected"),
      accept: () => this.mark("accepted"),
    };
    this.showLegend(page.overview.classes);
  }

  showLegend(classes) {
    if (classes.length < 2) return;
    byId("legend").hidden = false;
    for (const { name, colour } of classes) {
      const item = byId("legend").appendChild(document.createElement("li"));
      item.textContent = name;
      item.style.setProperty("--class", colour);
    }
  }

  get picture() {
    return this.page.picture;
  }

  begin(loaded) {
    return loaded;
  }

  opened() {
    const { name, tinted, outlines } = this.picture, colours = this.page.overview.classes.map(({ colour }) => colour);
    this.page.stage.overlay.set(tinted ? `tints/${encodeURIComponent(name)}` : "", tinted ? [] : outlines, colours);
  }

  stateOf(label) {
    return label ?? "open";
  }

  problem() {
    return "";
  }

  look() {
    return { open: "suggestion", accepted: "done", rejected: "wrong" }[this.stateOf(this.picture?.label)];
  }

  stateText() {
    const { label, disagreement, says } = this.picture;
    const mark = { accepted: "Accepted", rejected: "Rejected" }[label];
    return `${mark ? `${mark} · ` : ""}disagreement ${disagreement.toFixed(2)} · ${says}`;
  }

  progressText(counts, total) {
    return `${counts.accepted} accepted, ${counts.rejected} rejected of ${total}`;
  }

  draw() {
    const { picture, page: { stage } } = this;
    stage.overlay.hide(this.isHidden || !picture || Boolean(picture.error));
    stage.draw(null, 0, this.look(), []);
    document.body.classList.toggle("nothing", picture?.outlines?.length === 0);
    byId("hide").setAttribute("aria-pressed", this.isHidden);
    byId("undo").disabled = !this.past.length;
    byId("redo").disabled = !this.future.length;
    byId("accept").disabled = byId("reject").disabled = !picture || Boolean(picture.error);
  }

  focus() {}

  onKey() {
    return false;
  }

  mark(after) {
    const { picture, page } = this;
    if (page.isOpening()) return undefined; // nobody has seen the next one yet
    if (!picture || picture.error) return page.step(1);
    if (picture.label !== after) {
      this.past.push({ name: picture.name, before: picture.label, after });
      this.future = [];
      picture.label = after;
      page.labelled(picture.name, after);
    }
    return page.step(1);
  }

  // Takes back the last mark, wherever it was set, and goes there.
  undo(from, to, which) {
    const last = from.pop();
    if (!last) return;
    to.push(last);
    this.page.relabel(last.name, last[which]);
  }
}
