// The sections of the page, drawn from the data that lies in it.

const DATA = JSON.parse(document.getElementById("data").textContent);
const shortName = (point) => (DATA.folders[point.folder].kind === "run" ? point.name : point.name.slice(DATA.folders[point.folder].name.length + 1));
const POINTS = DATA.points.map((point, key) => ({ ...point, key, name: DATA.folders.length > 1 ? point.name : shortName(point), label: shortName(point) }));
const METRICS = Object.fromEntries(DATA.metrics.map((metric) => [metric.name, metric]));
const PLOTTED = ["int8_bytes", "macs", "milliseconds", "arena_bytes"];
const ENDED = { missed: "short of the goal", rejected: "refused by the export's gate", cut: "cut short", failed: "failed", running: "not measured yet" };
const KINDS = { run: "run", study: "sweep", ladder: "ladder" };
const view = { metric: DATA.metrics[0]?.name ?? "", target: "near", sort: "metric", down: METRICS[DATA.metrics[0]?.name]?.more ?? true };
const redraws = [];

// Every search is a series of its own; runs together are one.
const searches = DATA.folders.map((folder, index) => index).filter((index) => DATA.folders[index].kind !== "run");
const hasRuns = searches.length < DATA.folders.length;
const seriesOf = (folder) => (searches.includes(folder) ? searches.indexOf(folder) : searches.length);
const seriesNames = [...searches.map((index) => DATA.folders[index].name), ...(hasRuns ? ["runs"] : [])];
const settingName = (path) => (DATA.settings.filter((other) => other.split(".").pop() === path.split(".").pop()).length > 1 ? path : path.split(".").pop());
const metricTitle = (name) => `${name} (${METRICS[name].unit}, ${METRICS[name].more ? "higher" : "lower"} is better)`;
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const chip = (state) => make("span", { class: `chip ${state}` }, state);

function section(id, title, about, ...children) {
  document.getElementById("main").append(make("section", { id, "aria-labelledby": `${id}-title` }, make("h2", { id: `${id}-title` }, title), about && make("p", { class: "quiet about" }, about), ...children));
}

function addFolders() {
  DATA.notes.forEach((note) => document.getElementById("main").append(make("p", { class: "note" }, note)));
  section("folders", DATA.folders.length > 1 ? "What is compared" : "What this is", "", make("div", { class: "cards" }, DATA.folders.map((folder, index) => make("article", { class: "card" },
    make("h3", {}, legendMark(seriesOf(index)), folder.name, make("span", { class: "kind" }, KINDS[folder.kind])),
    make("p", { class: "quiet path" }, folder.path),
    folder.summary.map((line) => make("p", {}, line)),
    folder.command ? commandBox([folder.command]) : null))));
}

const legendMark = (series) => draw("svg", { class: "key", viewBox: "-8 -8 16 16", "aria-hidden": true }, draw("path", { d: shape(series), fill: colour(series) }));

// Points with this metric and cost; those that differ in the seed alone are one, with their mean and range.
function groupsOf(metric, cost) {
  const groups = new Map();
  POINTS.filter((point) => point.plotted && point.costs[cost] > 0 && Number.isFinite(point.metrics[metric])).forEach((point) => {
    const key = `${seriesOf(point.folder)} ${point.alike || point.name} ${point.state === "rejected"}`;
    groups.set(key, [...(groups.get(key) ?? []), point]);
  });
  return [...groups.values()].map((points) => {
    const values = points.map((point) => point.metrics[metric]), [first] = points, x = mean(points.map((point) => point.costs[cost]));
    const spread = points.length > 1 ? `, mean of ${points.length} seeds (${short(Math.min(...values), 4)} to ${short(Math.max(...values), 4)})` : "";
    return {
      keys: points.map((point) => point.key), x, y: mean(values), low: Math.min(...values), high: Math.max(...values),
      series: seriesOf(first.folder), state: first.state, label: first.label.slice(0, 22), chosen: points.some((point) => point.chosen), open: () => openDetails(points),
      lines: [points.map((point) => point.name).join(", "), `${metric} ${short(mean(values), 4)}${spread}`, `${COSTS[cost].label} ${costText(cost, x)}`, ENDED[first.state] ?? ""].filter(Boolean),
    };
  });
}

function limitsOf(cost, groups) {
  const [low, high] = [Math.min(...groups.map((group) => group.x)) / 3, Math.max(...groups.map((group) => group.x)) * 3];
  const own = DATA.folders.map((folder) => folder.target);
  const wanted = { near: (limit) => own.includes(limit.target) || (limit.most >= low && limit.most <= high), all: () => true, none: () => false }[view.target] ?? ((limit) => limit.target === view.target);
  return DATA.limits.filter((limit) => limit.cost === cost && wanted(limit)).reduce((merged, limit) => {
    const same = merged.find((other) => other.most === limit.most), note = `${limit.title}. ${limit.note}`;
    if (!same) return [...merged, { most: limit.most, label: limit.target, note }];
    Object.assign(same, { label: `${same.label}, ${limit.target}`, note: `${same.note}\n${note}` });
    return merged;
  }, []);
}

function addFronts() {
  const about = "Each mark is one training, measured in int8; the line joins those that no other of its search beats. Point at one, or press Enter on it, for more.";
  if (!POINTS.some((point) => point.plotted)) return section("fronts", "What a better score costs", "", make("p", { class: "empty" }, "Nothing here has an int8 file with scores yet, so there is nothing to plot. Export a run (detector export RUN), or let the search go on; then make this page again."));
  const plots = PLOTTED.map((cost) => [cost, make("figure", { class: "plot" })]);
  const redraw = () => plots.forEach(([cost, host]) => {
    const groups = groupsOf(view.metric, cost), { label, unit, scale } = COSTS[cost];
    if (!groups.length) return host.replaceChildren(make("p", { class: "empty" }, `${label}: no point has it together with ${view.metric}.${cost === "milliseconds" ? " Sweeps and ladders measure it; of a run, detector benchmark tells it." : ""}`));
    const goals = DATA.folders.filter((folder) => folder.metric === view.metric && folder.goal !== null).map((folder) => folder.goal);
    drawScatter(host, `${view.metric} against ${label}`, groups, { title: `${label} / ${unit} (log)`, log: true, scale }, { title: `${view.metric} / ${METRICS[view.metric].unit}` }, { limits: limitsOf(cost, groups), goals, more: METRICS[view.metric].more });
  });
  redraws.push(redraw);
  const targets = [...new Set(DATA.limits.map((limit) => limit.target))];
  section("fronts", "What a better score costs", about,
    make("div", { class: "controls" },
      picker("Score", DATA.metrics.map(({ name }) => [name, metricTitle(name)]), view.metric, (value) => { view.metric = value; redrawAll(); }),
      picker("Limits of", [["near", "targets near the points"], ["none", "no target"], ["all", "all targets"], ...targets.map((name) => [name, name])], view.target, (value) => { view.target = value; redraw(); })),
    addLegend(), make("div", { class: "plots" }, plots.map(([, host]) => host)));
}

function addLegend() {
  const states = new Set(POINTS.filter((point) => point.plotted).map((point) => point.state));
  const key = (path, attributes, text) => make("li", {}, draw("svg", { class: "key", viewBox: "-8 -8 16 16", "aria-hidden": true }, draw("path", { d: path, ...attributes })), text);
  return make("ul", { class: "legend" },
    seriesNames.map((name, index) => make("li", {}, legendMark(index), name)),
    POINTS.some((point) => point.chosen) ? make("li", {}, "★ the winner") : null,
    states.has("missed") ? key(SHAPES[0], { class: "hollow" }, "hollow: short of the goal") : null,
    states.has("rejected") ? key(CROSS, { class: "hollow" }, "cross: refused by the export's gate") : null,
    groupsOf(view.metric, "int8_bytes").some((group) => group.keys.length > 1) ? key("M0,-7V7m-3,0h6M-3,-7h6", { class: "hollow" }, "bar: range over seeds") : null);
}

function columns() {
  const varied = new Set(POINTS.map((point) => point.seed)).size > 1;
  const cost = (name) => ({ id: name, title: `${COSTS[name].short ?? COSTS[name].label} / ${COSTS[name].unit}`, value: (point) => point.costs[name], text: (value) => short(value * COSTS[name].scale), number: true });
  return [
    { id: "name", title: "name", value: (point) => point.name, cell: (point) => make("button", { type: "button", class: "link", title: point.name, click: () => openDetails([point]) }, seriesNames.length > 1 ? legendMark(seriesOf(point.folder)) : "", (point.chosen ? "★ " : "") + point.label) },
    { id: "state", title: "state", value: (point) => point.state, cell: (point) => chip(point.state) },
    { id: "metric", title: view.metric || "score", value: (point) => (point.compared ? point.metrics[view.metric] : undefined), text: (value) => short(value, 4), number: true },
    ...["int8_bytes", "parameters", "macs", "milliseconds", "arena_bytes"].map(cost),
    ...(varied ? [{ id: "seed", title: "seed", value: (point) => point.seed ?? undefined, number: true }] : []),
    ...DATA.settings.map((path) => ({ id: path, title: settingName(path), hint: path, value: (point) => point.settings[path], text: (value) => (typeof value === "number" ? short(value) : value), number: POINTS.every((point) => typeof (point.settings[path] ?? 0) === "number") })),
  ];
}

function compare(a, b) {
  return typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true });
}

function addTable() {
  const host = make("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "table of all points" });
  const redraw = () => {
    const shown = columns(), by = shown.find((column) => column.id === view.sort) ?? shown[0];
    const missing = (point) => by.value(point) === undefined;
    const rows = [...POINTS].sort((a, b) => missing(a) - missing(b) || (missing(a) ? 0 : (view.down ? -1 : 1) * compare(by.value(a), by.value(b))));
    const sortBy = (id) => { view.down = view.sort === id ? !view.down : false; view.sort = id; redraw(); host.querySelector(`[data-column="${CSS.escape(id)}"]`).focus(); };
    const cell = (column, point) => column.cell?.(point) ?? (column.value(point) === undefined ? "–" : String(column.text?.(column.value(point)) ?? column.value(point)));
    host.replaceChildren(make("table", {},
      make("thead", {}, make("tr", {}, shown.map((column) => make("th", { scope: "col", class: column.number && "number", title: column.hint, "aria-sort": column === by ? (view.down ? "descending" : "ascending") : null }, make("button", { type: "button", "data-column": column.id, click: () => sortBy(column.id) }, column.title))), make("th", { scope: "col" }, "again"))),
      make("tbody", {}, rows.map((point) => make("tr", { "data-keys": point.key, pointerenter: () => highlight([point.key]), pointerleave: () => highlight([]) }, shown.map((column) => make("td", { class: column.number && "number" }, cell(column, point))), make("td", {}, copyButton(point)))))));
  };
  redraws.push(redraw);
  section("table", "All of them", "Click a heading to sort, a name for everything about it; copy gives the commands that train and export it again.", host);
}

function copyButton(point) {
  if (!point.commands.length) return make("span", { class: "quiet", title: "No config was written." }, "–");
  const button = make("button", { type: "button", class: "copy", "aria-label": `copy the commands of ${point.name}`, click: () => copyText(point.commands.join("\n"), button) }, "copy");
  return button;
}

function addCurves() {
  const names = [...new Set(POINTS.flatMap((point) => Object.keys(point.curves)))].filter((name) => name !== "epoch");
  if (!names.length) return section("curves", "Learning curves", "", make("p", { class: "empty" }, "No epoch has ended yet: there is no metrics.jsonl with rows."));
  let chosen = names.find((name) => name.startsWith("val_") && name !== "val_loss") ?? names[0];
  const host = make("figure", { class: "plot wide" }), legend = make("ul", { class: "legend" });
  const redraw = () => {
    const having = POINTS.filter((point) => point.curves[chosen]?.some((value) => value !== null)), few = having.length <= COLOURS;
    const line = (point, number, metric, dashed) => ({
      keys: [point.key], name: `${point.name}${dashed ? " (training)" : ""}`, dashed, faint: !few, open: () => openDetails([point]),
      colour: few ? colour(number) : colour(seriesOf(point.folder)), x: point.curves.epoch ?? point.curves[metric].map((_, index) => index + 1), y: point.curves[metric],
    });
    const training = chosen.replace(/^val_/, ""), both = training !== chosen && having.length <= 3;
    const series = having.flatMap((point, number) => [line(point, number, chosen, false), ...(both && point.curves[training] ? [line(point, number, training, true)] : [])]);
    if (!series.length) return host.replaceChildren(make("p", { class: "empty" }, `No training has a value of ${chosen}.`));
    drawLines(host, `${chosen} after each epoch`, series, { title: "epoch" }, { title: chosen });
    const mark = (number) => draw("svg", { class: "key", viewBox: "-8 -8 16 16", "aria-hidden": true }, draw("path", { d: "M-8,0H8", stroke: colour(number), "stroke-width": 3 }));
    const missing = having.length < POINTS.length ? [make("li", { class: "quiet" }, `${having.length} of ${POINTS.length} have ${chosen}`)] : [];
    legend.replaceChildren(...(few ? having.map((point, number) => make("li", {}, mark(number), point.name)) : []), ...(both ? [make("li", { class: "quiet" }, "dashed: on training batches")] : []), ...missing);
  };
  redraws.push(redraw);
  section("curves", "Learning curves", "", make("div", { class: "controls" }, picker("Value", names.map((name) => [name, name]), chosen, (value) => { chosen = value; redraw(); })), legend, host);
}

function addImportances() {
  const studies = DATA.folders.filter((folder) => folder.kind === "study");
  if (!studies.length) return;
  const bar = ([path, share]) => make("li", {}, make("span", { title: path }, path), make("span", { class: "bar", style: `--share: ${share}` }), make("span", { class: "number" }, `${short(100 * share, 2)} %`));
  section("importances", "What mattered", "Share of each objective's variance over the trials that a setting explains (fANOVA, as Optuna computes it). It says what mattered in this space, not which value is best.",
    studies.map((folder) => make("div", {}, studies.length > 1 ? make("h3", {}, folder.name) : null,
      folder.importances_missing ? make("p", { class: "empty" }, folder.importances_missing) : null,
      make("div", { class: "plots" }, Object.entries(folder.importances).map(([objective, shares]) => make("div", { class: "bars" }, make("h4", {}, objective), make("ol", {}, Object.entries(shares).sort((a, b) => b[1] - a[1]).map(bar))))))));
}

const figureOf = (point, picture) => make("figure", { class: "sample", "data-keys": point.key }, make("button", { type: "button", "aria-label": `everything about ${point.name}`, click: () => openDetails([point]) }, make("img", { src: picture.uri, alt: `${picture.name} of ${point.name}`})), make("figcaption", {}, make("strong", {}, point.name), ` ${picture.name === "worst" ? "the worst answers" : picture.name}`));

function addSamples() {
  const figures = POINTS.flatMap((point) => point.pictures.map((picture) => figureOf(point, picture)));
  section("samples", "Samples", figures.length ? "Validation pictures as each network answers them: labels in green, answers in magenta." : "", figures.length ? make("div", { class: "samples" }, figures) : make("p", { class: "empty" }, "There are no pictures: a run draws them every training.picture_epochs, and its worst answers at the end."));
}

function addFailures() {
  const unwell = POINTS.filter((point) => ENDED[point.state]);
  const lists = Object.keys(ENDED).map((state) => [state, unwell.filter((point) => point.state === state)]).filter(([, points]) => points.length);
  const entry = (point) => make("li", { "data-keys": point.key }, make("button", { type: "button", class: "link", click: () => openDetails([point]) }, point.name), make("p", {}, point.reason || (point.state === "running" ? "It goes on, or was stopped before it was measured." : "No reason was written down.")));
  section("failures", "What did not go well", unwell.length ? "" : "Nothing failed, was cut short or was refused.", lists.map(([state, points]) => make("details", { open: points.length <= 8 }, make("summary", {}, chip(state), ` ${points.length} ${ENDED[state]}`), make("ul", { class: "failures" }, points.map(entry)))));
}

function openDetails(points) {
  const rows = (values, text = (name, value) => (typeof value === "number" ? short(value, 4) : value)) => make("dl", {}, Object.entries(values).flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, String(text(name, value)))]));
  const close = make("button", { type: "button", class: "close", "aria-label": "close", click: () => dialog.close() }, "×");
  const dialog = document.getElementById("details");
  hideTip();
  dialog.replaceChildren(close, ...points.map((point, index) => make("article", {},
    make("h2", index ? {} : { id: "details-title" }, (point.chosen ? "★ " : "") + point.name, " ", chip(point.state)),
    point.reason ? make("p", { class: "reason" }, point.reason) : null,
    point.commands.length ? commandBox(point.commands) : null,
    make("div", { class: "facts" },
      make("div", {}, make("h3", {}, `scores${point.runtime ? ` in ${point.runtime}` : ""}`), rows(point.metrics)),
      make("div", {}, make("h3", {}, "costs"), rows(point.costs, costText), make("h3", {}, "settings"), rows({ ...point.settings, ...(point.seed === null ? {} : { seed: point.seed }) }))),
    point.pictures.map((picture) => make("img", { src: picture.uri, alt: `${picture.name} of ${point.name}` })))));
  dialog.showModal();
  dialog.scrollTop = 0;
}

function addTheme() {
  const button = document.getElementById("theme"), order = ["auto", "light", "dark"];
  const kept = (() => { try { return localStorage.getItem("detector-report-theme"); } catch { return null; } })();
  const put = (theme) => {
    document.documentElement.dataset.theme = theme;
    button.textContent = { auto: "◐ as the system", light: "☀ light", dark: "☾ dark" }[theme];
  };
  button.addEventListener("click", () => {
    put(order[(order.indexOf(document.documentElement.dataset.theme) + 1) % order.length]);
    try { localStorage.setItem("detector-report-theme", document.documentElement.dataset.theme); } catch { /* a page from a file may not keep anything */ }
  });
  put(order.includes(kept) ? kept : "auto");
}

const redrawAll = () => redraws.forEach((redraw) => redraw());
document.getElementById("made").textContent = `${POINTS.length} ${POINTS.length === 1 ? "training" : "trainings"}, read ${DATA.made}`;
[addTheme, addFolders, addFronts, addTable, addCurves, addImportances, addSamples, addFailures].forEach((add) => add());
redrawAll();
document.getElementById("details").addEventListener("click", (event) => { if (event.target.id === "details") event.target.close(); });
let width = innerWidth;
addEventListener("resize", () => { if (innerWidth !== width) { width = innerWidth; redrawAll(); } });
