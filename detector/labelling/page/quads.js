// The maths of a quadrilateral: corners are [x, y], fractions of width and height; they may lie outside [0, 1].

export const LEAST = -1, GREATEST = 2; // what the readers of the labels take
const START = [[0.15, 0.15], [0.85, 0.15], [0.85, 0.85], [0.15, 0.85]];

export const startQuad = () => START.map((corner) => [...corner]);

export const clamp = (value, least, greatest) => Math.min(Math.max(value, least), greatest);

export const withCorner = (corners, index, corner) =>
  corners.map((old, number) => (number === index ? corner.map((value) => clamp(value, LEAST, GREATEST)) : old));

export const rotated = (corners) => [...corners.slice(1), corners[0]];

export const centroid = (corners) => [0, 1].map((axis) => corners.reduce((sum, corner) => sum + corner[axis], 0) / 4);

// Twice the area, positive where the corners run clockwise on the screen.
export const signedArea = ([a, b, c, d]) => (c[0] - a[0]) * (d[1] - b[1]) - (c[1] - a[1]) * (d[0] - b[0]);

const side = (a, b, c) => Math.sign((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]));
const meet = (a, b, c, d) => side(a, b, c) !== side(a, b, d) && side(c, d, a) !== side(c, d, b);

// What is wrong with a quadrilateral, in a few words, or "".
export function problemOf(corners, order) {
  const [a, b, c, d] = corners;
  if (meet(a, b, c, d) || meet(b, c, d, a)) return "the sides cross";
  if (Math.abs(signedArea(corners)) < 2e-5) return "the corners enclose nothing";
  if (order === "object" && signedArea(corners) < 0) return "the corners run counter-clockwise, which mirrors the page";
  return "";
}

// The corners in the order in which they lie around their centroid: where the order says nothing, sides need not cross.
export function untangled(corners) {
  const [x, y] = centroid(corners);
  const angle = (corner) => Math.atan2(corner[1] - y, corner[0] - x);
  return [...corners].sort((one, other) => angle(one) - angle(other));
}
