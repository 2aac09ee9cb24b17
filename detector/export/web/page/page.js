// The page: a camera or a picture goes in, what the network says is drawn, told and timed.

import { toJson } from "./decode/index.js";
import { draw, wordsOf } from "./draw.js";
import { Pipeline, sizeOf } from "./pipeline.js";

const FRAMES = 30; // that the time a frame is the median of
const element = (id) => document.getElementById(id);
const canvas = element("view");
const video = Object.assign(document.createElement("video"), { muted: true, playsInline: true });
const shown = { source: null, predictions: {} };
let pipeline;
let times = [];
let facing = "environment";
let running = 0; // number of the camera session; what belongs to an earlier one stops

const setState = (state) => { document.documentElement.dataset.state = state; };

async function begin() {
  element("stage").classList.add("waiting");
  try {
    pipeline = await Pipeline.load();
  } catch (error) {
    return fail(`The network does not load: ${error.message}. Serve this folder over HTTP, see README.md.`);
  }
  const { about, input, heads } = pipeline.plan;
  const parts = [Object.keys(heads).join(" + "), `${input.size_hw[1]} × ${input.size_hw[0]} px`, about.precision];
  element("about").textContent = [...parts, `${Math.round(about.bytes / 1000).toLocaleString("en")} kB`].join(" · ");
  element("invitation").textContent = "Drop a picture here, or start the camera";
  for (const id of ["camera", "file", "json"]) element(id).disabled = false;
  setState("ready");
}

/** Asks the network about a picture or a frame, and shows the answer. */
async function ask(source) {
  const { predictions, milliseconds } = await pipeline.answer(source);
  Object.assign(shown, { source, predictions });
  times = [...times.slice(1 - FRAMES), milliseconds];
  element("stage").classList.remove("waiting");
  element("empty").hidden = true;
  show();
}

function show() {
  if (!shown.source) return;
  draw(canvas, shown.source, sizeOf(shown.source), shown.predictions);
  const items = wordsOf(shown.predictions, (head) => pipeline.plan.heads[head].threshold).map(({ text, colour }) => {
    const item = Object.assign(document.createElement("li"), { textContent: text, className: colour ? "" : "nothing" });
    if (colour) item.style.setProperty("--colour", colour);
    return item;
  });
  element("found").replaceChildren(...items);
  showTimes();
  if (!element("details").hidden) element("details").textContent = textOf(toJson(shown.predictions));
}

/** JSON for a person: rows of numbers stay on one line. */
const textOf = (json) => JSON.stringify(json, null, 2).replace(/\[\s+([-\d.,\s]+?)\s+\]/g, (row) => row.replace(/\s+/g, " "));

function showTimes() {
  const median = (values) => [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)];
  const part = (name) => `${name} ${median(times.map((each) => each[name])).toFixed(1)}`;
  const total = median(times.map(({ resize, network, decode }) => resize + network + decode));
  element("speed").textContent = `${total.toFixed(1)} ms a frame`;
  element("speed").hidden = false;
  element("parts").textContent = `${["resize", "network", "decode"].map(part).join(" · ")} ms`;
}

async function startCamera() {
  const session = (running += 1);
  setState("opening");
  stopTracks();
  try {
    const wanted = { width: { ideal: 640 }, height: { ideal: 480 }, facingMode: facing };
    if (!navigator.mediaDevices) throw new Error("browsers give it to https:// and http://localhost alone");
    const stream = await navigator.mediaDevices.getUserMedia({ video: wanted });
    if (session !== running) return stream.getTracks().forEach((track) => track.stop());
    video.srcObject = stream;
    await video.play();
  } catch (error) {
    if (session === running) stopCamera();
    return fail(`There is no camera: ${error.message}.`);
  }
  times = [];
  element("camera").setAttribute("aria-pressed", "true");
  element("turn").hidden = (await countCameras()) < 2;
  setState("camera");
  await watch(session);
}

/** Asks about every frame that the camera has new, until the session ends. */
async function watch(session) {
  try {
    while (session === running) {
      await new Promise((done) => { video.requestVideoFrameCallback(done); });
      if (session === running && video.videoWidth) await ask(video);
    }
  } catch (error) {
    stopCamera();
    fail(error.message);
  }
}

const countCameras = async () => (await navigator.mediaDevices.enumerateDevices()).filter(({ kind }) => kind === "videoinput").length;

function stopCamera() {
  running += 1;
  stopTracks();
  element("camera").setAttribute("aria-pressed", "false");
  element("turn").hidden = true;
  setState("ready");
}

function stopTracks() {
  video.srcObject?.getTracks().forEach((track) => track.stop());
  video.srcObject = null;
}

/** Asks about a picture file as a person chose, dropped or pasted it. */
async function askFile(file) {
  if (!file || !pipeline) return;
  element("notice").hidden = true;
  stopCamera();
  setState("asking");
  times = [];
  try {
    await ask(await createImageBitmap(file, { imageOrientation: "from-image", colorSpaceConversion: "none" }));
    setState("answered");
  } catch (error) {
    setState("ready");
    fail(`${file.name} is not a picture that this browser reads (${error.message}).`);
  }
}

function fail(message) {
  element("notice").textContent = message;
  element("notice").hidden = false;
}

/** Canvas pixels are screen pixels: what is drawn on it stays sharp. */
function fitCanvas() {
  const { width, height } = canvas.getBoundingClientRect();
  canvas.width = Math.round(width * devicePixelRatio);
  canvas.height = Math.round(height * devicePixelRatio);
  show();
}

element("camera").addEventListener("click", () => {
  element("notice").hidden = true;
  if (element("camera").getAttribute("aria-pressed") === "true") stopCamera();
  else startCamera();
});
element("turn").addEventListener("click", () => {
  facing = facing === "environment" ? "user" : "environment";
  startCamera();
});
element("file").addEventListener("change", ({ target }) => {
  askFile(target.files[0]);
  target.value = "";
});
element("json").addEventListener("click", () => {
  element("details").hidden = !element("details").hidden;
  element("json").setAttribute("aria-pressed", String(!element("details").hidden));
  show();
});
document.addEventListener("paste", ({ clipboardData }) => askFile(clipboardData.files[0]));
for (const kind of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    event.preventDefault();
    element("stage").classList.toggle("over", kind === "dragover");
    if (kind === "drop") askFile(event.dataTransfer.files[0]);
  });
}
new ResizeObserver(fitCanvas).observe(canvas);
begin();
