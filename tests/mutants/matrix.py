#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plays the suite with every faulty consumer of mutants.def, and says which checks noticed which fault.

    matrix.py RKMQ_MUTANT SCENARIOS OUT [--doc FILE] [--jobs N] [--time SECONDS]

Writes OUT/matrix.md and OUT/matrix.csv, mutant x scenario x what failed, and OUT/summary.txt, which it also prints. Played are, in this order: the suite with the
consumer as it is; each mutant with the scenarios that mutants.def names for it; the rest, shortest runs first, until
the time is up (0: all of it). What is judged does not depend on the time:

- the consumer without a fault fails nothing;
- each mutant fails the first scenario named for it, and what was named for it is among what failed;
- each check notices a mutant, in a scenario that is named for that;
- at least 90 % of the mutants are noticed;
- each worked scenario fails for a mutant that is meant for it;
- the page FILE has a row for each mutant, and names its source.
"""
import argparse
import collections
import concurrent.futures
import csv
import json
import os
import pathlib
import subprocess
import sys
import time

CAUGHT_MIN = 0.9
RUN_LIMIT_S = 60  # of one scenario with one mutant; one that hangs is noticed, too
WORKED = ["rebalance/two-consumer-join", "membership/crash-without-unregister", "route/add-queues-remove-broker",
          "offset/broker-dies-before-flush"]
NONE = "none"

Mutant = collections.namedtuple("Mutant", "name source what scenarios noticed")
# by: names of what failed; first, at: the earliest; soft: what was not strict; events: how long the log is
Cell = collections.namedtuple("Cell", "by first at soft events")


def play(program, mutant, path, is_twice=False, left_s=None):
    """None: not played, not for virtual time or the time that was left is up."""
    command = [program, mutant, "twice" if is_twice else "verdicts", str(path)]
    try:
        limit_s = RUN_LIMIT_S if left_s is None else min(RUN_LIMIT_S, left_s)
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit_s, check=False)
    except subprocess.TimeoutExpired:
        if left_s is not None and left_s < RUN_LIMIT_S:
            return None
        return Cell(["hangs"], "hangs", 0.0, [], 0)
    if done.returncode < 0:
        return Cell(["crash"], "crash", 0.0, [done.stderr.strip()[-200:]], 0)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
    if not done.stdout:
        return None
    said = json.loads(done.stdout)
    return Cell(said["by"], said["first"], said["at"], said["soft"], said["events"])


class Matrix:
    def __init__(self, program, folder, jobs, seconds):
        self.program, self.jobs = program, jobs
        self.began, self.seconds = time.monotonic(), seconds
        self.paths = {str(p.relative_to(folder).with_suffix("")): p for p in sorted(folder.rglob("*.jsonc"))}
        rows = subprocess.run([program, "list"], capture_output=True, text=True, check=True).stdout.splitlines()
        self.mutants = {}
        for row in rows:
            name, source, what, scenarios, noticed = row.split("\t")
            self.mutants[name] = Mutant(name, source, what, scenarios.split(), noticed.split())
        self.cells = {}

    def left_s(self):
        """None: as much as it takes."""
        return self.seconds - (time.monotonic() - self.began) if self.seconds > 0 else None

    def play_all(self, pairs, is_limited):
        def one(pair):
            left_s = self.left_s() if is_limited else None
            is_over = left_s is not None and left_s <= 0
            mutant = self.mutants.get(pair[0])
            is_twice = mutant is not None and "DET-1" in mutant.noticed
            return pair, None if is_over else play(self.program, pair[0], self.paths[pair[1]], is_twice, left_s)

        pairs = [p for p in pairs if p not in self.cells]
        with concurrent.futures.ThreadPoolExecutor(self.jobs) as pool:
            for pair, cell in pool.map(one, pairs):
                if cell:
                    self.cells[pair] = self.without_own(pair, cell)
                show_progress(len(self.cells), (len(self.mutants) + 1) * len(self.paths))

    def without_own(self, pair, cell):
        """What fails without any fault says nothing about a mutant."""
        own = self.cells.get((NONE, pair[1]))
        return cell._replace(by=[n for n in cell.by if n not in own.by]) if own and own.by else cell

    def play(self):
        unknown = [(m.name, s) for m in self.mutants.values() for s in m.scenarios if s not in self.paths]
        if unknown:
            raise RuntimeError("mutants.def names scenarios that are not there: " +
                               ", ".join(f"{m}: {s}" for m, s in unknown))
        self.play_all([(NONE, s) for s in self.paths], False)
        self.play_all([(m.name, s) for m in self.mutants.values() for s in m.scenarios], False)
        by_length = sorted((s for s in self.paths if (NONE, s) in self.cells), key=lambda s: self.cells[NONE, s].events)
        self.play_all([(m, s) for s in by_length for m in self.mutants], True)
        show_progress(0, 0)

    # ---- what came of it ----

    def failed(self, mutant):
        """The scenarios that fail with it, in order."""
        return [s for s in self.paths if (mutant, s) in self.cells and self.cells[mutant, s].by]

    def named(self, mutant):
        """As failed, of the scenarios that are named for it: always played."""
        return [s for s in self.mutants[mutant].scenarios if self.cells[mutant, s].by]

    def faults(self, checks):
        for s in self.failed(NONE):
            yield f"{s}: the consumer without a fault fails it: {' '.join(self.cells[NONE, s].by)}"
        caught = sum(1 for m in self.mutants if self.named(m))
        if caught < CAUGHT_MIN * len(self.mutants):
            yield f"only {caught} of {len(self.mutants)} mutants are noticed"
        for m in self.mutants.values():
            if not m.scenarios:
                continue
            by = self.cells[m.name, m.scenarios[0]].by
            if not by:
                yield f"{m.name}: {m.scenarios[0]} does not fail"
            elif missing := [n for n in m.noticed if n not in by]:
                yield f"{m.name}: {m.scenarios[0]} fails by {' '.join(by)}, not by {' '.join(missing)}"
        for c in checks:
            if not any(c in self.cells[m, s].by for m in self.mutants for s in self.named(m)):
                yield f"{c}: no mutant with a scenario that is named for it is noticed by it"
        for s in WORKED:
            if not any(s in self.named(m) for m in self.mutants):
                yield f"{s}: no mutant that is meant for it fails it"

    def rules(self):
        """Check -> mutants it noticed."""
        found = collections.defaultdict(list)
        for m in self.mutants:
            for name in sorted({n for s in self.failed(m) for n in self.cells[m, s].by}):
                found[name].append(m)
        return found

    def earliest(self, mutant):
        """What the shortest way to notice it is: scenario, what, when in the run."""
        failed = self.named(mutant) or self.failed(mutant)
        return (failed[0], self.cells[mutant, failed[0]]) if failed else (None, None)


def show_progress(n, n_all):
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{n}/{n_all} runs \x1b[K" if n_all else "\r\x1b[K")
        sys.stderr.flush()


def is_check(name):
    return name.isupper()


def write_csv(matrix, path):
    with open(path, "w", encoding="utf-8", newline="") as f:
        out = csv.writer(f)
        out.writerow(["mutant", "source", "scenario", "failed", "earliest", "at_s", "not_strict"])
        for (m, s), cell in sorted(matrix.cells.items()):
            source = matrix.mutants[m].source if m != NONE else ""
            out.writerow([m, source, s, " ".join(cell.by), cell.first, f"{cell.at:.3f}", " ".join(cell.soft)])


def write_mutants(matrix, out):
    out.write("| mutant | source | what it does wrong | scenarios that fail | earliest in the first of them | "
              "checks | expectations |\n|---|---|---|---|---|---|---|\n")
    for m in matrix.mutants.values():
        failed = matrix.failed(m.name)
        played = sum(1 for s in matrix.paths if (m.name, s) in matrix.cells)
        names = sorted({n for s in failed for n in matrix.cells[m.name, s].by})
        where, cell = matrix.earliest(m.name)
        first = f"{where}: {cell.first} at {cell.at:.1f} s" if cell else "**survives**"
        out.write(f"| {m.name} | {m.source} | {m.what} | {len(failed)} of {played} | {first} | "
                  f"{' '.join(n for n in names if is_check(n))} | "
                  f"{' '.join(n for n in names if not is_check(n))} |\n")


def write_cells(matrix, out):
    out.write("\n## Every run\n\nWhat failed; `-`: nothing; empty: not played, the time was up.\n\n")
    for m in matrix.mutants:
        out.write(f"\n### {m}\n\n")
        for s in matrix.paths:
            if (m, s) in matrix.cells:
                out.write(f"- {s}: {' '.join(matrix.cells[m, s].by) or '-'}\n")


def write_rules(matrix, out):
    rules = matrix.rules()
    by_checks = collections.Counter(m for name, mutants in rules.items() if is_check(name) for m in mutants)
    out.write("\n## Checks\n\nBold: by no other check, in what was played.\n\n"
              "| check | mutants it noticed |\n|---|---|\n")
    for name, mutants in sorted(rules.items()):
        if is_check(name):
            out.write(f"| {name} | {' '.join(f'**{m}**' if by_checks[m] == 1 else m for m in mutants)} |\n")


def write_all(matrix, folder):
    folder.mkdir(parents=True, exist_ok=True)
    write_csv(matrix, folder / "matrix.csv")
    with open(folder / "matrix.md", "w", encoding="utf-8") as out:
        out.write("# Mutants\n\n")
        write_mutants(matrix, out)
        write_rules(matrix, out)
        write_cells(matrix, out)


def summary(matrix, checks):
    n_all = (len(matrix.mutants) + 1) * len(matrix.paths)
    caught = [m for m in matrix.mutants if matrix.failed(m)]
    rules = matrix.rules()
    for m in matrix.mutants:
        where, cell = matrix.earliest(m)
        yield f"{m:26} " + (f"{where}: {cell.first} at {cell.at:.1f} s" if cell else "survives")
    yield f"checks that noticed none: {' '.join(c for c in checks if c not in rules) or 'none'}"
    yield f"survive: {' '.join(m for m in matrix.mutants if m not in caught) or 'none'}"
    yield (f"noticed: {len(caught)} of {len(matrix.mutants)} mutants; {len(matrix.cells)} of {n_all} runs "
           f"in {time.monotonic() - matrix.began:.0f} s")
    for fault in matrix.faults(checks):
        yield f"FAIL {fault}"


def doc_faults(matrix, path):
    rows = path.read_text(encoding="utf-8").splitlines() if path else []
    for m in matrix.mutants.values() if path else []:
        if not any(row.startswith(f"| {m.name} | {m.source} |") for row in rows):
            yield f"FAIL {path}: no row of {m.name}, {m.source}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("scenarios", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--doc", type=pathlib.Path)
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--time", type=float, default=0)
    args = parser.parse_args()
    matrix = Matrix(args.program, args.scenarios, args.jobs, args.time)
    matrix.play()
    checks = subprocess.run([args.program, "checks"], capture_output=True, text=True, check=True).stdout.split()
    write_all(matrix, args.out)
    lines = list(summary(matrix, checks)) + list(doc_faults(matrix, args.doc))
    (args.out / "summary.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))
    return 1 if any(line.startswith("FAIL ") for line in lines) else 0


if __name__ == "__main__":
    sys.exit(main())
