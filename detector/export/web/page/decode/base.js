// What the decoders of all heads share: probabilities, ramps, and rounding.

/** The logistic function. */
export const probabilityOf = (logit) => 0.5 + 0.5 * Math.tanh(0.5 * logit);

/**
 * Coordinates that left the network as ramps: low + (high - low) * sum of clip(ramp, 0, top) / (count * top).
 * @param {Float32Array} values the output, `count` ramps a coordinate, ramps fastest
 * @param {{count: number, top: number}} ramps of the plan
 * @param {number} index of the coordinate in the output
 * @param {number} low least coordinate
 * @param {number} high greatest coordinate
 */
export function coordinateOf(values, ramps, index, low, high) {
  let sum = 0;
  for (let ramp = 0; ramp < ramps.count; ramp += 1) {
    sum += Math.min(Math.max(values[index * ramps.count + ramp], 0), ramps.top);
  }
  return low + ((high - low) * sum) / (ramps.count * ramps.top);
}

export const clip = (value, low, high) => Math.min(Math.max(value, low), high);

/** Index of the greatest value, of equal ones the first. */
export function argmax(values) {
  let best = 0;
  for (let index = 1; index < values.length; index += 1) if (values[index] > values[best]) best = index;
  return best;
}

export const sumOf = (values) => values.reduce((total, value) => total + value, 0);
