/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of a run's log: filters, and the row that a finding leads to. */

let events = null; /* of the run that is open: rows, controls, body, told */

/* Seven values a row; see html_details.c. */
function eventsUnfold(details) {
  const rows = [];
  let sequence = 0, at = 0;
  for (let i = 0; i < details.rows.length; i += 7) {
    const [steps, time, classIndex, who, peer, queue, text] = details.rows.slice(i, i + 7);
    const [kind, code] = details.classes[classIndex];
    const row = {isGap: steps > 1 && i > 0, sequence: sequence += steps, at: at += time, kind, code, text,
      who: details.names[who], peer: details.names[peer], queue: details.names[queue]};
    row.search = [kind, code, row.who, row.peer, row.queue, text].join(" ").toLowerCase();
    rows.push(row);
  }
  return rows;
}

/* "req" and, below it, "req PULL_MESSAGE": how many of them are kept, and how many there were. */
function kindChoices(details) {
  const kept = new Map(), all = new Map();
  const add = (map, key, n) => map.set(key, (map.get(key) || 0) + n);
  for (const {kind, code} of events.rows) {
    add(kept, kind, 1);
    if (code) add(kept, `${kind} ${code}`, 1);
  }
  for (const [kind, code, n] of details.classes) {
    add(all, kind, n);
    if (code) add(all, `${kind} ${code}`, n);
  }
  return [...all.keys()].sort().map((key) => {
    const n = kept.get(key) || 0;
    const text = n === all.get(key) ? count(n) : `${count(n)} of ${count(all.get(key))}`;
    return make("option", {value: key}, `${key.includes(" ") ? "\u2003" : ""}${key} (${text})`);
  });
}

function chooser(label, choices) {
  const select = make("select", {}, make("option", {value: ""}, "all"), ...choices);
  select.addEventListener("change", eventsDraw);
  return [select, make("label", {}, `${label} `, select)];
}

const optionsOf = (values) => [...new Set(values)].filter(Boolean).sort()
  .map((value) => make("option", {value}, value));

function secondsInput(label) {
  const input = make("input", {inputMode: "decimal", size: 6, placeholder: "s"});
  input.addEventListener("input", () => {
    eventsDraw();
    rangeShow(rangeOf());
  });
  return [input, make("label", {}, `${label} `, input)];
}

/* What the two inputs say; null: all the time. */
function rangeOf() {
  const {from, until} = events.controls;
  const read = (input, otherwise) => {
    const us = Number(input.value.replace(",", ".")) * 1e6;
    return input.value.trim() === "" || Number.isNaN(us) ? otherwise : Math.max(0, Math.min(us, strip.end));
  };
  const range = {from: read(from, 0), until: read(until, strip.end)};
  return range.from > 0 || range.until < strip.end ? range : null;
}

function rangeSet(range) {
  events.controls.from.value = range ? (range.from / 1e6).toFixed(3) : "";
  events.controls.until.value = range ? (range.until / 1e6).toFixed(3) : "";
  rangeShow(range);
  eventsDraw();
}

function eventsMatching() {
  const {kind, actor, queue, text} = events.controls;
  const words = text.value.toLowerCase().split(/\s+/);
  const range = rangeOf() || {from: -Infinity, until: Infinity};
  const [kindName, code] = kind.value.split(" ");
  return events.rows.filter((row) => (!kindName || row.kind === kindName) && (!code || row.code === code) &&
    (!actor.value || row.who === actor.value || row.peer === actor.value) && (!queue.value || row.queue === queue.value) &&
    row.at >= range.from && row.at <= range.until && words.every((word) => row.search.includes(word)));
}

function eventRow(row, isAll) {
  const classes = [events.shown.has(row.sequence) ? "shown" : "", isAll && row.isGap ? "gap" : ""].join(" ").trim();
  const who = row.peer ? `${row.who} \u2192 ${row.peer}` : row.who;
  const element = make("tr", {className: classes, tabIndex: -1}, make("td", {className: "number"}, (row.at / 1e6).toFixed(6)),
    make("td", {className: "kind"}, row.code ? `${row.kind} ${row.code}` : row.kind), make("td", {}, who),
    make("td", {}, row.queue), make("td", {className: "text"}, row.text));
  element.dataset.event = row.sequence;
  element.dataset.at = row.at;
  return element;
}

function eventsDraw() {
  const matching = eventsMatching(), isAll = matching.length === events.rows.length;
  events.body.replaceChildren(...matching.map((row) => eventRow(row, isAll)));
  events.told.textContent = `${count(matching.length)} of ${count(events.rows.length)} rows`;
  events.clear.disabled = isAll;
}

function eventsClear() {
  for (const control of Object.values(events.controls)) control.value = "";
  rangeShow(null);
  eventsDraw();
}

function eventShow(sequence) {
  if (!events) return;
  const find = () => events.body.querySelector(`tr[data-event="${sequence}"]`);
  if (!find()) eventsClear();
  const row = find();
  if (!row) return;
  events.body.querySelector("tr.target")?.classList.remove("target");
  row.classList.add("target");
  byId("events").scrollIntoView({block: "start"});
  row.scrollIntoView({block: "center"});
  row.focus({preventScroll: true});
  needleAt(Number(row.dataset.at));
}

function controlsMake(details) {
  const text = make("input", {type: "search", placeholder: "words"});
  text.addEventListener("input", eventsDraw);
  const [kind, kindLabel] = chooser("Kind", kindChoices(details));
  const [actor, actorLabel] = chooser("Actor", optionsOf(events.rows.flatMap(({who, peer}) => [who, peer])));
  const [queue, queueLabel] = chooser("Queue", optionsOf(events.rows.map((row) => row.queue)));
  const [from, fromLabel] = secondsInput("From");
  const [until, untilLabel] = secondsInput("to");
  events.controls = {kind, actor, queue, text, from, until};
  events.clear = make("button", {type: "button", disabled: true}, "clear");
  events.clear.addEventListener("click", eventsClear);
  events.told = make("output", {});
  return make("div", {className: "tools"}, make("label", {className: "grow"}, "Filter ", text), kindLabel, actorLabel,
    queueLabel, fromLabel, untilLabel, events.clear, events.told);
}

function keptNote(details) {
  const n = events.rows.length;
  if (n === details.n) return `All ${count(n)} events of the run.`;
  const shown = events.shown.size > 0 ? "those around what findings show and, " : "";
  return `${count(n)} of the run's ${count(details.n)} events: ${shown}of each kind, the first and the last. ` +
    "Where rows are left out the line is dashed. All of them: --events FILE.";
}

function eventsSection(details) {
  events = {rows: eventsUnfold(details), body: make("tbody", {})};
  events.shown = new Set([...byId("run").querySelectorAll("#findings li[data-event]")].map((item) => Number(item.dataset.event)));
  const tools = controlsMake(details);
  const head = make("tr", {}, ...["Seconds", "Kind", "Actor", "Queue", "Details"].map((text) => make("th", {scope: "col"}, text)));
  const table = make("table", {className: "log"}, make("thead", {}, head), events.body);
  events.body.addEventListener("pointerover", (event) => {
    const row = event.target.closest("tr");
    if (row) needleAt(Number(row.dataset.at));
  });
  events.body.addEventListener("pointerleave", () => needleAt(null));
  eventsDraw();
  return section("events", "Events", make("p", {className: "note"}, keptNote(details)), tools,
    make("div", {className: "box", tabIndex: 0, role: "region", ariaLabel: "Events"}, table));
}
