// From a picture to its answer: frame, network, decoding. The page and its tests ask here.

import { Tensor, loadAndCompile, loadLiteRt } from "@litertjs/core";

import { decode } from "./decode/index.js";
import { fitPicture } from "./frame.js";

const WARM_UP = 3; // frames

export class Pipeline {
  /** The runtime, the plan and the network that lie beside this file; loaded once. */
  static load() {
    return (Pipeline.loading ??= Pipeline.#load());
  }

  static async #load() {
    const response = await fetch(new URL("plan.json", import.meta.url));
    if (!response.ok) throw new Error(`plan.json is not there (${response.status}): write the bundle again`);
    const plan = await response.json();
    await loadLiteRt(new URL(plan.about.wasm, import.meta.url).href);
    const model = await loadAndCompile(new URL("model.tflite", import.meta.url).href, { accelerator: "wasm" });
    const pipeline = new Pipeline(plan, model);
    await pipeline.warmUp();
    return pipeline;
  }

  constructor(plan, model) {
    this.plan = plan;
    this.model = model;
    this.input = model.getInputDetails()[0].name;
    this.canvas = document.createElement("canvas");
    this.context = this.canvas.getContext("2d", { willReadFrequently: true });
  }

  /** The first frames take long: the browser compiles what it runs. */
  async warmUp() {
    const blank = Object.assign(document.createElement("canvas"), { width: 640, height: 480 });
    for (let frame = 0; frame < WARM_UP; frame += 1) await this.answer(blank);
  }

  /**
   * @param {HTMLVideoElement | HTMLCanvasElement | ImageBitmap} source
   * @returns {Promise<{predictions: object, milliseconds: {resize: number, network: number, decode: number}}>}
   */
  async answer(source) {
    const began = performance.now();
    const { values, content } = fitPicture(this.read(source), this.plan.input);
    const resized = performance.now();
    const outputs = await this.run(values);
    const ran = performance.now();
    const predictions = decode(this.plan, outputs, content);
    const milliseconds = { resize: resized - began, network: ran - resized, decode: performance.now() - ran };
    return { predictions, milliseconds };
  }

  /** The pixels of a picture at its own size, on white where it is transparent. */
  read(source) {
    const { width, height } = sizeOf(source);
    if (this.canvas.width !== width) this.canvas.width = width;
    if (this.canvas.height !== height) this.canvas.height = height;
    this.context.fillStyle = "#fff";
    this.context.fillRect(0, 0, width, height);
    this.context.drawImage(source, 0, 0);
    return this.context.getImageData(0, 0, width, height);
  }

  /** Outputs by name of a frame H x W x C in [0, 1]. */
  async run(values) {
    const image = new Tensor(values, this.plan.input.shape);
    try {
      const tensors = await this.model.run({ [this.input]: image });
      return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => {
        const array = tensor.toTypedArray().slice();
        tensor.delete();
        return [name, array];
      }));
    } finally {
      image.delete();
    }
  }
}

/** Width and height in pixels of a picture or of the camera's frame. */
export function sizeOf(source) {
  return { width: source.videoWidth || source.width, height: source.videoHeight || source.height };
}
