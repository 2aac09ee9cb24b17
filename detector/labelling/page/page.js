// The labelling page: which picture, what has been saved, keys and buttons. What a label is, and how it is shown and
// changed, is up to the mode; Stage draws, Saver saves.

import { bindButtons, bindKeys } from "./controls.js";
import { CornerMode } from "./corner_mode.js";
import { ReviewMode } from "./review_mode.js";
import { Saver } from "./saving.js";
import { Stage } from "./stage.js";

const MODES = { corners: CornerMode, review: ReviewMode };
const NOTICE_MS = 6000;
const byId = (id) => document.getElementById(id);

let index = -1, opening = -1, onlyUnfinished = false, visit = 0, mode; // opening: the one that is shown next, or index
let saving = { state: "saved", message: "", refused: new Map() };
const visited = new Map(); // name -> picture, for its undo

const saver = new Saver((status) => {
  saving = status;
  render();
});

// What a mode may ask and call; `picture`: {name, width, height, label, ...} or {name, error}.
const page = {
  overview: { pictures: [], order: "image", suggests: false, folder: "" },
  picture: undefined,
  stage: new Stage(byId("drawing"), byId("loupe")),
  isOpening: () => opening !== index,
  ...{ ask, focusStage, labelled, notify, relabel, render, step },
};

// --- what is shown ----------------------------------------------------------------------------------------------------

function stateText() {
  const { picture } = page;
  if (!picture || picture.error) return "";
  const problem = mode.problem();
  if (problem) return `Not saved: ${problem}`;
  if (saving.message || saving.refused.has(picture.name)) return "Not saved";
  return saving.state === "saving" ? "Saving …" : mode.stateText();
}

function render() {
  const { picture, overview } = page, total = overview.pictures.length;
  mode.draw();
  const counts = { open: 0, unfinished: 0, done: 0, accepted: 0, rejected: 0, unreadable: 0 };
  for (const { state } of overview.pictures) counts[state] += 1;
  byId("name").textContent = picture?.name ?? "";
  byId("place").textContent = total ? `${index + 1} of ${total}` : "";
  byId("progress").max = Math.max(total - counts.unreadable, 1);
  byId("progress").value = mode.finished.reduce((sum, state) => sum + counts[state], 0);
  byId("progress-text").textContent = mode.progressText(counts, total) + (counts.unreadable ? `, ${counts.unreadable} unreadable` : "");
  byId("state").textContent = stateText();
  byId("state").dataset.look = saving.message || saving.refused.has(picture?.name) ? "wrong" : mode.look();
  byId("filter").setAttribute("aria-pressed", onlyUnfinished);
  renderBanner();
}

function renderBanner() {
  const [refused] = saving.refused;
  const text = saving.message ? `Not saved, trying again: ${saving.message}` : refused ? `Not saved: ${refused[1]}` : "";
  byId("banner").hidden = !text;
  byId("banner-text").textContent = text;
  byId("retry").textContent = saving.message ? "Try again" : "Reload";
}

function notify(text, lasting = false) {
  const notice = byId("notice");
  clearTimeout(notify.timer);
  Object.assign(notice, { textContent: text, hidden: !text });
  if (text && !lasting) notify.timer = setTimeout(() => { notice.hidden = true; }, NOTICE_MS);
}

function focusStage() {
  if (!document.activeElement?.closest("button, dialog")) mode.focus();
}

// --- labels -----------------------------------------------------------------------------------------------------------

// The mode has changed the label of a picture; one that cannot be saved as it is waits for the next change.
function labelled(name, label, canBeSaved = true) {
  overviewOf(name).state = mode.stateOf(label);
  if (canBeSaved) saver.save(name, label);
  render();
}

// Changes the label of any picture, and goes there.
function relabel(name, label) {
  if (visited.has(name)) visited.get(name).label = label;
  labelled(name, label);
  if (name !== page.picture?.name) open(page.overview.pictures.indexOf(overviewOf(name)), 0);
}

const overviewOf = (wanted) => page.overview.pictures.find(({ name }) => name === wanted);
const isFinished = (state) => state === "unreadable" || mode.finished.includes(state);

// --- pictures ---------------------------------------------------------------------------------------------------------

async function ask(path) {
  const response = await fetch(path);
  const answer = await response.json();
  if (!response.ok) throw Object.assign(new Error(answer.error), { isAnswer: true });
  return answer;
}

const loadImage = async (name) => {
  const image = new Image();
  image.src = `pixels/${encodeURIComponent(name)}`;
  await image.decode();
  return image;
};

function step(direction) {
  const problem = mode.problem();
  if (problem) return notify(`Not saved: ${problem}. Move a corner, or undo.`);
  const found = candidate(opening + direction, direction);
  if (found !== undefined) return open(found, direction);
  const left = page.overview.pictures.filter(({ state }) => !isFinished(state)).length;
  notify(left ? `No more ${onlyUnfinished ? "unfinished " : ""}pictures this way; ${left} unfinished in all.` : "All pictures are done.");
  return undefined;
}

function candidate(start, direction) {
  const { pictures } = page.overview;
  for (let at = start; at >= 0 && at < pictures.length; at += direction) {
    const { state } = pictures[at];
    if (state !== "unreadable" && !(onlyUnfinished && isFinished(state))) return at;
  }
  return undefined;
}

// Opens a picture; one that cannot be read is passed over in that direction, or shown as such where there is none.
async function open(at, direction, passedOver = "") {
  const { name } = page.overview.pictures[at];
  const current = ++visit;
  opening = at;
  try {
    const loaded = await ask(`api/pictures/${encodeURIComponent(name)}`); // tells why, where it cannot be read
    const image = await loadImage(name);
    if (current !== visit) return;
    show(at, loaded, image);
    notify(passedOver);
  } catch (error) {
    if (current !== visit) return;
    opening = index;
    if (!error.isAnswer) return notify("The server does not answer. Is `detector label` still running?", true);
    page.overview.pictures[at].state = "unreadable";
    const next = direction ? candidate(at + direction, direction) : undefined;
    const message = `${passedOver || "Passed over:"} ${error.message}`;
    if (next !== undefined) return open(next, direction, message);
    if (!direction || !page.picture) showUnreadable(at, error.message);
    render();
    notify(direction ? message : error.message, !direction || !page.picture.width);
  }
}

function show(at, loaded, image) {
  const { name, stamp } = loaded, known = visited.get(name), waiting = saver.latest(name);
  const isSame = known && (waiting !== undefined || String(saver.stamps.get(name)) === String(stamp));
  page.picture = isSame ? known : mode.begin(loaded);
  if (waiting === undefined) saver.stamps.set(name, stamp);
  visited.set(name, page.picture);
  index = at;
  page.overview.pictures[at].state = mode.stateOf(page.picture.label);
  location.replace(`#${encodeURIComponent(name)}`);
  document.title = `${name} · ${mode.title}`;
  mode.opened();
  page.stage.setPicture(image, loaded.width, loaded.height);
  render();
  focusStage();
  const next = candidate(at + 1, 1);
  if (next !== undefined) ask(`api/pictures/${encodeURIComponent(page.overview.pictures[next].name)}`).catch(() => {}); // decoded ahead
}

function showUnreadable(at, message) {
  [page.picture, index, opening] = [{ name: page.overview.pictures[at].name, error: message }, at, at];
  page.stage.setPicture(null, 1, 1);
  render();
}

// --- what can be done -------------------------------------------------------------------------------------------------

const ACTIONS = {
  previous: () => step(-1),
  next: () => step(1),
  filter: () => { onlyUnfinished = !onlyUnfinished; render(); },
  help: () => byId("help-dialog").showModal(),
  "zoom-in": () => page.stage.zoom(1.5),
  "zoom-out": () => page.stage.zoom(1 / 1.5),
  "zoom-fit": () => page.stage.fit(),
  retry: () => (saving.message ? saver.retry() : location.reload()),
};

async function begin() {
  page.overview = await ask("api/pictures");
  Object.assign(document.body.dataset, { order: page.overview.order, mode: page.overview.mode });
  mode = new MODES[page.overview.mode](page);
  document.title = mode.title;
  const actions = { ...ACTIONS, ...mode.actions };
  bindButtons(actions, focusStage);
  bindKeys(actions, mode.keys, (key, event) => mode.onKey(key, event));
  addEventListener("beforeunload", (event) => { if (saver.pending || mode.problem()) event.preventDefault(); });
  const named = page.overview.pictures.findIndex(({ name }) => name === decodeURIComponent(location.hash.slice(1)));
  if (named >= 0) return open(named, 0);
  const first = page.overview.pictures.findIndex(({ state }) => !isFinished(state));
  return open(Math.max(first, 0), 1);
}

begin().catch((error) => notify(error.message, true));
