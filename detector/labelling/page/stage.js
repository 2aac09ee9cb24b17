// The picture with its corners: drawing, zoom, dragging by mouse, pen and fingers, and the loupe. Knows nothing of labels.

import { Overlay } from "./overlay.js";
import { centroid, clamp } from "./quads.js";

const MARGIN = 0.09, LEAST_ZOOM = 0.5, GREATEST_SCALE = 40; // margin: share of the stage around a picture that fits
const REACH = { mouse: 22, pen: 26, touch: 44 }; // how far from a corner, in screen pixels, one takes hold of it
const LOUPE_SCREEN = 148, LOUPE_ZOOM = 3;
const SVG = "http://www.w3.org/2000/svg";

const element = (name, attributes, parent) => {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return parent.appendChild(made);
};

export class Stage {
  // `calls` is set by who wants to know: `onChoose(index)`, `onDrag(index, corner)` while a corner moves, and
  // `onDrop(index, moved)` at the end.
  constructor(svg, loupe) {
    Object.assign(this, { svg, loupe, calls: {}, size: [1, 1], scale: 1, offset: [0, 0], corners: null, pointers: new Map() });
    this.image = element("image", { "aria-hidden": true }, svg);
    this.frame = element("rect", { class: "frame" }, svg);
    this.overlay = new Overlay(svg);
    this.shade = element("polygon", { class: "shade" }, svg);
    this.outline = element("polygon", { class: "outline" }, svg);
    this.first = element("line", { class: "first" }, svg);
    this.handles = [0, 1, 2, 3].map((index) => this.makeHandle(index));
    for (const type of ["down", "move", "up", "cancel"]) svg.addEventListener(`pointer${type}`, (event) => this[type](event));
    svg.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    svg.addEventListener("dblclick", (event) => event.target.closest(".handle") || this.fit());
    new ResizeObserver(() => this.resize()).observe(svg);
  }

  makeHandle(index) {
    const handle = element("g", { class: "handle", tabindex: 0, role: "button", "data-corner": index + 1 }, this.svg);
    element("circle", { class: "ring halo", r: 11 }, handle);
    element("circle", { class: "ring", r: 11 }, handle);
    element("circle", { class: "dot", r: 1.5 }, handle);
    element("text", {}, handle).textContent = index + 1;
    handle.addEventListener("focus", () => this.calls.onChoose(index));
    return handle;
  }

  focus(index) {
    this.handles[index].focus({ preventScroll: true });
  }

  setPicture(image, width, height) {
    this.pixels = image;
    this.drag = undefined;
    this.size = [width, height];
    if (image) this.image.setAttribute("href", image.src);
    this.image.classList.toggle("hidden", !image);
    this.frame.classList.toggle("hidden", !image);
    this.fit();
  }

  // `corners`: four [x, y] or null; `look`: suggestion, saved, done or wrong; `names`: of the corners, for screen readers.
  draw(corners, chosen, look, names) {
    Object.assign(this, { corners, chosen, look, names });
    this.render();
  }

  fit() {
    const box = this.box();
    this.fitted = Math.min(...[0, 1].map((axis) => (box[axis] * (1 - 2 * MARGIN)) / this.size[axis]));
    this.scale = this.fitted;
    this.offset = [0, 1].map((axis) => (box[axis] - this.size[axis] * this.scale) / 2);
    this.isFitted = true;
    this.render();
  }

  resize() {
    if (this.isFitted) this.fit();
    else this.render();
  }

  zoom(factor, centre = this.box().map((side) => side / 2)) {
    const scale = clamp(this.scale * factor, this.fitted * LEAST_ZOOM, Math.max(GREATEST_SCALE, this.fitted));
    this.offset = [0, 1].map((axis) => centre[axis] - ((centre[axis] - this.offset[axis]) * scale) / this.scale);
    this.scale = scale;
    this.isFitted = false;
    this.render();
  }

  box() {
    const { width, height } = this.svg.getBoundingClientRect();
    return [Math.max(width, 1), Math.max(height, 1)];
  }

  toScreen(corner) {
    return [0, 1].map((axis) => corner[axis] * this.size[axis] * this.scale + this.offset[axis]);
  }

  render() {
    const [width, height] = this.size.map((side) => side * this.scale);
    const place = { x: this.offset[0], y: this.offset[1], width, height };
    for (const part of [this.image, this.frame]) for (const key in place) part.setAttribute(key, place[key]);
    this.overlay.render(place, (point) => this.toScreen(point));
    this.image.classList.toggle("pixelated", this.scale > 4);
    this.svg.dataset.look = this.look;
    this.svg.dataset.scale = this.scale;
    for (const part of [this.shade, this.outline, this.first, ...this.handles]) part.classList.toggle("hidden", !this.corners);
    if (!this.corners) return;
    const points = this.corners.map((corner) => this.toScreen(corner));
    for (const part of [this.shade, this.outline]) part.setAttribute("points", points.join(" "));
    [["x1", 0, 0], ["y1", 0, 1], ["x2", 1, 0], ["y2", 1, 1]].forEach(([key, index, axis]) => this.first.setAttribute(key, points[index][axis]));
    const middle = centroid(points);
    points.forEach((point, index) => this.renderHandle(index, point, middle));
    this.renderLoupe();
  }

  renderHandle(index, point, middle) {
    const handle = this.handles[index];
    handle.setAttribute("transform", `translate(${point[0]} ${point[1]})`);
    handle.classList.toggle("chosen", index === this.chosen);
    const [x, y] = this.corners[index].map((value, axis) => (value * this.size[axis]).toFixed(1));
    handle.setAttribute("aria-label", `Corner ${this.names[index]}, x ${x}, y ${y} pixels`);
    handle.setAttribute("aria-pressed", index === this.chosen);
    const away = [point[0] - middle[0], point[1] - middle[1]], length = Math.hypot(...away) || 1;
    const text = handle.querySelector("text");
    text.setAttribute("x", (away[0] / length) * 25);
    text.setAttribute("y", (away[1] / length) * 25);
  }

  // --- pointers -------------------------------------------------------------------------------------------------------

  pointOf(event) {
    const { left, top } = this.svg.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  }

  down(event) {
    if (event.button) return;
    event.preventDefault();
    this.svg.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, this.pointOf(event));
    if (this.pointers.size > 1) return this.cancelDrag();
    const index = this.cornerNear(this.pointOf(event), REACH[event.pointerType] ?? REACH.mouse);
    if (index < 0) return;
    this.focus(index);
    this.drag = { index, from: this.pointOf(event), corner: this.corners[index], moved: false };
    this.render();
  }

  cornerNear(point, reach) {
    const away = (this.corners ?? []).map((corner) => Math.hypot(...this.toScreen(corner).map((value, axis) => value - point[axis])));
    const nearest = away.indexOf(Math.min(...away));
    return away[nearest] <= reach ? nearest : -1;
  }

  move(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const point = this.pointOf(event);
    if (this.pointers.size === 2) this.pinch(event.pointerId, before, point);
    else if (this.drag) this.moveCorner(point);
    else this.pan(point[0] - before[0], point[1] - before[1]);
    this.pointers.set(event.pointerId, point);
  }

  // The corner moves as far as the pointer does: a finger need not hit it exactly, nor cover it.
  moveCorner(point) {
    const { index, from, corner } = this.drag;
    const moved = point.map((value, axis) => corner[axis] + (value - from[axis]) / this.scale / this.size[axis]);
    this.drag.moved = true;
    this.calls.onDrag(index, moved);
  }

  pan(x, y) {
    if (!x && !y) return;
    this.offset = [this.offset[0] + x, this.offset[1] + y];
    this.isFitted = false;
    this.render();
  }

  pinch(id, before, point) {
    const [still] = [...this.pointers].filter(([other]) => other !== id).map(([, place]) => place);
    const distance = (one) => Math.max(Math.hypot(one[0] - still[0], one[1] - still[1]), 1);
    this.pan((point[0] - before[0]) / 2, (point[1] - before[1]) / 2);
    this.zoom(distance(point) / distance(before), [(point[0] + still[0]) / 2, (point[1] + still[1]) / 2]);
  }

  up(event) {
    this.pointers.delete(event.pointerId);
    const drag = this.drag;
    this.drag = undefined;
    if (drag) this.calls.onDrop(drag.index, drag.moved);
    this.renderLoupe();
  }

  cancel(event) {
    this.cancelDrag();
    this.pointers.delete(event.pointerId);
  }

  cancelDrag() {
    const drag = this.drag;
    this.drag = undefined;
    if (drag) {
      this.calls.onDrag(drag.index, drag.corner);
      this.calls.onDrop(drag.index, false);
    }
    this.renderLoupe();
  }

  wheel(event) {
    event.preventDefault();
    const step = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : event.ctrlKey ? 6 : 1; // Ctrl: a pinch on a touch pad
    this.zoom(Math.exp(-event.deltaY * step * 0.0015), this.pointOf(event));
  }

  // --- loupe ----------------------------------------------------------------------------------------------------------

  // The neighbourhood of the corner that is being dragged, magnified, in the upper corner of the stage away from it.
  renderLoupe() {
    this.loupe.hidden = !this.drag || !this.pixels;
    if (this.loupe.hidden) return;
    const corner = this.corners[this.drag.index], [x, y] = this.toScreen(corner), box = this.box();
    const clear = LOUPE_SCREEN + 40;
    this.loupe.classList.toggle("right", x < clear && y < clear && box[0] > 2 * clear - 60);
    this.loupe.classList.toggle("low", x < clear && y < clear && box[0] <= 2 * clear - 60);
    this.paintLoupe(corner.map((value, axis) => value * this.size[axis]));
  }

  paintLoupe([x, y]) {
    const context = this.loupe.getContext("2d"), side = this.loupe.width;
    const zoom = (Math.max(this.scale, 1) * LOUPE_ZOOM * side) / LOUPE_SCREEN; // canvas pixels a picture pixel
    const style = getComputedStyle(this.svg);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = style.backgroundColor;
    context.fillRect(0, 0, side, side);
    context.imageSmoothingEnabled = zoom < 8;
    context.setTransform(zoom, 0, 0, zoom, side / 2 - x * zoom, side / 2 - y * zoom);
    context.drawImage(this.pixels, 0, 0, ...this.size);
    context.setTransform(1, 0, 0, 1, 0, 0);
    const points = this.corners.map((corner) => corner.map((value, axis) => (value * this.size[axis] - [x, y][axis]) * zoom + side / 2));
    const stroke = (colour, width, path) => {
      Object.assign(context, { strokeStyle: colour, lineWidth: width });
      context.beginPath();
      path();
      context.stroke();
    };
    const outline = () => [...points, points[0]].forEach((point) => context.lineTo(...point));
    stroke("rgb(0 0 0 / 45%)", 5, outline);
    stroke(getComputedStyle(this.outline).stroke, 2.5, outline);
    stroke("rgb(255 255 255 / 85%)", 2, () => context.arc(side / 2, side / 2, 14, 0, 7));
  }
}
