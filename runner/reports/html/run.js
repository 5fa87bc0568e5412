/* SPDX-License-Identifier: Apache-2.0 */
/* The view of one run. */

function section(id, title, ...children) {
  return make("section", {id}, make("h2", {}, title), ...children);
}

function runLinks(run) {
  const at = runs.indexOf(run);
  const isBad = (one) => !GOOD.includes(one.outcome);
  const link = (target, text, rel) => target && make("a", {href: `#run-${target.number}`, rel: rel || ""}, text);
  return make("nav", {ariaLabel: "Runs"}, make("a", {href: "#"}, "\u2190 All runs"),
    make("span", {className: "soft"}, `run ${count(at + 1)} of ${count(runs.length)}`),
    link(runs[at - 1], "previous", "prev"), link(runs[at + 1], "next", "next"),
    link(runs.slice(at + 1).find(isBad), "next that did not pass"));
}

function runFacts(run) {
  const facts = [["Outcome", KINDS[run.outcome][1]]];
  if (run.events > 0) {
    facts.push(["Events", count(run.events)], ["On its clock", timeText(run.clock)]);
  }
  facts.push(["Real time", timeText(run.took)]);
  if (run.hash) facts.push(["Log hash", run.hash]);
  return make("dl", {className: "facts"},
    ...facts.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value))));
}

function findingsSection(run) {
  const article = document.querySelector(`article[id="run-${run.number}"]`);
  if (run.outcome === "skipped") return section("findings", "Not played", make("p", {}, run.why));
  if (!article) {
    return run.outcome === "pass" ? null : section("findings", "Findings", make("p", {className: "note"},
      "The findings of this run found no room in the page. TAP and JUnit tell them, and the rerun line plays it again."));
  }
  const list = article.querySelector(".findings").cloneNode(true);
  list.querySelectorAll("details").forEach((details) => { details.open = true; });
  return section("findings", "Findings", list);
}

function judgementRow([verdict, name, text, judged]) {
  const outcome = verdict === "FAIL" ? "fail" : verdict;
  return make("tr", {}, make("td", {}, mark(outcome), ` ${KINDS[outcome][1]}`), make("th", {scope: "row"}, name),
    make("td", {className: "text"}, text), make("td", {className: "number"}, judged ? `${count(judged)}\u00d7` : ""));
}

function judgedSection(details) {
  const all = [...details.expects, ...details.checks];
  if (all.length === 0) return null;
  const n = all.filter(([verdict]) => verdict === "pass").length;
  const head = make("tr", {}, ...["Verdict", "Name", "Says", "Applied"].map((text) => make("th", {scope: "col"}, text)));
  return section("judged", "What was judged", make("details", {},
    make("summary", {}, `${plural(details.expects.length, "expectation", "expectations")} and ` +
      `${plural(details.checks.length, "check", "checks")}: ${n} of ${all.length} hold`),
    make("table", {className: "judged"}, make("thead", {}, head), make("tbody", {}, ...all.map(judgementRow)))));
}

function runShow(run) {
  const h1 = make("h1", {tabIndex: -1}, mark(run.outcome), make("span", {className: "name"}, run.name),
    make("span", {className: "label"}, run.label));
  const view = byId("run");
  strip = null;
  events = null;
  view.replaceChildren(runLinks(run), h1);
  document.title = `${KINDS[run.outcome][0]} ${run.name} ${run.label} - rkmq run`;
  if (run.title) view.append(make("p", {className: "lead"}, run.title));
  view.append(runFacts(run));
  if (run.rerun) {
    const paragraph = make("p", {className: "rerun"}, "rerun: ", make("code", {}, run.rerun));
    withCopyButton(paragraph);
    view.append(paragraph);
  }
  const findings = findingsSection(run);
  if (findings) view.append(findings);
  if (byId(`details-${run.number}`)) {
    const details = readJson(`details-${run.number}`);
    view.append(...[timeSection(details, byId(`picture-${run.number}`).textContent), judgedSection(details),
      eventsSection(details)].filter(Boolean));
    themeApply();
  } else if (run.outcome !== "skipped" && run.outcome !== "bad") {
    view.append(make("p", {className: "note"}, "This page keeps the picture, offsets and events of a part of the runs: of " +
      "those that did not pass and, of those that did, the first of each scenario. For this one: play it alone, with --html."));
  }
}
