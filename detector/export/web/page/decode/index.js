// Outputs of the network -> what every head says, in normalised coordinates of the picture.

import { probabilityOf } from "./base.js";
import { decodeBox } from "./box.js";
import { decodeCorners } from "./corners.js";
import { decodeGrid } from "./grid.js";
import { classMap, decodeMask, objectsOf } from "./mask.js";

const WHOLE = { left: 0, top: 0, width: 1, height: 1 };
const DIGITS = { presence: 5, keypoints: 6, scores: 4, score: 5, box: 6, area: 6 }; // as in predictions.json

const DECODERS = {
  box: (head, outputs, content) => boxesIn(decodeBox(head, outputs), head, content),
  grid: (head, outputs, content) => boxesIn(decodeGrid(head, outputs), head, content),
  corners(head, outputs, content) {
    const prediction = decodeCorners(head, outputs);
    return { ...prediction, keypoints: prediction.keypoints.map((point) => inPicture(point, content)) };
  },
  mask(head, outputs, content) {
    const prediction = decodeMask(head, outputs, content);
    const { classes, foreground } = classMap(prediction, head.threshold);
    const objects = objectsOf({ classes, foreground }, prediction.size_hw, head.classes);
    return { ...prediction, classes, objects };
  },
  presence(head, outputs) {
    const presence = probabilityOf(outputs[head.presence][0]);
    return { present: presence >= head.threshold, presence };
  },
};

/**
 * @param {object} plan of the model
 * @param {Record<string, Float32Array>} outputs of the network, dequantised
 * @param {{left: number, top: number, width: number, height: number}} content the picture's place in the frame, in
 *   shares of the frame
 * @returns {Record<string, object>} head -> prediction
 */
export function decode(plan, outputs, content = WHOLE) {
  const entries = Object.entries(plan.heads);
  return Object.fromEntries(entries.map(([name, head]) => [name, DECODERS[head.kind](head, outputs, content)]));
}

const inPicture = ([x, y], content) => [(x - content.left) / content.width, (y - content.top) / content.height];

function boxesIn(prediction, head, content) {
  const boxes = prediction.boxes.map(([x0, y0, x1, y1]) => [...inPicture([x0, y0], content), ...inPicture([x1, y1], content)]);
  const objects = boxes.slice(0, prediction.found).map((box, index) => {
    const label = prediction.labels[index];
    return { label, class: head.classes[label] ?? "object", score: prediction.scores[index], box };
  });
  return { ...prediction, boxes, objects };
}

/** Plain data, with the keys and digits of `predictions.json`. */
export function toJson(predictions) {
  const kept = ({ present, presence, keypoints, scores, objects }) => {
    if (keypoints) return { present, presence, keypoints, scores };
    if (!objects) return { present, presence };
    return { present: objects.length > 0, presence, objects: objects.map(({ label, ...rest }) => rest) };
  };
  return JSON.parse(JSON.stringify(Object.fromEntries(
    Object.entries(predictions).map(([name, prediction]) => [name, kept(prediction)]),
  ), rounded));
}

function rounded(key, value) {
  const round = (each) => (Array.isArray(each) ? each.map(round) : Number(each.toFixed(DIGITS[key])));
  const isNumeric = typeof value === "number" || Array.isArray(value); // a head may be called `presence` or `box`
  return key in DIGITS && isNumeric ? round(value) : value;
}
