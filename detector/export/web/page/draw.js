// What the network says, drawn over its picture and told in words.

/** Colours of the classes, apart for eyes that see no red or green too (Okabe and Ito 2008). */
const COLOURS = ["#d55e00", "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#f0e442"];
const FOUND = "#ff2fb3";
const OPACITY = 0.5;

export const colourOf = (label) => COLOURS[label % COLOURS.length];

/** Where a picture of some size lies on the canvas, all of it shown: pixels of the canvas. */
function placeOf({ width, height }, canvas) {
  const scale = Math.min(canvas.width / width, canvas.height / height);
  const size = { width: width * scale, height: height * scale };
  return { x: (canvas.width - size.width) / 2, y: (canvas.height - size.height) / 2, ...size };
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {CanvasImageSource} source the picture
 * @param {{width: number, height: number}} size of the picture
 * @param {Record<string, object>} predictions of `decode`
 */
export function draw(canvas, source, size, predictions) {
  const context = canvas.getContext("2d");
  const place = placeOf(size, canvas);
  const unit = Math.max(1, Math.min(canvas.width, canvas.height) / 320);
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.drawImage(source, place.x, place.y, place.width, place.height);
  const at = ([x, y]) => [place.x + x * place.width, place.y + y * place.height];
  for (const prediction of Object.values(predictions)) {
    if (prediction.classes) drawMask(context, prediction, place);
    if (prediction.keypoints && prediction.present) drawPoints(context, prediction.keypoints.map(at), unit);
    if (prediction.boxes) prediction.objects.forEach((object) => drawBox(context, object, at, unit));
  }
}

function drawMask(context, { classes, size_hw: [height, width] }, place) {
  const layer = new OffscreenCanvas(width, height);
  const image = new ImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const colours = Array.from({ length: 256 }, (_, value) => (value ? packed(colourOf(value - 1)) : 0));
  classes.forEach((value, cell) => { pixels[cell] = colours[value]; });
  layer.getContext("2d").putImageData(image, 0, 0);
  context.save();
  context.globalAlpha = OPACITY;
  context.drawImage(layer, place.x, place.y, place.width, place.height);
  context.restore();
}

/** `#rrggbb` as the bytes r, g, b, 255 of a pixel. */
function packed(colour) {
  const [red, green, blue] = [1, 3, 5].map((from) => parseInt(colour.slice(from, from + 2), 16));
  return (255 << 24 | blue << 16 | green << 8 | red) >>> 0;
}

/** Four points are a quadrilateral; others stand alone. The first is filled. */
function drawPoints(context, points, unit) {
  if (points.length === 4) {
    context.beginPath();
    points.forEach((point) => context.lineTo(...point));
    context.closePath();
    context.fillStyle = `${FOUND}26`;
    context.fill();
    stroke(context, FOUND, unit);
  }
  points.forEach((point, index) => {
    context.beginPath();
    context.arc(...point, 4 * unit, 0, 2 * Math.PI);
    context.fillStyle = index ? "#fff" : FOUND;
    context.fill();
    stroke(context, FOUND, unit);
  });
}

/** A line that is seen on light and dark ground. */
function stroke(context, colour, unit) {
  context.lineJoin = "round";
  context.strokeStyle = "#0008";
  context.lineWidth = 3.2 * unit;
  context.stroke();
  context.strokeStyle = colour;
  context.lineWidth = 1.8 * unit;
  context.stroke();
}

function drawBox(context, { box, label, class: name, score }, at, unit) {
  const [[x0, y0], [x1, y1]] = [at(box.slice(0, 2)), at(box.slice(2))];
  context.beginPath();
  context.rect(x0, y0, x1 - x0, y1 - y0);
  stroke(context, colourOf(label), unit);
  const text = `${name} ${score.toFixed(2)}`;
  const height = 12 * unit;
  context.font = `600 ${0.7 * height}px system-ui, sans-serif`;
  const top = Math.max(y0 - height, 0);
  context.fillStyle = colourOf(label);
  context.fillRect(x0 - 1.6 * unit, top, context.measureText(text).width + height, height);
  context.fillStyle = "#fff";
  context.textBaseline = "middle";
  context.fillText(text, x0 + 0.35 * height, top + 0.53 * height);
}

/** What each head says, as `{text, colour}`: the probability of an object, and every object that was found. */
export function wordsOf(predictions, thresholdOf) {
  const percent = (value) => `${(100 * value).toFixed(0)} %`;
  return Object.entries(predictions).flatMap(([head, prediction]) => {
    const { present, presence, objects, keypoints } = prediction;
    const found = objects ? objects.length > 0 : present;
    if (!found) return [{ text: `${head}: nothing found, ${percent(presence)} of ${percent(thresholdOf(head))}`, colour: "" }];
    if (keypoints) return [{ text: `${head}: found, ${percent(presence)}`, colour: FOUND }];
    if (!objects) return [{ text: `${head}: there is an object, ${percent(presence)}`, colour: FOUND }];
    return objects.map(({ class: name, label, score, area }) => (
      { text: `${name} ${percent(score)}${area ? `, ${(100 * area).toFixed(1)} % of the area` : ""}`, colour: colourOf(label) }));
  });
}
