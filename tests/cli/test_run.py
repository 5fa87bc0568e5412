# SPDX-License-Identifier: Apache-2.0
"""rkmq run: what is played, how it is judged, what is said."""
import json
import os
import re
import signal
import subprocess
import tempfile
import unittest

from program import DEADLINE_S, RKMQ, Case, run

SCENARIOS = os.path.join(os.path.dirname(__file__), "..", "..", "scenarios")

HEAD = """{ "format": 1, "scenario": "%s", "run": { "end": "%s", "settle": "1s" },
  "cluster": { "brokers": { "broker-a": {} }, "topics": { "T": { "queues": { "broker-a": 4 } } } },
  "groups": { "g": {} },
  "actors": { "p1": { "kind": "producer" },
    "c1": { "kind": "push", "group": "g", "client_id": "10.0.0.1@1", "subscribe": { "T": "*" }, "from": "first" },
    "c2": { "kind": "push", "group": "g", "client_id": "10.0.0.2@1", "subscribe": { "T": "*" }, "from": "first",
            "set": { "allocate": "%s" } } },
"""
STEPS = """ "steps": [ { "at": "0s", "do": { "produce": { "by": "p1", "topic": "T", "rate": "50/s", "for": "%s" } } },
  { "id": "up", "at": "1s", "do": { "start": %s } }%s ],
"""


class Run(Case):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def write(self, text, name="t.jsonc"):
        path = os.path.join(self.folder.name, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def scenario(self, expect, end="20s", allocate="averagely", start='["c1", "c2"]', load="10s", steps=""):
        return self.write(HEAD % ("test/one", end, allocate) + STEPS % (load, start, steps) + ' "expect": [ %s ] }' % expect)

    def test_suites_pass(self):
        """Whole folders are played in order of name; the output is TAP with one line a run."""
        lines = self.ok("run", os.path.join(SCENARIOS, "start"), os.path.join(SCENARIOS, "retry"))
        self.assertEqual("TAP version 13", lines[0])
        results = [line for line in lines if line.startswith("ok ")]
        self.assertEqual(f"1..{len(results)}", lines[-1])
        self.assertGreaterEqual(len(results), 6)

    def test_same_seed_same_hash(self):
        """A seed gives the same log twice, another seed another one."""
        path = os.path.join(SCENARIOS, "net", "jitter.jsonc")
        hashes = [re.findall(r"hash (\w+)", "\n".join(self.ok("run", "--seeds", "1..2", path))) for _ in range(2)]
        self.assertEqual(hashes[0], hashes[1])
        self.assertEqual(2, len(set(hashes[0])))

    def test_twice(self):
        """--twice plays each run once more and finds no difference; it says so when it is asked for where it makes no sense."""
        path = os.path.join(SCENARIOS, "net", "jitter.jsonc")
        once, twice = (self.ok("run", *option, "--seeds", "1..2", path) for option in ([], ["--twice"]))
        self.assertEqual(once, twice)
        self.refused(3, "--twice", "run", "--twice", "--on", "tcp", path)

    def test_list_and_filter(self):
        """--list names what there is; --filter chooses by name."""
        names = [line.split("\t")[0] for line in self.ok("run", "--list", SCENARIOS)]
        self.assertEqual(len(set(names)), len(names))
        self.assertGreaterEqual(len(names), 40)
        self.assertEqual([name for name in names if name.startswith("net/")],
                         [line.split("\t")[0] for line in self.ok("run", "--list", "--filter", "net/*", SCENARIOS)])
        self.refused(3, "no scenario", "run", "--list", "--filter", "nothing/*", SCENARIOS)

    def test_failed_expectation(self):
        """An expectation that does not hold: exit code 1, why, the state of that moment, and how to run it again."""
        path = self.scenario("""{ "id": "mine", "after": "step:up", "within": "5s",
            "eventually": { "state": "assignment", "group": "g", "topic": "T", "is": { "c1": ["T@broker-a/0-3"] } } }""")
        done = run("run", path)
        self.assertEqual(1, done.returncode)
        self.assertIn("not ok 1 - test/one seed 1", done.stdout)
        self.assertRegex(done.stdout, r"FAIL mine: at \d+\.\d+ s: c1 owns broker-a/0 broker-a/1; c2 owns")
        self.assertIn(f"rerun: rkmq run --on sim --seed 1 {path}", done.stdout)
        self.assertEqual(1, run("run", "--seed", "7", path).returncode)

    def test_broken_rule(self):
        """Members with different allocators break a rule that nobody wrote down in the file: two owners of a queue."""
        path = self.scenario('{ "id": "some", "eventually": { "ev": "deliver", "who": "c1" } }', end="60s",
                             allocate="by-circle", load="40s")
        done = run("run", path)
        self.assertEqual(1, done.returncode)
        self.assertIn("FAIL OWN-1: ", done.stdout)
        self.assertIn("owner-overlap", done.stdout)

    def test_unknown(self):
        """What rests on a step that never comes is unknown, exit code 2, not passed."""
        text = HEAD % ("test/one", "10s", "averagely") + """ "steps": [
            { "id": "never", "when": { "event": { "ev": "deliver", "who": "c1" } }, "do": { "mark": "m" } } ],
            "expect": [ { "id": "late", "after": "mark:m", "within": "1s", "eventually": { "ev": "deliver" } } ] }"""
        done = run("run", self.write(text))
        self.assertEqual(2, done.returncode, done.stdout)
        self.assertIn("late: mark:m never came", done.stdout)

    def test_when_in_vain(self):
        """A `when` that does not come within its time fails the run, and names its line."""
        text = HEAD % ("test/one", "10s", "averagely") + """ "steps": [
            { "id": "wait", "when": { "event": { "state": "balanced", "group": "g", "topic": "T" }, "within": "2s" },
              "do": { "mark": "m" } } ], "expect": [] }"""
        done = run("run", self.write(text))
        self.assertEqual(1, done.returncode, done.stdout)
        self.assertRegex(done.stdout, r"line \d+: what step 'wait' waits for did not come within 2\.000 s: wanted one owner of each queue, .*, was lag 0")

    def test_bad_files(self):
        """A mistake is shown with file, line, column and a hint; exit code 3, and nothing is played."""
        path = self.write('{ "format": 1,\n  "scenari": "a" }')
        done = run("run", path)
        self.assertEqual(3, done.returncode)
        self.assertIn(f'{path}:2:3: ', done.stderr)
        self.assertIn('"scenario"', done.stderr)
        self.assertEqual(3, run("run", os.path.join(self.folder.name, "none.jsonc")).returncode)

    def test_events(self):
        """--events writes the log as JSON lines in order of time."""
        path = os.path.join(self.folder.name, "e.jsonl")
        self.ok("run", "--events", path, os.path.join(SCENARIOS, "retry", "fails-once.jsonc"))
        with open(path, encoding="utf-8") as file:
            rows = [json.loads(line) for line in file]
        self.assertEqual(list(range(len(rows))), [row["seq"] for row in rows])
        self.assertEqual(sorted(row["us"] for row in rows), [row["us"] for row in rows])
        kinds = {row["ev"] for row in rows}
        for kind in ("server-up", "topic", "step", "actor-started", "req", "resp", "append", "pq-add", "cache-put",
                     "listener-begin", "deliver", "redelivery", "listener-end", "commit", "member-join", "route-publish",
                     "healed", "end"):
            self.assertIn(kind, kinds)

    def test_jobs(self):
        """However many processes share the runs, the output is the same, in the same order, and so is the exit code."""
        good = os.path.join(SCENARIOS, "retry")
        bad = self.scenario("""{ "id": "odd", "after": "step:up", "within": "5s",
            "eventually": { "state": "owner", "queues": "T@broker-a/0", "is": "c2" } }""")
        outputs = [run("run", "--jobs", jobs, "--seeds", "1..4", good, bad) for jobs in ("1", "2", "7")]
        for done in outputs:
            self.assertEqual((1, outputs[0].stdout, ""), (done.returncode, done.stdout, done.stderr))
        self.assertIn(f"rerun: rkmq run --on sim --seed 4 {bad}", outputs[0].stdout)
        self.refused(3, "--jobs", "run", "--jobs", "0", good)

    def test_listener_at_work(self):
        """A run may end, and a consumer exit, while listeners are at work: it is judged all the same."""
        path = self.write(HEAD % ("test/one", "5s", "averagely") + """ "steps": [
            { "at": "0s", "do": { "produce": { "by": "p1", "topic": "T", "count": 8 } } },
            { "at": "1s", "do": [ { "listener": { "who": "c1", "cost": "10m" } }, { "start": "c1" } ] },
            { "at": "2s", "do": { "crash": { "who": "c1", "how": "exit" } } }, { "at": "3s", "do": { "start": "c1" } } ],
          "expect": [ { "id": "begun", "eq": 16, "count": { "ev": "listener-begin" } },
                      { "id": "none-ended", "eq": 0, "count": { "ev": "listener-end" } } ],
          "checks": { "except": { "LIVE-1": "listeners outlast the run", "LOSS-1": "the same" } } }""")
        self.assertIn("ok 1 - test/one seed 1 (pass", "\n".join(self.ok("run", path)))

    def test_sweep(self):
        """--sweep plays each variant with each of the sweep's seeds. What a sweep must show in some run, and none of them
        did, is told once at its end and fails; what a single run did not show is no verdict."""
        text = HEAD % ("test/one", "20s", "averagely") + STEPS % ("2s", '["c1", "c2"]', "") + """ "expect": [
            { "id": "split", "sometimes": { "ev": "deliver", "who": "c2" } },
            { "id": "crashed", "sometimes": { "ev": "actor-crash", "who": "c1" } } ],
          "sweep": { "seeds": "3..5", "vary": { "/steps/1/at": ["2s", "3s"] } } }"""
        path = self.write(text)
        self.ok("run", path)
        self.ok("run", "--variants", path)
        done = run("run", "--sweep", path)
        lines = [line for line in done.stdout.splitlines() if "ok " in line[:7]]
        self.assertEqual(1, done.returncode)
        self.assertEqual(10, len(lines), done.stdout)
        for number, seed in enumerate(("3", "4", "5") * 3):
            self.assertRegex(lines[number], rf"^ok {number + 1} - test/one (/steps/1/at=\S+ )?seed {seed} ")
        self.assertTrue(lines[9].startswith("not ok 10 - test/one sweep of 9 runs (FAIL)"), lines[9])
        self.assertIn("#   sometimes crashed: in none of 9 runs", done.stdout)
        self.assertIn(f"rerun: rkmq run --on sim --sweep {path}", done.stdout)
        self.assertNotIn("sometimes split", done.stdout)
        self.assertEqual(3, len(run("run", "--sweep", "--seeds", "9", path).stdout.split("\nok ")) - 1)

    def test_told_at_once(self):
        """A run is told when it ends, to a pipe too, not when the campaign does."""
        path = self.scenario('{ "id": "some", "eventually": { "ev": "deliver" } }')
        with subprocess.Popen([RKMQ, "run", "--seeds", "1..1000000", path], stdout=subprocess.PIPE, text=True) as child:
            self.assertEqual("TAP version 13\n", child.stdout.readline())
            self.assertTrue(child.stdout.readline().startswith("ok 1 - test/one seed 1 "))
            self.assertIsNone(child.poll())
            child.terminate()

    def test_worker_dies(self):
        """A worker that dies takes one run along, which is the harness's failure and says how to repeat it."""
        path = self.scenario('{ "id": "some", "eventually": { "ev": "deliver" } }')
        child = subprocess.Popen([RKMQ, "run", "--jobs", "2", "--seeds", "1..60", path],
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        children = f"/proc/{child.pid}/task/{child.pid}/children"
        workers = []
        while not workers:
            with open(children, encoding="ascii") as file:
                workers = file.read().split()
        os.kill(int(workers[0]), signal.SIGKILL)
        out, err = child.communicate(timeout=DEADLINE_S)
        self.assertEqual((4, ""), (child.returncode, err))
        lines = out.splitlines()
        self.assertEqual(59, sum(line.startswith("ok ") for line in lines))
        dead = [i for i, line in enumerate(lines) if line.startswith("not ok ")]
        self.assertEqual(1, len(dead))
        seed = re.search(r"not ok (\d+) ", lines[dead[0]]).group(1)
        self.assertEqual(f"not ok {seed} - test/one seed {seed} (harness)", lines[dead[0]])
        self.assertIn("the harness failed: the worker died of signal 9", lines[dead[0] + 1])
        self.assertEqual(f"#   rerun: rkmq run --on sim --seed {seed} {path}", lines[dead[0] + 2])

    def test_on_tcp(self):
        """The same file is played over TCP, in real time. A name server knows whose question it is, though none says so."""
        events = os.path.join(self.folder.name, "e.jsonl")
        path = self.scenario("""{ "id": "split", "after": "step:up", "within": "2s",
            "eventually": { "state": "balanced", "group": "g", "topic": "T", "max_diff": 0 } },
            { "id": "drained", "after": "step:down", "within": "1s",
              "eventually": { "state": "lag", "group": "g", "eq": 0 } }""", end="4s", load="1s",
                             steps=', { "id": "down", "at": "3s", "do": { "stop": ["c1", "c2"] } }')
        self.assertIn("ok 1 - test/one", "\n".join(self.ok("run", "--on", "tcp", "--events", events, path)))
        with open(events, encoding="utf-8") as file:
            rows = [json.loads(line) for line in file]
        asked = {row["who"] for row in rows if row.get("name") == "GET_ROUTEINFO_BY_TOPIC" and row["ev"] == "req"}
        self.assertEqual({"c1", "c2", "p1"}, asked)

    def crash_on_tcp(self, how):
        events = os.path.join(self.folder.name, "e.jsonl")
        path = self.scenario("""{ "id": "taken", "after": "step:crash", "within": "2s",
            "eventually": { "state": "assignment", "is": { "c2": "T@broker-a/*" } } }""", end="4s", load="1s",
                             steps=', { "id": "crash", "at": "2s", "do": { "crash": { "who": "c1", "how": "%s" } } },'
                                   ' { "at": "3500ms", "do": { "stop": "c2" } }' % how)
        done = run("run", "--on", "tcp", "--events", events, path)
        if not os.path.exists(events):
            return done, []
        with open(events, encoding="utf-8") as file:
            rows = [json.loads(line) for line in file]
        return done, sorted((row["peer"], row["text"]) for row in rows if row["ev"] == "conn-close" and row["who"] == "c1")

    def test_crash_on_tcp(self):
        """Over TCP a crash resets the consumer's connections, an exit closes them; the servers see which. Who shares the
        process with the servers cannot fall silent: the scenario is skipped, with the line."""
        for how, why in (("rst", "Connection reset by peer"), ("exit", "closed by the peer")):
            done, whys = self.crash_on_tcp(how)
            self.assertEqual((0, [("broker-a", why), ("n1", why)]), (done.returncode, whys), done.stdout)
        done, _ = self.crash_on_tcp("silent")
        self.assertEqual(3, done.returncode)
        self.assertIn("# SKIP line 9: on TCP only a testee can fall silent (--client)", done.stdout)


if __name__ == "__main__":
    unittest.main()
