// Plots in SVG: points or lines between two axes, with a pointer and arrow keys that pick the nearest.

const MARGIN = { left: 64, right: 14, top: 14, bottom: 42 }, ROW = 14;
const SHAPES = ["M-5,0a5,5 0 1,0 10,0a5,5 0 1,0 -10,0", "M-4.6,-4.6h9.2v9.2h-9.2z", "M0,-6.4l6,10.6h-12z", "M0,-6.6l6.6,6.6l-6.6,6.6l-6.6,-6.6z"];
const CROSS = "M-4.5,-4.5l9,9m0,-9l-9,9";
const COLOURS = 7, REACH = 40;
const colour = (number) => `var(--series-${number % COLOURS})`;
const shape = (number) => SHAPES[number % SHAPES.length];

// From values to a place between `from` and `to` (pixels), with its ticks.
function makeScale(values, from, to, log) {
  let [low, high] = [Math.min(...values), Math.max(...values)];
  if (log) [low, high] = low * 1.3 > high ? [low / 1.6, high * 1.6] : [low / (high / low) ** 0.06, high * (high / low) ** 0.06];
  else {
    const room = (high - low) * 0.07 || Math.abs(high) * 0.1 || 1;
    [low, high] = [low - room, high + room];
  }
  const f = log ? Math.log10 : (value) => value;
  const at = (value) => from + ((f(value) - f(low)) / (f(high) - f(low))) * (to - from);
  const room = Math.abs(to - from) / (log ? 46 : 44);
  return { at, ticks: log ? logTicks(low, high, room) : linearTicks(low, high, room) };
}

function linearTicks(low, high, most) {
  const rough = (high - low) / Math.max(2, most), power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
  const count = Math.floor(high / step) - Math.ceil(low / step) + 1;
  return Array.from({ length: count }, (_, index) => (Math.ceil(low / step) + index) * step);
}

function logTicks(low, high, most) {
  for (const factors of [[1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9], [1, 2, 3, 5, 7], [1, 2, 5], [1, 3], [1]]) {
    const ticks = [];
    for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; power++) {
      ticks.push(...factors.map((factor) => factor * 10 ** power).filter((value) => value >= low && value <= high));
    }
    if (ticks.length <= most) return ticks;
  }
  return [];
}

// The empty plot: axes, grid and titles. `x` and `y`: { values, title, log, scale }.
function makeFrame(host, name, x, y, height, head = 0) {
  const width = Math.max(260, host.clientWidth);
  const svg = draw("svg", { width, height, viewBox: `0 0 ${width} ${height}`, tabindex: 0, role: "group", "aria-label": `${name}. The arrow keys go through it, Enter shows more.` });
  const [left, right, top, bottom] = [MARGIN.left, width - MARGIN.right, MARGIN.top + head, height - MARGIN.bottom];
  const across = makeScale(x.values, left, right, x.log), up = makeScale(y.values, bottom, top, y.log);
  const text = (value, scale = 1) => short(value * scale, 3);
  svg.append(
    ...across.ticks.filter((tick) => !x.whole || Number.isInteger(tick)).map((tick) => draw("g", { class: "tick" }, draw("line", { x1: across.at(tick), x2: across.at(tick), y1: top, y2: bottom }), draw("text", { x: across.at(tick), y: bottom + 16, "text-anchor": "middle" }, text(tick, x.scale)))),
    ...up.ticks.map((tick) => draw("g", { class: "tick" }, draw("line", { x1: left, x2: right, y1: up.at(tick), y2: up.at(tick) }), draw("text", { x: left - 6, y: up.at(tick) + 4, "text-anchor": "end" }, text(tick, y.scale)))),
    draw("text", { class: "axis", x: (left + right) / 2, y: height - 6, "text-anchor": "middle" }, x.title),
    draw("text", { class: "axis", transform: `translate(14 ${(top + bottom) / 2}) rotate(-90)`, "text-anchor": "middle" }, y.title),
  );
  host.replaceChildren(svg);
  return { svg, across, up, left, right, top, bottom };
}

// Pointer and keys. `items`: { keys, places: [[x, y], ...], lines: (index of the place) => texts, open }.
function makeInteractive(svg, items) {
  let chosen = -1;
  const show = (item, index, tell) => {
    const box = svg.getBoundingClientRect(), [x, y] = item.places[index];
    highlight(item.keys);
    if (tell) showTip(item.lines(index), box.left + x, box.top + y);
  };
  const nearest = (event) => {
    const box = svg.getBoundingClientRect();
    let best = { distance: REACH };
    items.forEach((item, number) => item.places.forEach(([x, y], index) => {
      const distance = Math.hypot(event.clientX - box.left - x, event.clientY - box.top - y);
      if (distance < best.distance) best = { distance, item, number, index };
    }));
    return best;
  };
  const leave = () => { hideTip(); highlight([]); };
  svg.addEventListener("pointermove", (event) => {
    const { item, index, number } = nearest(event);
    svg.classList.toggle("over", Boolean(item));
    if (!item) return leave();
    chosen = number;
    show(item, index, true);
  });
  svg.addEventListener("pointerleave", leave);
  svg.addEventListener("blur", leave);
  svg.addEventListener("click", (event) => nearest(event).item?.open());
  svg.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") return leave();
    if (event.key !== "Enter" && !(step && items.length)) return;
    event.preventDefault(); // else Enter would press the button that closes what it has opened
    if (!step) return items[chosen]?.open();
    chosen = chosen < 0 && step < 0 ? items.length - 1 : (chosen + step + items.length) % items.length;
    show(items[chosen], items[chosen].places.length - 1, true);
  });
}

// Points. `groups`: { keys, x, y, low, high, series, state, label, lines, open }; `limits`: { most, label }; `goals`: values.
function drawScatter(host, name, groups, x, y, { limits = [], goals = [], more = true }) {
  const values = [...groups.flatMap((group) => [group.low, group.high]), ...goals];
  const across = [...groups.map((group) => group.x), ...limits.map((limit) => limit.most)];
  const frame = makeFrame(host, name, { ...x, values: across }, { ...y, values }, 300 + ROW * limits.length, ROW * limits.length);
  drawLimits(frame, limits);
  drawGroups(frame, groups, goals, more);
}

function drawGroups({ svg, across, up, left, right }, groups, goals, more) {
  goals.forEach((goal) => svg.append(draw("line", { class: "goal", x1: left, x2: right, y1: up.at(goal), y2: up.at(goal) }), draw("text", { class: "goal-name", x: right, y: up.at(goal) - 5, "text-anchor": "end" }, `goal ${short(goal)}`)));
  for (const series of new Set(groups.map((group) => group.series))) {
    const front = frontOf(groups.filter((group) => group.series === series && group.state !== "rejected"), more);
    const steps = front.map((group, index) => (index ? `H${across.at(group.x)}V${up.at(group.y)}` : `M${across.at(group.x)},${up.at(group.y)}`)).join("");
    if (groups.filter((group) => group.series === series).length > 1 && front.length) svg.append(draw("path", { class: "front", d: `${steps}H${right}`, stroke: colour(series) }));
  }
  const items = groups.map((group) => ({ ...group, places: [[across.at(group.x), up.at(group.y)]], lines: () => group.lines })).sort((a, b) => a.x - b.x);
  items.forEach((item) => svg.append(drawMark(item, up, groups.length <= 6 && groups.every((group) => group.label.length <= 14) && { left, right })));
  makeInteractive(svg, items);
}

function drawMark(item, up, labelled) {
  const [[x, y]] = item.places, late = labelled && x > (labelled.left + labelled.right) / 2;
  const spread = item.high > item.low && draw("path", { class: "spread", d: `M${x},${up.at(item.low)}V${up.at(item.high)}m-4,0h8M${x - 4},${up.at(item.low)}h8` });
  return draw("g", { class: `mark ${item.state}`, "data-keys": item.keys.join(" "), style: `--colour: ${colour(item.series)}` },
    spread || null,
    draw("path", { class: "shape", transform: `translate(${x} ${y})`, d: item.state === "rejected" ? CROSS : shape(item.series) }),
    item.chosen ? draw("text", { class: "star", x, y: y - 9, "text-anchor": "middle" }, "★") : null,
    labelled ? draw("text", { x: x + (late ? -10 : 10), y: y + 4, "text-anchor": late ? "end" : "start" }, item.label) : null);
}

// Groups that no other beats: from the cheapest on, each better than all before.
function frontOf(groups, more) {
  let best = null;
  return [...groups].sort((a, b) => a.x - b.x || (more ? b.y - a.y : a.y - b.y)).filter((group) => {
    const better = best === null || (more ? group.y > best : group.y < best);
    if (better) best = group.y;
    return better;
  });
}

// Dashed lines from their names above the plot.
function drawLimits({ svg, across, left, right, bottom }, limits) {
  [...limits].sort((a, b) => a.most - b.most).forEach((limit, row) => {
    const x = across.at(limit.most), late = x > (left + right) / 2, y = ROW * (row + 1);
    svg.append(
      draw("line", { class: "limit", x1: x, x2: x, y1: y - 8, y2: bottom }, draw("title", {}, limit.note)),
      draw("text", { class: "limit-name", x: x + (late ? -5 : 5), y, "text-anchor": late ? "end" : "start" }, limit.label, draw("title", {}, limit.note)));
  });
}

// Lines. `series`: { keys, name, colour, faint, dashed, x: values, y: values, open }.
function drawLines(host, name, series, x, y) {
  const known = series.map((each) => each.x.map((value, index) => [value, each.y[index]]).filter(([a, b]) => Number.isFinite(a) && Number.isFinite(b)));
  const { svg, across, up } = makeFrame(host, name, { ...x, whole: true, values: known.flat().map(([a]) => a) }, { ...y, values: known.flat().map(([, b]) => b) }, 340);
  const items = series.map((each, number) => ({
    ...each,
    places: known[number].map(([a, b]) => [across.at(a), up.at(b)]),
    lines: (index) => [each.name, `epoch ${known[number][index][0]}: ${short(known[number][index][1], 4)}`],
  })).filter((item) => item.places.length);
  items.forEach((item) => svg.append(draw("g", { class: `curve${item.faint ? " faint" : ""}${item.dashed ? " dashed" : ""}`, "data-keys": item.keys.join(" "), style: `--colour: ${item.colour}` },
    item.places.length > 1 ? draw("path", { d: `M${item.places.map((place) => place.join(",")).join("L")}` }) : draw("circle", { cx: item.places[0][0], cy: item.places[0][1], r: 4 }))));
  makeInteractive(svg, items);
}
