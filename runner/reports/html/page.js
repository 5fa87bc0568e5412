/* SPDX-License-Identifier: Apache-2.0 */
/* Small things, colours, the grid of runs, and which of the two views is seen. */

const byId = (id) => document.getElementById(id);
const readJson = (id) => JSON.parse(byId(id).textContent);

/* An element. Texts are set as texts, so that names of others stay names. */
function make(name, properties, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties || {})) {
    if (key in element) element[key] = value;
    else element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const count = (n) => n.toLocaleString("en-US");
const plural = (n, one, many) => `${count(n)} ${n === 1 ? one : many}`;

/* As the picture tells times: "250 ms", "12.345 s". */
function timeText(us) {
  if (us < 1e6 && us % 1e6 !== 0) return `${Number((us / 1e3).toPrecision(3))} ms`;
  return `${Math.floor(us / 1e3) / 1e3} s`;
}

/* ---- all runs, in the order they were played ---- */

const KINDS = {
  "pass": ["\u2713", "passed"], "non-strict": ["~", "non-strict"], "fail": ["\u2717", "failed"],
  "unknown": ["?", "unknown"], "harness": ["!", "harness"], "bad": ["\u2298", "refused"], "skipped": ["\u2013", "skipped"],
};
const GOOD = ["pass", "non-strict", "skipped"];

const runs = readJson("campaign").flatMap((scenario) => scenario.runs.map(
  ([number, outcome, label, events, clock, took, hash, rerun, why]) =>
    ({number, outcome, label, events, clock, took, hash, rerun, why, name: scenario.name, title: scenario.title})));

const mark = (outcome) => make("span", {className: `mark ${outcome}`, ariaHidden: "true"}, KINDS[outcome][0]);

/* A command, and a button that copies it. */
function withCopyButton(paragraph) {
  const code = paragraph.querySelector("code");
  const button = make("button", {type: "button", className: "copy"}, "copy");
  const tell = (text) => { button.textContent = text; };
  button.addEventListener("click", () => {
    const range = document.createRange();
    range.selectNodeContents(code);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    const isCopied = document.execCommand("copy"); /* works on file:// without asking */
    tell(isCopied ? "copied" : "selected");
  });
  button.addEventListener("blur", () => tell("copy"));
  paragraph.append(" ", button);
}

/* ---- colours ---- */

/* The dark colours of the page and of the pictures stand in media rules: what these ask for is what is chosen. */
function themeApply() {
  const media = {auto: "(prefers-color-scheme: dark)", light: "not all", dark: "all"}[byId("theme").value];
  for (const sheet of document.styleSheets) {
    for (const rule of sheet.cssRules) {
      if (rule instanceof CSSMediaRule && (rule.isOfTheme || rule.conditionText.includes("prefers-color-scheme"))) {
        rule.isOfTheme = true;
        rule.media.mediaText = media;
      }
    }
  }
}

function themeBegin() {
  let kept = null;
  try { kept = localStorage.getItem("rkmq-theme"); } catch { /* not allowed here: it is chosen anew each time */ }
  byId("theme").value = kept in {auto: 1, light: 1, dark: 1} ? kept : "auto";
  byId("theme").addEventListener("change", () => {
    themeApply();
    try { localStorage.setItem("rkmq-theme", byId("theme").value); } catch { /* as above */ }
  });
  themeApply();
}

/* ---- the grid ---- */

const rowsOfGrid = [...byId("grid").tBodies[0].rows].map((row) => (
  {row, text: `${row.cells[0].textContent} ${row.cells[2].textContent}`.toLowerCase(), cells: [...row.cells[1].children]}));
let cellOfTab = null; /* the one cell that Tab stops at */

function gridFilter() {
  const words = byId("filter").value.toLowerCase().split(/\s+/);
  const pressed = [...byId("outcomes").querySelectorAll("[aria-pressed=true]")].map((chip) => chip.dataset.outcome);
  let nRows = 0, nRuns = 0;
  for (const {row, text, cells} of rowsOfGrid) {
    let n = 0;
    for (const cell of cells) {
      const isWanted = pressed.length === 0 || pressed.includes(cell.classList[0]);
      cell.classList.toggle("dim", !isWanted);
      n += isWanted;
    }
    row.hidden = n === 0 || !words.every((word) => text.includes(word));
    nRows += !row.hidden;
    nRuns += row.hidden ? 0 : n;
  }
  byId("nothing").hidden = nRows > 0;
  byId("filtered").textContent = `${plural(nRuns, "run", "runs")} of ${plural(nRows, "scenario", "scenarios")}`;
  tabStop(rowsOfGrid.find(({row}) => !row.hidden)?.cells[0]);
}

function tabStop(cell) {
  if (cellOfTab) cellOfTab.tabIndex = -1;
  cellOfTab = cell || null;
  if (cell) cell.tabIndex = 0;
}

/* Where an arrow key leads from a cell; null: nowhere. */
function neighbour(cell, key) {
  const seen = rowsOfGrid.filter(({row}) => !row.hidden);
  const y = seen.findIndex(({cells}) => cells.includes(cell));
  const x = y < 0 ? -1 : seen[y].cells.indexOf(cell);
  const at = (row, column) => seen[row] && seen[row].cells[Math.min(column, seen[row].cells.length - 1)];
  switch (key) {
  case "ArrowLeft": return x > 0 ? at(y, x - 1) : at(y - 1, Infinity);
  case "ArrowRight": return x + 1 < seen[y].cells.length ? at(y, x + 1) : at(y + 1, 0);
  case "ArrowUp": return at(y - 1, x);
  case "ArrowDown": return at(y + 1, x);
  case "Home": return at(y, 0);
  case "End": return at(y, Infinity);
  default: return null;
  }
}

function gridBegin() {
  for (const {cells} of rowsOfGrid) for (const cell of cells) cell.tabIndex = -1;
  byId("grid").addEventListener("keydown", (event) => {
    const next = event.target.matches("td a") && neighbour(event.target, event.key);
    if (next) {
      event.preventDefault();
      next.focus();
    }
  });
  byId("grid").addEventListener("focusin", (event) => {
    if (event.target.matches("td a")) tabStop(event.target);
  });
  byId("grid").addEventListener("pointerover", (event) => {
    if (event.target.matches("td a")) event.target.title = event.target.getAttribute("aria-label");
  });
  for (const [outcome, [, text]] of Object.entries(KINDS)) {
    const n = runs.filter((run) => run.outcome === outcome).length;
    if (n > 0) {
      const chip = make("button", {type: "button", ariaPressed: "false"}, mark(outcome), ` ${text}`);
      chip.dataset.outcome = outcome;
      chip.addEventListener("click", () => {
        chip.ariaPressed = String(chip.ariaPressed !== "true");
        gridFilter();
      });
      byId("outcomes").append(chip);
    }
  }
  byId("filter").addEventListener("input", gridFilter);
  gridFilter();
}

/* Rows that findings show lead to the events of their run, where these are kept. */
function eventsLink(container, number) {
  for (const item of byId(`details-${number}`) ? container.querySelectorAll("li[data-event]") : []) {
    const link = make("a", {href: `#run-${number}/event-${item.dataset.event}`});
    link.append(...item.childNodes);
    item.append(link);
  }
}

function articlesBegin() {
  for (const article of document.querySelectorAll("article")) {
    const link = make("a", {href: `#${article.id}`});
    const heading = article.querySelector("h3");
    link.append(...heading.childNodes);
    heading.append(link);
    eventsLink(article, article.id.slice("run-".length));
  }
}

/* ---- one of two views: "#", "#run-17", "#run-17/event-123" ---- */

let overviewScroll = 0;
let shownNumber = 0; /* of the run that is open; 0: none */

function overviewShow() {
  byId("run").hidden = true;
  byId("overview").hidden = false;
  document.title = byId("overview").querySelector("h1").textContent + " - rkmq run";
  if (shownNumber > 0) {
    const number = shownNumber;
    shownNumber = 0;
    byId("run").replaceChildren();
    scrollTo(0, overviewScroll);
    byId("grid").querySelector(`a[href="#run-${number}"]`)?.focus({preventScroll: true});
  }
}

function route() {
  const [, number, sequence] = location.hash.match(/^#run-(\d+)(?:\/event-(\d+))?$/) || [];
  const run = runs.find((one) => one.number === Number(number));
  if (!run) {
    overviewShow();
    return;
  }
  if (shownNumber === 0) overviewScroll = scrollY;
  if (shownNumber !== run.number) {
    byId("overview").hidden = true;
    byId("run").hidden = false;
    shownNumber = run.number;
    runShow(run);
    scrollTo(0, 0);
    byId("run").querySelector("h1").focus({preventScroll: true});
  }
  if (sequence !== undefined) eventShow(Number(sequence));
}

function begin() {
  for (const element of document.querySelectorAll(".scripted")) element.hidden = false;
  document.querySelectorAll("p.rerun").forEach(withCopyButton);
  themeBegin();
  gridBegin();
  articlesBegin();
  addEventListener("hashchange", route);
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && shownNumber > 0 && !event.target.matches("input, select")) location.hash = "#";
  });
  if (runs.length === 1 && !location.hash) location.replace(`#run-${runs[0].number}`);
  route();
}
addEventListener("DOMContentLoaded", begin);
