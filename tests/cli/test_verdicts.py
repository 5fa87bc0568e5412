# SPDX-License-Identifier: Apache-2.0
"""What expectations judge, and what the output says of those that do not hold: what was, and what was wanted."""
import json
import os
import unittest

from program import Case, run
from scenario_text import Folder, make

KILL = """{ "format": 1, "scenario": "test/flush", "run": { "end": "60s" },
  "cluster": { "brokers": { "broker-a": { "offset_flush": "7s" }, "broker-b": { "offset_flush": "30s" }, "broker-c": {} },
               "topics": { "T": { "queues": 1 } } },
  "groups": { "g": {} },
  "actors": { "p1": { "kind": "producer" }, "c1": { "kind": "push", "group": "g", "subscribe": { "T": "*" }, "from": "first" } },
  "steps": [ { "at": "0s", "do": { "produce": { "by": "p1", "topic": "T", "rate": "30/s", "for": "23s" } } },
    { "at": "100ms", "do": { "start": "c1" } },
    { "id": "kill", "at": "24s", "do": [ { "crash": { "who": "c1", "how": "rst" } },
      { "broker": { "name": "broker-a", "do": "kill", "keep": "flushed" } },
      { "broker": { "name": "broker-b", "do": "kill", "keep": "flushed" } },
      { "broker": { "name": "broker-c", "do": "kill", "keep": "flushed" } } ] },
    { "id": "back", "at": "26s", "do": [ { "broker": { "name": "broker-a", "do": "start" } },
      { "broker": { "name": "broker-b", "do": "start" } }, { "broker": { "name": "broker-c", "do": "start" } } ] },
    { "at": "28s", "do": { "start": "c1" } } ],
  "checks": { "params": { "regress_allowed_at": ["step:kill"] } } }"""


class Verdicts(Case):
    def setUp(self):
        self.folder = Folder(self)

    def finding(self, code, expect):
        """The line of the one expectation that is not passed, without its place."""
        done = run("run", self.folder.write("t.jsonc", make("test/verdict", expect)))
        self.assertEqual(code, done.returncode, done)
        lines = [line for line in done.stdout.splitlines() if line.startswith(("#   FAIL", "#   unknown"))]
        self.assertEqual(1, len(lines), done.stdout)
        return lines[0]

    def test_count(self):
        """Each bound of a count is judged, and told: 250 messages are sent."""
        count = '"count": { "ev": "append" } }'
        for bounds, wanted in [
                ('"in": [249, 251]', "249, 251"), ('"le": 5', "at most 5"), ('"lt": 5', "at most 4"),
                ('"ge": 251', "at least 251"), ('"eq": 3', "3"), ('"ne": 250', "not 250"),
                ('"ge": 3, "le": 5', "from 3 to 5"), ('"ge": 1, "in": [7]', "at least 1, 7")]:
            with self.subTest(bounds):
                line = self.finding(1, f'{{ "id": "few", {bounds}, {count}')
                self.assertTrue(line.endswith(f"FAIL few: 250 of them, wanted {wanted}"), line)
        path = self.folder.write("t.jsonc", make("test/verdict", f'{{ "id": "few", "in": [7, 250], {count}'))
        self.ok("run", path)

    def test_wanted(self):
        """A state that does not come is told with what was, and what was wanted."""
        owners = r"FAIL x: at 2\.\d+ s: c1 owns broker-a/0 broker-a/1; c2 owns broker-a/2 broker-a/3;"
        for state, wanted in [
                ('"state": "assignment", "is": { "c1": ["T@broker-a/0", "T@broker-a/3"], "c2": "T@*/1-2" }',
                 r" lag \d+; wanted c1: T@broker-a/0 T@broker-a/3, c2: T@[*]/1-2"),
                ('"state": "owner", "queues": "T@*/*", "is": "c1"', r" lag \d+; wanted c1 alone: T@[*]/[*]"),
                ('"state": "lag", "topic": "T", "ge": 5000', r" lag \d+; wanted lag at least 5000 of T"),
                ('"state": "committed", "queues": "T@*/0", "eq": 5000', r" committed broker-a/0 at \d+; lag \d+; wanted committed 5000 of T@[*]/0")]:
            with self.subTest(state):
                line = self.finding(1, f'{{ "id": "x", "after": "step:up", "within": "2s", "eventually": {{ {state} }} }}')
                self.assertRegex(line, owners + wanted + "$")
        line = self.finding(1, '{ "id": "x", "never": { "state": "balanced", "max_diff": 0 } }')
        self.assertRegex(line, "; wanted never one owner of each queue, shares that differ by 0 at most$")
        line = self.finding(1, '{ "id": "x", "within": "2s", "eventually": { "ev": "actor-crash" } }')
        self.assertRegex(line, r"FAIL x: at \d\.\d+ s: no actor-crash that fits came$")

    def test_window(self):
        """A window that ends before it begins shows nothing: it is unknown, or a mistake when the file tells it."""
        state = '{ "state": "balanced", "max_diff": 0 }'
        for kind in ("always", "never"):
            line = self.finding(2, f'{{ "id": "x", "from": "step:up+2s", "until": "2s", "{kind}": {state} }}')
            self.assertIn("x: its window is empty: 3.000 s to 2.000 s", line)
        for one, other in (("3s", "2s"), ("step:up+2s", "step:up"), ("mark:never+2ms", "mark:never+1ms")):
            expect = f'{{ "id": "x", "from": "{one}", "until": "{other}", "never": {state} }}'
            done = run("run", self.folder.write("t.jsonc", make("test/verdict", expect)))
            self.assertEqual(3, done.returncode, done)
            self.assertIn('its window is empty: "until" is before "from"', done.stderr)

    def test_never_came(self):
        """The moment that did not come is named."""
        line = self.finding(2, '{ "id": "x", "from": "1s", "until": "mark:never", "never": { "ev": "note" } }')
        self.assertTrue(line.endswith("x: mark:never never came"), line)
        line = self.finding(2, '{ "id": "x", "after": "step:wait", "within": "1s", "eventually": { "ev": "deliver" } }')
        self.assertTrue(line.endswith("x: step:wait never came"), line)

    def test_ghost(self):
        """A consumer that crashed and is still in the list when the run ends is named, lest its heir is blamed."""
        text = make("test/ghost", "").replace('"id": "wait", "when": { "event": { "ev": "deliver", "key": "none" } }, "do": { "mark": "never" }',
                                              '"at": "4s", "do": { "crash": { "who": "c2", "how": "silent" } }')
        done = run("run", self.folder.write("t.jsonc", text.replace('"sim", "tcp"', '"sim"')))
        self.assertEqual(1, done.returncode, done)
        self.assertRegex(done.stdout, "FAIL LIVE-1: .* its owner is nobody; c2, which crashed, is still a member at the end")

    def test_offset_flush(self):
        """What a killed broker finds again is of its own last flush, however long its period is."""
        events = os.path.join(self.folder.path, "e.jsonl")
        self.ok("run", "--events", events, self.folder.write("t.jsonc", KILL))
        with open(events, encoding="utf-8") as file:
            rows = [json.loads(line) for line in file]
        begun = {row["broker"]: row["offset"] for row in rows
                 if row["ev"] == "pq-add" and row["us"] > 28000000 and row["topic"] == "T"}
        committed = {}
        for row in rows:
            if row["ev"] == "commit" and row["topic"] == "T":
                for broker, flushed_at in (("broker-a", 21), ("broker-b", 0), ("broker-c", 20)):
                    if row["broker"] == broker and row["us"] <= flushed_at * 1000000:
                        committed[broker] = row["offset"]
        self.assertEqual({"broker-b": 0, **committed}, begun)


if __name__ == "__main__":
    unittest.main()
