/* SPDX-License-Identifier: Apache-2.0 */
/* A run over time: the picture, offsets and lag below it on the same axis, a range that is dragged over both. */

const WIDTH = 1200, ROW = 50, STEP = 56, HEADING = 30; /* user units of the picture */
const HEAD = 20; /* of a row: what is said stands above the lines */

let strip = null; /* of the run that is open: element, end, left, right, shade, needle */

function svgMake(name, attributes, text) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

const xOf = (us) => strip.left + (strip.right - strip.left) * us / strip.end;

/* ---- offsets ---- */

function unfold(steps) {
  let value = 0;
  return steps.map((step) => (value += step));
}

/* committed -1: nothing yet, then there is no lag to tell. */
function laneOf(lane) {
  const max = unfold(lane.max), committed = unfold(lane.committed).map((value) => (value < 0 ? null : value));
  const lag = max.map((value, i) => (committed[i] === null ? null : Math.max(0, value - committed[i])));
  return {...lane, name: `${lane.broker}/${lane.queue}`, max, committed, lag};
}

function ticks() {
  let step = 1; /* 1, 2, 5, 10, 20 ... as in the picture */
  while (step * 10 < strip.end) step = String(step)[0] === "2" ? step / 2 * 5 : step * 2;
  return Array.from({length: Math.floor(strip.end / step) + 1}, (_, i) => i * step);
}

/* A line through the points that there are; a point stands for the time before it. */
function pathOf(values, top, scale) {
  let path = "", isDown = false;
  values.forEach((value, i) => {
    if (value === null) {
      isDown = false;
      return;
    }
    const from = xOf(i / values.length * strip.end).toFixed(1), until = xOf((i + 1) / values.length * strip.end).toFixed(1);
    const y = (top + ROW - 3 - scale * value).toFixed(1);
    path += `${isDown ? "L" : "M"}${from},${y}L${until},${y}`;
    isDown = true;
  });
  return path;
}

/* The area between two lines of points. */
function areaOf(upper, lower, top, scale) {
  let path = "";
  upper.forEach((value, i) => {
    if (value !== null && lower[i] !== null && value > lower[i]) {
      const from = xOf(i / upper.length * strip.end).toFixed(1), until = xOf((i + 1) / upper.length * strip.end).toFixed(1);
      const high = (top + ROW - 3 - scale * value).toFixed(1), low = (top + ROW - 3 - scale * lower[i]).toFixed(1);
      path += `M${from},${high}H${until}V${low}H${from}Z`;
    }
  });
  return path;
}

function readingOf(lane, i) {
  const committed = lane.committed[i] === null ? "nothing committed" : `committed ${count(lane.committed[i])}, lag ${count(lane.lag[i])}`;
  return `max ${count(lane.max[i])}, ${committed}`;
}

function laneDraw(svg, lane, top, isLag, scale) {
  const zero = lane.max.map(() => 0);
  svg.append(svgMake("rect", {class: "lane", x: strip.left, y: top, width: strip.right - strip.left, height: ROW, rx: 2}),
    svgMake("text", {x: strip.left - 8, y: top + ROW / 2 + 4, "text-anchor": "end"}, lane.name));
  if (isLag) {
    svg.append(svgMake("path", {class: "lag", d: areaOf(lane.lag, zero, top, scale)}));
  } else {
    svg.append(svgMake("path", {class: "lag", d: areaOf(lane.max, lane.committed, top, scale)}),
      svgMake("path", {class: "max", d: pathOf(lane.max, top, scale)}),
      svgMake("path", {class: "committed", d: pathOf(lane.committed, top, scale)}));
  }
  const reading = svgMake("text", {class: "reading", x: strip.left + 6, y: top + 13}, readingOf(lane, lane.max.length - 1));
  svg.append(reading);
  strip.readings.push({lane, reading});
}

/* Lanes of one topic and group share their scale. */
function offsetsDraw(lanes, isLag) {
  const svg = svgMake("svg", {class: "rkmq-tl offsets", role: "img"});
  const drawn = svgMake("g", {});
  let y = 0, before = null;
  svg.append(svgMake("title", {}, isLag ? "Lag of queues over time" : "Offsets of queues over time"), drawn);
  strip.readings = [];
  for (const lane of lanes) {
    if (!before || before.group !== lane.group || before.topic !== lane.topic) {
      drawn.append(svgMake("text", {class: "head", x: 16, y: y + HEADING - 10}, `Queues of ${lane.topic}, group ${lane.group}`));
      y += HEADING;
    }
    const alike = lanes.filter((other) => other.group === lane.group && other.topic === lane.topic);
    const most = alike.reduce((n, other) => Math.max(n, ...(isLag ? other.lag : other.max)), 1);
    laneDraw(drawn, lane, y, isLag, (ROW - HEAD) / most);
    y += STEP;
    before = lane;
  }
  for (const at of ticks()) {
    svg.insertBefore(svgMake("line", {class: "grid", x1: xOf(at), x2: xOf(at), y1: 0, y2: y}), drawn);
    svg.append(svgMake("text", {class: "soft", x: xOf(at), y: y + 16, "text-anchor": "middle"}, timeText(at)));
  }
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${y + 24}`);
  return svg;
}

function offsetsTable(lanes) {
  const columns = ["Group", "Topic", "Queue", "Max", "Committed", "Lag at the end", "Most lag", "at"];
  const rows = lanes.map((lane) => {
    const last = lane.max.length - 1, most = Math.max(...lane.lag);
    const at = most > 0 ? timeText((lane.lag.indexOf(most) + 1) / lane.lag.length * strip.end) : "";
    const numbers = [lane.max[last], lane.committed[last], lane.lag[last], most].map((n) => (n === null ? "none" : count(n)));
    return make("tr", {}, ...[lane.group, lane.topic].map((text) => make("td", {}, text)), make("th", {scope: "row"}, lane.name),
      ...[...numbers, at].map((text) => make("td", {className: "number"}, text)));
  });
  return make("details", {}, make("summary", {}, "The same as a table"), make("div", {className: "wide", tabIndex: 0,
    role: "region", ariaLabel: "Offsets as a table"}, make("table", {}, make("thead", {}, make("tr", {},
    ...columns.map((text) => make("th", {scope: "col"}, text)))), make("tbody", {}, ...rows))));
}

/* ---- what is over both: a needle where the pointer is, a range that was dragged ---- */

const percent = (us) => `${xOf(us) / WIDTH * 100}%`;

function needleAt(us) {
  if (!strip) return;
  strip.needle.hidden = us === null;
  if (us !== null) {
    strip.needle.style.left = percent(us);
    strip.needle.dataset.time = timeText(Math.round(us / 1000) * 1000);
    strip.needle.classList.toggle("late", us > strip.end * 0.8);
  }
  for (const {lane, reading} of strip.readings) {
    const n = lane.max.length, i = us === null ? n - 1 : Math.max(0, Math.min(n - 1, Math.floor(us / strip.end * n)));
    reading.textContent = readingOf(lane, i);
  }
}

/* Shows the range that events are filtered by; null: all. */
function rangeShow(range) {
  strip.shade.hidden = range === null;
  if (range) {
    strip.shade.style.left = percent(range.from);
    strip.shade.style.width = `${(xOf(range.until) - xOf(range.from)) / WIDTH * 100}%`;
  }
}

function stripListen(element) {
  let from = null;
  const timeAt = (event) => {
    const box = element.getBoundingClientRect();
    const x = (event.clientX - box.left) / box.width * WIDTH;
    return Math.max(0, Math.min(strip.end, (x - strip.left) / (strip.right - strip.left) * strip.end));
  };
  element.addEventListener("pointermove", (event) => {
    const at = timeAt(event);
    needleAt(at);
    if (from !== null) rangeShow({from: Math.min(from, at), until: Math.max(from, at)});
  });
  element.addEventListener("pointerleave", () => needleAt(null));
  element.addEventListener("pointerdown", (event) => {
    if (event.button === 0 && event.pointerType === "mouse" && event.target.closest("svg")) {
      from = timeAt(event);
      element.setPointerCapture(event.pointerId);
    }
  });
  element.addEventListener("pointerup", (event) => {
    const at = timeAt(event), began = from;
    from = null;
    if (began !== null) {
      const isDrag = Math.abs(at - began) > strip.end / 200;
      rangeSet(isDrag ? {from: Math.min(began, at), until: Math.max(began, at)} : null);
    }
  });
}

/* ---- the whole ---- */

function offsetsPart(lanes, nLeftOut) {
  const holder = make("div", {});
  const draw = (isLag) => holder.replaceChildren(offsetsDraw(lanes, isLag));
  const choice = (text, isLag, isOn) => {
    const input = make("input", {type: "radio", name: "offsets", checked: isOn});
    input.addEventListener("change", () => draw(isLag));
    return make("label", {}, input, ` ${text}`);
  };
  draw(false);
  const key = (kind, text) => make("span", {className: `key ${kind}`}, text);
  const tools = make("div", {className: "tools rkmq-tl"}, make("h2", {}, "Offsets"),
    make("div", {role: "radiogroup", ariaLabel: "What is drawn", className: "choices"}, choice("offsets", false, true), choice("lag", true, false)),
    make("p", {className: "keys"}, key("max", "written (max)"), key("committed", "committed"), key("lag", "lag")));
  const note = nLeftOut > 0 ? make("p", {className: "note"}, `${plural(nLeftOut, "queue is", "queues are")} not shown.`) : "";
  return [tools, holder, note];
}

function timeSection(details, picture) {
  const element = make("div", {className: "strip"});
  element.innerHTML = picture; /* drawn by rkmq: names in it are escaped */
  const svg = element.querySelector("svg");
  strip = {element, end: details.end, left: Number(svg.dataset.left), right: Number(svg.dataset.right), readings: [],
    shade: make("div", {className: "shade", hidden: true}), needle: make("div", {className: "needle", hidden: true})};
  const lanes = details.lanes.map(laneOf);
  if (lanes.length > 0) element.append(...offsetsPart(lanes, details.lanesLeftOut));
  element.append(strip.shade, strip.needle);
  stripListen(element);
  return section("time", "Over time", make("p", {className: "note"}, "Drag over the time to see its events only; click to see all."),
    make("div", {className: "wide", tabIndex: 0, role: "region", ariaLabel: "Owners and offsets over time"}, element),
    lanes.length > 0 ? offsetsTable(lanes) : null);
}
