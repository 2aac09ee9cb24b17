// The labelling page: which picture, which label, undo, keys and buttons. Draws through Stage, saves through Saver.

import { bindButtons, bindKeys } from "./controls.js";
import { problemOf, rotated, startQuad, untangled, withCorner } from "./quads.js";
import { Saver } from "./saving.js";
import { Stage } from "./stage.js";

const NAMES = { image: ["1", "2", "3", "4"], object: ["1, top left", "2, top right", "3, bottom right", "4, bottom left"] };
const NOTICE_MS = 6000;
const byId = (id) => document.getElementById(id);

let overview = { pictures: [], order: "image", suggests: false, folder: "" };
let picture; // {name, width, height, label, suggestion, past, future} or {name, error}
let index = -1, chosen = 0, onlyUnfinished = false, visit = 0;
let preview; // corners while one of them is being dragged
let saving = { state: "saved", message: "", refused: new Map() };
const visited = new Map(); // name -> picture, for its undo

const saver = new Saver((status) => {
  saving = status;
  render();
});
const stage = new Stage(byId("drawing"), byId("loupe"), {
  onChoose: (corner) => { chosen = corner; render(); },
  onDrag: (corner, place) => { preview = withCorner(shownCorners(), corner, place); render(); },
  onDrop: (corner, moved) => {
    const corners = preview;
    preview = undefined;
    if (moved) place(corners, corner);
    else render();
  },
});

// --- what is shown ----------------------------------------------------------------------------------------------------

const isPending = () => overview.suggests && picture.suggestion === undefined;

function shownCorners() {
  if (!picture || picture.error) return null;
  if (preview) return preview;
  if (picture.label) return picture.label.corners.length ? picture.label.corners : null;
  if (isPending()) return null;
  return picture.suggestion?.present ? picture.suggestion.corners : startQuad();
}

const stateOf = (label) => (!label ? "open" : label.done ? "done" : "unfinished");
const labelProblem = () => (picture?.label?.corners.length ? problemOf(picture.label.corners, overview.order) : "");

function look() {
  if (labelProblem()) return "wrong";
  return { open: "suggestion", unfinished: "saved", done: "done" }[stateOf(picture?.label)];
}

function stateText() {
  if (!picture || picture.error) return "";
  const problem = labelProblem();
  if (problem) return `Not saved: ${problem}`;
  if (saving.message || saving.refused.has(picture.name)) return "Not saved";
  if (saving.state === "saving") return "Saving …";
  if (picture.label) return `Saved${picture.label.done ? ", done" : ""}${picture.label.corners.length ? "" : ": no document"}`;
  if (isPending()) return "Looking for the document …";
  if (!picture.suggestion) return "Drag the corners into place";
  const share = Math.round(picture.suggestion.presence * 100);
  return picture.suggestion.present ? `Suggestion (${share} %)` : `Suggestion: no document (${share} %)`;
}

function render() {
  const corners = shownCorners();
  stage.draw(corners, chosen, look(), NAMES[overview.order]);
  const counts = { open: 0, unfinished: 0, done: 0, unreadable: 0 };
  for (const { state } of overview.pictures) counts[state] += 1;
  const total = overview.pictures.length;
  byId("name").textContent = picture?.name ?? "";
  byId("place").textContent = total ? `${index + 1} of ${total}` : "";
  byId("progress").max = Math.max(total - counts.unreadable, 1);
  byId("progress").value = counts.done;
  byId("progress-text").textContent = `${counts.done}/${total} done` + (counts.unreadable ? `, ${counts.unreadable} unreadable` : "");
  byId("state").textContent = stateText();
  byId("state").dataset.look = saving.message || saving.refused.has(picture?.name) ? "wrong" : look();
  const nothing = Boolean(picture?.label && !picture.label.corners.length);
  document.body.classList.toggle("nothing", nothing);
  byId("nothing").setAttribute("aria-pressed", nothing);
  byId("filter").setAttribute("aria-pressed", onlyUnfinished);
  byId("undo").disabled = !picture?.past?.length;
  byId("redo").disabled = !picture?.future?.length;
  byId("accept").disabled = byId("nothing").disabled = !picture || Boolean(picture.error);
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

// --- labels -----------------------------------------------------------------------------------------------------------

// Every change of a label goes through here: it can be undone, and it is saved at once.
function change(label, joinsLast = false) {
  if (!joinsLast) picture.past.push(picture.label);
  picture.future = [];
  apply(label);
}

function apply(label) {
  picture.label = label;
  overview.pictures[index].state = stateOf(label);
  if (!labelProblem()) saver.save(picture.name, label);
  render();
}

function place(corners, corner, joinsLast = false) {
  const crossed = overview.order === "image" && problemOf(corners, "image") === "the sides cross";
  const ordered = crossed ? untangled(corners) : corners;
  chosen = ordered.indexOf(corners[corner]);
  change({ corners: ordered, done: picture.label?.done ?? false }, joinsLast);
}

function undo(from, to) {
  if (!picture?.[from]?.length) return;
  picture[to].push(picture.label);
  apply(picture[from].pop());
}

function toggleNothing() {
  if (!picture || picture.error) return;
  const isNothing = picture.label && !picture.label.corners.length;
  const corners = picture.suggestion?.present ? picture.suggestion.corners : startQuad();
  change(isNothing ? { corners, done: false } : { corners: [], done: true });
}

function rotate() {
  const corners = shownCorners();
  if (corners && overview.order === "object") change({ corners: rotated(corners), done: picture.label?.done ?? false });
}

function nudge(x, y, joinsLast) {
  const corners = shownCorners();
  if (!corners) return;
  const [left, top] = corners[chosen];
  place(withCorner(corners, chosen, [left + x / picture.width, top + y / picture.height]), chosen, joinsLast && picture.past.length > 0);
}

function accept() {
  if (!picture || picture.error) return step(1);
  if (!picture.label && isPending()) return notify("The suggestion is not there yet.");
  if (!picture.label && !picture.suggestion) return notify("Drag the corners into place first, or press x: no document.");
  if (!picture.label) change({ corners: picture.suggestion.present ? picture.suggestion.corners : [], done: true });
  else if (!picture.label.done) change({ ...picture.label, done: true });
  step(1);
}

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
  const problem = labelProblem();
  if (problem) return notify(`Not saved: ${problem}. Move a corner, or undo.`);
  const found = candidate(index + direction, direction);
  if (found !== undefined) return open(found, direction);
  const left = overview.pictures.filter(({ state }) => state === "open" || state === "unfinished").length;
  notify(left ? `No more ${onlyUnfinished ? "unfinished " : ""}pictures this way; ${left} unfinished in all.` : "All pictures are done.");
  return undefined;
}

function candidate(start, direction) {
  for (let at = start; at >= 0 && at < overview.pictures.length; at += direction) {
    const { state } = overview.pictures[at];
    if (state !== "unreadable" && !(onlyUnfinished && state === "done")) return at;
  }
  return undefined;
}

// Opens a picture; one that cannot be read is passed over in that direction, or shown as such where there is none.
async function open(at, direction, passedOver = "") {
  const { name } = overview.pictures[at];
  const current = ++visit;
  try {
    const loaded = await ask(`api/pictures/${encodeURIComponent(name)}`); // tells why, where it cannot be read
    const image = await loadImage(name);
    if (current !== visit) return;
    show(at, loaded, image);
    notify(passedOver);
  } catch (error) {
    if (current !== visit) return;
    if (!error.isAnswer) return notify("The server does not answer. Is `detector label` still running?", true);
    overview.pictures[at].state = "unreadable";
    const next = direction ? candidate(at + direction, direction) : undefined;
    const message = `${passedOver || "Passed over:"} ${error.message}`;
    if (next !== undefined) return open(next, direction, message);
    if (!direction || !picture) showUnreadable(at, error.message);
    render();
    notify(direction ? message : error.message, !direction || !picture.width);
  }
}

function show(at, loaded, image) {
  const { name, stamp } = loaded, known = visited.get(name), waiting = saver.latest(name);
  const isSame = known && (waiting !== undefined || String(saver.stamps.get(name)) === String(stamp));
  picture = isSame ? known : { ...loaded, past: [], future: [], suggestion: overview.suggests ? undefined : null };
  if (waiting === undefined) saver.stamps.set(name, stamp);
  visited.set(name, picture);
  [index, chosen, preview] = [at, 0, undefined];
  overview.pictures[at].state = stateOf(picture.label);
  location.replace(`#${encodeURIComponent(name)}`);
  document.title = `${name} · Label corners`;
  stage.setPicture(image, loaded.width, loaded.height);
  render();
  focusStage();
  suggest(picture);
  const next = candidate(at + 1, 1);
  if (next !== undefined) ask(`api/pictures/${encodeURIComponent(overview.pictures[next].name)}`).catch(() => {}); // decoded ahead
}

function showUnreadable(at, message) {
  [picture, index, preview] = [{ name: overview.pictures[at].name, error: message }, at, undefined];
  stage.setPicture(null, 1, 1);
  render();
}

async function suggest(asked) {
  if (asked.suggestion !== undefined) return;
  try {
    asked.suggestion = await ask(`api/suggestions/${encodeURIComponent(asked.name)}`);
  } catch (error) {
    asked.suggestion = null;
    notify(`No suggestion: ${error.message}`);
  }
  render();
  if (asked === picture) focusStage();
}

function focusStage() {
  if (document.activeElement?.closest("button, dialog")) return;
  if (shownCorners()) stage.focus(chosen);
}

// --- what can be done -------------------------------------------------------------------------------------------------

const ACTIONS = {
  previous: () => step(-1),
  next: () => step(1),
  undo: () => undo("past", "future"),
  redo: () => undo("future", "past"),
  rotate,
  nothing: toggleNothing,
  filter: () => { onlyUnfinished = !onlyUnfinished; render(); },
  help: () => byId("help-dialog").showModal(),
  accept,
  "zoom-in": () => stage.zoom(1.5),
  "zoom-out": () => stage.zoom(1 / 1.5),
  "zoom-fit": () => stage.fit(),
  retry: () => (saving.message ? saver.retry() : location.reload()),
};

async function begin() {
  overview = await ask("api/pictures");
  document.body.dataset.order = overview.order;
  const names = overview.pictures.map(({ name }) => name);
  const named = names.indexOf(decodeURIComponent(location.hash.slice(1)));
  if (named >= 0) return open(named, 0);
  const first = overview.pictures.findIndex(({ state }) => state === "open" || state === "unfinished");
  return open(Math.max(first, 0), 1);
}

bindButtons(ACTIONS, focusStage);
bindKeys(ACTIONS, nudge, (corner) => shownCorners() && stage.focus(corner));
addEventListener("beforeunload", (event) => { if (saver.pending || labelProblem()) event.preventDefault(); });
begin().catch((error) => notify(error.message, true));
