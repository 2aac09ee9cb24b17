// What a model says of a picture, laid over it: the tint of its mask, and the outlines of its objects.

const SVG = "http://www.w3.org/2000/svg";

const element = (name, attributes, parent) => {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return parent.appendChild(made);
};

export class Overlay {
  constructor(svg) {
    this.group = element("g", { class: "overlay", "aria-hidden": true }, svg);
    this.tint = element("image", { class: "tint hidden", preserveAspectRatio: "none" }, this.group);
    this.outlines = [];
  }

  // `tint`: address of a picture or ""; `outlines`: {points: [[x, y], ...], class}; `colours`: one a class.
  set(tint, outlines, colours) {
    this.tint.classList.toggle("hidden", !tint);
    if (tint) this.tint.setAttribute("href", tint);
    else this.tint.removeAttribute("href");
    for (const { halo, line } of this.outlines) [halo, line].forEach((part) => part.remove());
    this.outlines = outlines.map(({ points, class: label }) => ({
      points,
      halo: element("polygon", { class: "halo" }, this.group),
      line: element("polygon", { class: "line", stroke: colours[label % colours.length] }, this.group),
    }));
  }

  hide(isHidden) {
    this.group.classList.toggle("hidden", isHidden);
  }

  // `place`: x, y, width and height of the picture on the screen; `toScreen`: of a normalised point.
  render(place, toScreen) {
    for (const key in place) this.tint.setAttribute(key, place[key]);
    for (const { points, halo, line } of this.outlines) {
      const text = points.map(toScreen).join(" ");
      for (const part of [halo, line]) part.setAttribute("points", text);
    }
  }
}
