// A picture of any size -> the network's frame, as data_generators/transform/input_spec.py says, in 8 bits.

/**
 * Where in the frame the picture comes to lie, in whole pixels.
 * @param {{size_hw: [number, number], fit: "stretch" | "letterbox"}} input of the plan
 * @param {[number, number]} from height and width of the picture
 */
export function contentBox({ size_hw: [height, width], fit }, [fromH, fromW]) {
  if (fit === "stretch") return { top: 0, left: 0, height, width };
  const isTaller = height * fromW <= width * fromH; // the picture fills the height
  const innerH = isTaller ? height : Math.max(1, Math.floor((2 * fromH * width + fromW) / (2 * fromW)));
  const innerW = isTaller ? Math.max(1, Math.floor((2 * fromW * height + fromH) / (2 * fromH))) : width;
  const [top, left] = [Math.floor((height - innerH) / 2), Math.floor((width - innerW) / 2)];
  return { top, left, height: innerH, width: innerW };
}

/**
 * @param {ImageData} picture
 * @param {object} input of the plan
 * @returns {{values: Float32Array, content: object}} H x W x C in [0, 1], and the picture's place in shares of the frame
 */
export function fitPicture(picture, input) {
  const [height, width] = input.size_hw;
  const box = contentBox(input, [picture.height, picture.width]);
  const pixels = resize(withChannels(picture, input.channels), box.height, box.width);
  const values = new Float32Array(height * width * input.channels);
  for (let y = 0; y < box.height; y += 1) {
    const [from, to] = [y * box.width, (y + box.top) * width + box.left];
    for (let index = 0; index < box.width * input.channels; index += 1) {
      values[to * input.channels + index] = pixels.data[from * input.channels + index] / 255;
    }
  }
  const content = { left: box.left / width, top: box.top / height, width: box.width / width, height: box.height / height };
  return { values, content };
}

/** Grey in the fixed-point arithmetic of OpenCV; of colours the canvas keeps a fourth value a pixel, which is skipped. */
function withChannels({ data, width, height }, channels) {
  if (channels === 3) return { data, width, height, channels, step: 4 };
  const grey = new Uint8Array(width * height);
  for (let index = 0; index < grey.length; index += 1) {
    grey[index] = (data[4 * index] * 9798 + data[4 * index + 1] * 19235 + data[4 * index + 2] * 3735 + 16384) >> 15;
  }
  return { data: grey, width, height, channels, step: 1 };
}

/** Another size: an axis that shrinks is averaged by area, one that grows is interpolated linearly. */
export function resize(picture, height, width) {
  const [shrunkH, shrunkW] = [Math.min(height, picture.height), Math.min(width, picture.width)];
  const shrunk = resampled(picture, areaTaps(picture.height, shrunkH), areaTaps(picture.width, shrunkW));
  if (shrunkH === height && shrunkW === width) return shrunk;
  return resampled(shrunk, linearTaps(shrunkH, height), linearTaps(shrunkW, width));
}

/** The old pixels that each new one covers, with the share of each: `INTER_AREA`. */
function areaTaps(from, to) {
  const scale = from / to;
  return tapsOf(to, (index) => {
    const [begin, end] = [index * scale, Math.min((index + 1) * scale, from)];
    const shares = [];
    for (let place = Math.floor(begin); place < end - 1e-3; place += 1) {
      const share = (Math.min(place + 1, end) - Math.max(place, begin)) / (end - begin);
      if (share * (end - begin) > 1e-3) shares.push([place, share]);
    }
    return shares;
  });
}

/** The two old pixels between whose centres each new one lies, edges repeated: `INTER_LINEAR`. */
function linearTaps(from, to) {
  return tapsOf(to, (index) => {
    const place = Math.min(Math.max(((index + 0.5) * from) / to - 0.5, 0), from - 1);
    const first = Math.floor(place);
    return [[first, 1 - (place - first)], [Math.min(first + 1, from - 1), place - first]];
  });
}

/** Flat arrays: entries start[i] to start[i + 1] belong to the new pixel i. */
function tapsOf(count, sharesOf) {
  const rows = Array.from({ length: count }, (_, index) => sharesOf(index));
  const start = new Int32Array(count + 1);
  rows.forEach((row, index) => { start[index + 1] = start[index] + row.length; });
  const flat = rows.flat();
  return { count, start, places: Int32Array.from(flat, ([place]) => place), shares: Float64Array.from(flat, ([, share]) => share) };
}

/** Weighted means along both axes, rounded half to even as OpenCV does (a clamped array rounds so), 2 x 2 half up. */
function resampled(picture, alongY, alongX) {
  const { channels } = picture;
  const length = alongX.count * channels;
  const data = new Uint8ClampedArray(alongY.count * length);
  const isHalved = picture.height === 2 * alongY.count && picture.width === 2 * alongX.count;
  const [row, sums] = [new Float64Array(length), new Float64Array(length)];
  let read = -1;
  for (let y = 0; y < alongY.count; y += 1) {
    sums.fill(isHalved ? 1e-6 : 0);
    for (let tap = alongY.start[y]; tap < alongY.start[y + 1]; tap += 1) {
      if (alongY.places[tap] !== read) readRow(picture, (read = alongY.places[tap]), alongX, row);
      const share = alongY.shares[tap];
      for (let index = 0; index < length; index += 1) sums[index] += share * row[index];
    }
    data.set(sums, y * length);
  }
  return { data, width: alongX.count, height: alongY.count, channels, step: channels };
}

/** Weighted means along a row of the picture: this loop is most of the time that a frame takes. */
function readRow({ data, width, channels, step }, y, { count, start, places, shares }, row) {
  const begin = y * width * step;
  const isColour = channels === 3;
  for (let x = 0, out = 0; x < count; x += 1, out += channels) {
    let [red, green, blue] = [0, 0, 0];
    for (let tap = start[x], end = start[x + 1]; tap < end; tap += 1) {
      const place = begin + places[tap] * step;
      const share = shares[tap];
      red += share * data[place];
      if (isColour) {
        green += share * data[place + 1];
        blue += share * data[place + 2];
      }
    }
    row[out] = red;
    if (isColour) {
      row[out + 1] = green;
      row[out + 2] = blue;
    }
  }
}
