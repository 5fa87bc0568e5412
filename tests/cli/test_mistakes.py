# SPDX-License-Identifier: Apache-2.0
"""Every kind of mistake in a scenario file: told with file:line:column and a hint, exit code 3, and nothing is played."""
import os
import tempfile
import unittest

from program import Case, run

# A file without mistakes. Each row of the tables puts one into it; `@@` is where it must be told, and is taken out.
GOOD = """\
{
  "format": 1,
  "scenario": "test/mistakes",
  "run": { "end": "30s" },
  "cluster": {
    "brokers": { "broker-a": {} },
    "topics": { "T": { "queues": 4 }, "U": { "queues": 2 } },
    "net": { "latency": "1ms" }
  },
  "groups": { "g": {}, "h": {} },
  "actors": {
    "p1": { "kind": "producer" },
    "c1": { "kind": "push", "group": "g", "subscribe": { "T": "*" }, "from": "first", "listener": { "cost": "1ms" } }
  },
  "faults": [
    { "id": "rule", "match": { "code": "PULL_MESSAGE" }, "nth": 1, "effect": "drop" }
  ],
  "steps": [
    { "id": "load", "at": "0s", "do": { "produce": { "by": "p1", "topic": "T", "count": 9 } } },
    { "id": "up", "at": "1s", "do": { "start": "c1" } },
    { "id": "seen", "when": { "event": { "ev": "deliver" }, "within": "5s" }, "do": { "mark": "begun" } },
    { "id": "again", "every": "5s", "times": 2, "do": { "notify": { "group": "g", "count": 1 } } }
  ],
  "expect": [
    { "id": "drained", "after": "step:up", "within": "15s", "eventually": { "state": "lag", "group": "g", "topic": "T", "eq": 0 } },
    { "id": "few", "le": 5, "count": { "ev": "redelivery" } }
  ],
  "checks": { "except": { "OWN-1": "because" } },
  "sweep": { "seeds": "1..9", "vary": { "/run/end": ["30s", "40s"] } }
}
"""

# What it is; what is replaced; by what; what is said there.
MISTAKES = [
    # ---- JSON ----
    ("comma at the end of an object", '{ "end": "30s" }', '{ "end": "30s"@@, }', "no comma may stand before the closing bracket"),
    ("comma at the end of a list", '["30s", "40s"]', '["30s", "40s"@@, ]', "no comma may stand before the closing bracket"),
    ("comma that is missing", '"format": 1,\n  "scenario"', '"format": 1\n  @@"scenario"', "',' or '}' expected, not '\"'"),
    ("text without an end", '"because"', '@@"because', "this text has no closing quote on its line"),
    ("comment without an end", '"checks"', '@@/* "checks"', "this comment has no end"),
    ("one-quote text", '"1ms" }\n  },\n  "groups"', "@@'1ms' }\n  },\n  \"groups\"", "a value expected, not ''': texts stand in double quotes"),
    ("key without quotes", '"end": "30s"', '@@end: "30s"', "a name in double quotes expected, not 'e'"),
    ("number that is none", '"format": 1', '"format": @@01', "malformed number 01"),
    ("more behind the end", '"40s"] } }\n}\n', '"40s"] } }\n}\n@@{}\n', "the end of the file expected, not '{'"),
    ("a brace that is missing", '"40s"] } }\n}\n', '"40s"] } }\n@@', "',' or '}' expected, not the end of the file"),
    # ---- names of members ----
    ("unknown key", '"cost"', '@@"costs"', 'unknown key "costs" in a listener; did you mean "cost"?'),
    ("unknown key, nothing near", '"run": {', '@@"weather": 1,\n  "run": {', 'unknown key "weather" in a scenario'),
    ("key that is needed, misspelt", '"kind": "push"', '@@"knid": "push"', 'unknown key "knid" in a push consumer; did you mean "kind"?'),
    ("key that stands twice", '"end": "30s"', '"end": "30s", @@"end": "31s"', '"end" stands twice, first in line 4'),
    ("key that is missing", '{ "kind": "push", ', "@@{ ", '"kind" is missing in a push consumer'),
    ("key of the first level that is missing", '{\n  "format": 1,\n  "scenario": "test/mistakes",', '@@{\n  "format": 1,', '"scenario" is missing in a scenario'),
    # ---- types and values ----
    ("wrong type", '"at": "1s"', '"at": @@1', '"at" must be a moment such as "12s", "step:join" or "mark:x+2s", not 1'),
    ("object instead of text", '"at": "1s"', '"at": @@{}', '"at" must be a moment such as "12s", "step:join" or "mark:x+2s", not an object'),
    ("format of the future", '"format": 1', '"format": @@2', '"format" must be 1, the only format there is, not 2'),
    ("name of the scenario", '"test/mistakes"', '@@"Test mistakes"', '"scenario" must be a name such as "rebalance/two-consumer-join", not "Test mistakes"'),
    ("duration without a unit", '"end": "30s"', '"end": @@"30"', '"end" must be a duration such as "50ms" or "2s", not "30"'),
    ("duration of two units", '"end": "30s"', '"end": @@"1m30s"', '"end" must be one number and one unit, as "90s", not "1m30s"'),
    ("moment of two units", '"at": "1s"', '"at": @@"1m1.5s"', '"at" must be one number and one unit, as "61500ms", not "1m1.5s"'),
    ("duration out of range", '"end": "30s"', '"end": @@"2000h"', '"end" must be from 1us to 1000h, not "2000h"'),
    ("rate", '"count": 9', '"for": "1s", "rate": @@"50"', '"rate" must be a rate such as "400/s" or "5/m", not "50"'),
    ("number out of range", '{ "queues": 4 }', '{ "queues": @@5000 }', '"queues" must be from 1 to 1024, not 5000'),
    ("number that is negative", '"times": 2', '"times": @@-1', '"times" must be from 1 to 2147483647, not -1'),
    ("number with a fraction", '"times": 2', '"times": @@1.5', '"times" must be a whole number, not 1.5'),
    ("chance", '"nth": 1', '"p": @@2', '"p" must be a chance from 0.000001 to 1, such as 0.05'),
    ("range of numbers", '"nth": 1', '"nth": @@"5..2"', '"nth" must be a number from 1 on, "2..5" or "2..", not "5..2"'),
    ("unknown word", '"kind": "push"', '"kind": @@"pull"', '"kind" must be one of "push", "producer", not "pull"; did you mean "push"?'),
    ("unknown level", '"id": "few",', '"id": "few", "level": @@"COULD",', '"level" must be one of "MUST", "SHOULD", "INFO", not "COULD"; did you mean "SHOULD"?'),
    # ---- names ----
    ("unknown actor", '"start": "c1"', '"start": @@"c2"', 'unknown actor "c2"; did you mean "c1"?'),
    ("unknown actor, nothing near", '"start": "c1"', '"start": @@"worker"', 'unknown actor "worker"; there are "p1", "c1"'),
    ("unknown producer, nothing near", '"by": "p1"', '"by": @@"load"', 'unknown producer "load"; there is only "p1"'),
    ("actor of another kind", '{ "mark": "begun" }', '{ "pause": @@"p1" }', 'actor "p1" is no push consumer'),
    ("actor that stands twice", '"start": "c1"', '"start": ["c1", @@"c1"]', '"c1" stands twice in this list'),
    ("unknown group", '"group": "g", "subscribe"', '"group": @@"gg", "subscribe"', 'unknown group "gg"; did you mean "g"?'),
    ("unknown topic", '"by": "p1", "topic": "T"', '"by": "p1", "topic": @@"TT"', 'unknown topic "TT"; did you mean "T"?'),
    ("unknown broker", '{ "mark": "begun" }', '{ "broker": { "name": @@"broker-b", "do": "kill" } }', 'unknown broker "broker-b"; did you mean "broker-a"?'),
    ("unknown name server", '{ "mark": "begun" }', '{ "nameserver": { "name": @@"ns1", "do": "kill" } }', 'unknown name server "ns1"; did you mean "n1"?'),
    ("queue that never exists", '"count": 9', '"count": 9, "queue": @@"T@broker-a/4"', 'there is no queue 4 in "T@broker-a/4": it never has more than 4'),
    ("queue of another topic", '"count": 9', '"count": 9, "queue": @@"U@broker-a/1"', "this queue is not of the topic that is sent to"),
    ("text that names no queue", '"count": 9', '"count": 9, "queue": @@"T/1"', '"queue" must be "round-robin" or one queue such as "T@broker-a/3", not "T/1"'),
    ("unknown step", '"after": "step:up"', '"after": @@"step:upp"', 'unknown step "upp"; did you mean "up"?'),
    ("unknown mark", '"after": "step:up"', '"after": @@"mark:begin"', 'unknown mark "begin"; did you mean "begun"?'),
    ("moment that is none", '"after": "step:up"', '"after": @@"up"', '"after" must be a moment such as "12s", "step:join" or "mark:x+2s", not "up"'),
    ("moment behind the end", '"at": "1s"', '"at": @@"31s"', '"at" is behind the end of the run, 30s'),
    ("unknown rule", '{ "mark": "begun" }', '{ "release": @@"rulle" }', 'unknown rule "rulle"; did you mean "rule"?'),
    ("id of a step twice", '"id": "again"', '"id": @@"load"', 'a step "load" stands in line 19'),
    ("id of an expectation twice", '"id": "few"', '"id": @@"drained"', 'an expectation "drained" stands in line 25'),
    ("id with other characters", '"id": "few"', '"id": @@"Few"', 'the id of an expectation is made of a-z, 0-9 and -, not "Few"'),
    ("name of an actor that is taken", '"p1": { "kind": "producer" }', '"p1": { "kind": "producer" },\n    @@"broker-a": { "kind": "producer" }', '"broker-a" is already the name of a broker'),
    ("broker out of order", '"broker-a": {}', '"broker-a": {}, @@"broker-x": {}', 'broker 2 is called "broker-b", not "broker-x"'),
    # ---- steps and actions ----
    ("two triggers", '{ "id": "up", "at": "1s"', '@@{ "id": "up", "at": "1s", "after": "2s"', 'a step takes exactly one of "at", "after", "when", "every"'),
    ("no trigger", '{ "id": "up", "at": "1s", ', '@@{ "id": "up", ', 'a step takes exactly one of "at", "after", "when", "every"'),
    ("times without every", '"at": "1s"', '"at": "1s", @@"times": 2', '"times" goes with "every" only'),
    ("unknown action", '{ "start": "c1" }', '{ @@"starts": "c1" }', 'unknown action "starts"; did you mean "start"?'),
    ("action that is a text", '{ "start": "c1" }', '@@"start"', 'an action is an object with one name, such as {"start": "c1"}'),
    ("two actions in one", '{ "start": "c1" }', '@@{ "start": "c1", "stop": "c1" }', 'these are 2 actions in one object: a list has an object for each, "do": [{...}, {...}]'),
    ("no end of sending", '{ "by": "p1", "topic": "T", "count": 9', '@@{ "by": "p1", "topic": "T", "rate": "5/s"', 'a "rate" needs "for" or "count", to end'),
    ("sending without a number", '{ "by": "p1", "topic": "T", "count": 9', '@@{ "by": "p1", "topic": "T"', '"produce" needs a "count", or a "rate" and "for"'),
    ("lie and truth", '{ "group": "g", "count": 1 }', '@@{ "group": "g", "count": 1, "drop": true }', '"notify" takes one of "count" and "drop"'),
    ("keep without kill", '{ "mark": "begun" }', '{ "broker": { "name": "broker-a", "do": "start", @@"keep": "all" } }', '"keep" goes with "do": "kill" only'),
    ("link to itself", '{ "mark": "begun" }', '{ "net": { "cut": @@["c1", "c1"] } }', "the two ends of a link are different"),
    ("step that waits for itself", '{ "id": "load", "at": "0s"', '@@{ "id": "load", "at": "step:load"', "this step waits for itself, in a circle"),
    # ---- fault rules ----
    ("two effects", '"effect": "drop"', '"effect": @@{ "delay": "1s", "truncate": 4 }', "a rule has one effect, not 2: write a rule for each"),
    ("unknown effect", '"effect": "drop"', '"effect": @@"drops"', 'unknown effect "drops"; did you mean "drop"?'),
    ("effect without its value", '"effect": "drop"', '"effect": @@"delay"', 'effect "delay" needs a value: "effect": {"delay": ...}'),
    ("effect with a value too many", '"effect": "drop"', '"effect": { @@"drop": 1 }', 'effect "drop" takes no value: "effect": "drop"'),
    ("applied against its effect", '"effect": "drop"', '"effect": "drop-request", "applied": @@"yes"', 'this effect is always "applied": "no"'),
    ("unknown code", '"PULL_MESSAGE"', '@@"PUL_MESSAGE"', 'unknown request code "PUL_MESSAGE"; did you mean "PULL_MESSAGE"?'),
    ("unknown code of an answer", '"effect": "drop"', '"effect": { "reply": @@"SYSTEM_BUZY" }', 'unknown response code "SYSTEM_BUZY"; did you mean "SYSTEM_BUSY"?'),
    ("id of a rule twice", '"nth": 1, "effect": "drop" }', '"nth": 1, "effect": "drop" },\n    { "id": @@"rule", "match": {}, "effect": "dup" }', 'a rule "rule" was defined in line 16'),
    # ---- expectations ----
    ("two kinds in one", '{ "id": "few", "le": 5, "count"', '@@{ "id": "few", "le": 5, "never": { "ev": "deliver" }, "count"', 'an expectation takes exactly one of "eventually", "always", "never", "count"'),
    ("count without a bound", '{ "id": "few", "le": 5, ', '@@{ "id": "few", ', '"count" needs a bound such as "eq": 0 or "ge": 1'),
    ("bound without count", '"after": "step:up"', '@@"eq": 1, "after": "step:up"', '"eq" does not go with "eventually"'),
    ("gaps without their lengths", '{ "id": "few", "le": 5, "count"', '@@{ "id": "few", "gaps"', '"gaps" needs "are", the gaps it expects'),
    ("unknown event", '"ev": "redelivery"', '"ev": @@"redelivered"', 'unknown event "redelivered"; did you mean "redelivery"?'),
    ("event that does not tell it", '"ev": "redelivery"', '"ev": "redelivery", @@"status": 0', 'event "redelivery" has no "status"'),
    ("unknown state", '"state": "lag"', '"state": @@"lags"', '"state" must be one of "assignment", "balanced", "owner", "owned-once", "lag", "committed", "cadence", not "lags"; did you mean "lag"?'),
    ("state without a bound", '{ "state": "lag", "group": "g", "topic": "T", "eq": 0 }', '@@{ "state": "lag", "group": "g", "topic": "T" }', 'state "lag" needs a bound such as "eq": 0'),
    ("topic to choose", '{ "state": "lag", "group": "g", "topic": "T", "eq": 0 }', '@@{ "state": "balanced", "group": "g" }', '"topic" may only be left out when there is one topic, not 2'),
    ("bounds that exclude each other", '"count": { "ev": "redelivery" }', '"count": { "ev": "redelivery", "offset": @@{ "lt": 3, "gt": 3 } }', "no number passes all of these bounds"),
    ("two ends of a time", '{ "id": "few",', '@@{ "id": "few", "from": "1s", "until": "9s", "within": "5s",', '"within" and "until" say the same'),
    # ---- checks and sweeps ----
    ("except without a reason", '{ "OWN-1": "because" }', '@@["OWN-1"]', '"except" must be an object with a reason for each, {"OWN-1": "..."}, not a list'),
    ("except with an empty reason", '"because"', '@@""', '"OWN-1" must be the reason for this exception, not ""'),
    ("unknown check", '"OWN-1"', '@@"OWN-9"', 'unknown check "OWN-9"; did you mean "OWN-1"?'),
    ("seeds that are no range", '"1..9"', '@@"1-9"', '"seeds" must be a range such as "1..200", not "1-9"'),
    ("pointer to nowhere", '"/run/end"', '@@"/run/ends"', '"/run/ends" leads to nothing in this file'),
    ("pointer to an object", '"/run/end": ["30s", "40s"]', '@@"/run": ["30s", "40s"]', '"/run" leads to no text, number, true or false'),
    ("value that is wrong in its place", '["30s", "40s"]', '["30s", @@"40"]', '"end" must be a duration such as "50ms" or "2s", not "40"'),
    ("range without values", '["30s", "40s"]', '@@{ "from": "40s", "to": "30s", "step": "1s" }', "this range does not have from 1 to 1000 values"),
]


class Mistakes(Case):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = os.path.join(self.folder.name, "t.jsonc")

    def said(self, text):
        """What is said of a file of that content, which must be refused."""
        with open(self.path, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        done = run("run", self.path)
        self.assertEqual(3, done.returncode, done)
        self.assertNotIn("\nok ", done.stdout)
        return done.stderr.splitlines()

    def test_good(self):
        """The file that the mistakes are put into has none."""
        with open(self.path, "w", encoding="ascii") as file:
            file.write(GOOD)
        self.ok("run", self.path)

    def test_table(self):
        """Each mistake alone is told alone, where it is, and with what should stand there."""
        for what, old, new, words in MISTAKES:
            with self.subTest(what):
                self.assertEqual((1, 1), (GOOD.count(old), new.count("@@")), "both places are known")
                marked = GOOD.replace(old, new)
                before = marked[:marked.index("@@")].split("\n")
                place = f"{self.path}:{len(before)}:{len(before[-1]) + 1}: "
                said = self.said(marked.replace("@@", ""))
                self.assertEqual(place, said[0][:len(place)], said)
                self.assertIn(words, said[0][len(place):])
                self.assertEqual(1, len(said), said)

    def test_no_text(self):
        """What is no text at all is refused by its first byte that cannot be."""
        rows = [
            ("empty", b"", ":1:1: ", "a value expected, not the end of the file"),
            ("blanks", b"  \n // nothing\n", ":3:1: ", "a value expected, not the end of the file"),
            ("no object", b"[]", ":1:1: ", "a scenario is an object, not a list"),
            ("not UTF-8", b'{ "title": "caf\xe9" }', ":1:16: ", "UTF-8"),
            ("half a character", b'{ "title": "caf\xc3" }', ":1:16: ", "UTF-8"),
            ("control character", b'{ "title": "a\x01" }', ":1:14: ", "control"),
            ("unknown escape", b'{ "title": "a\\q" }', ":1:14: ", "escape"),
            ("zero byte", b"\0", ":1:1: ", "expected"),
            ("too deep", b"[" * 33, ":1:33: ", "nested deeper than 32"),
            ("too large", b" " * 1048577 + b"{}", ": ", "1048576"),
            ("too many values", b"[" + b"0," * 100001 + b"0]", ":1:", "100000"),
        ]
        for what, text, place, words in rows:
            with self.subTest(what):
                said = self.said(text)
                self.assertIn(self.path + place, said[0])
                self.assertIn(words, said[0])

    def test_no_groups(self):
        """A file that uses groups and declares none is told the section that it needs."""
        said = self.said(GOOD.replace('"groups": { "g": {}, "h": {} },', ""))
        self.assertEqual(3, len(said), said)
        for line in said:
            self.assertIn('unknown group "g": "groups" is missing; add "groups": { "g": {} }', line)

    def test_many(self):
        """Fifty mistakes are told, the rest is counted; each in the order of the file."""
        said = self.said(GOOD.replace('"le": 5', ", ".join(f'"x{i}": 0' for i in range(60))))
        self.assertEqual(51, len(said))
        self.assertEqual(sorted(said[:50], key=lambda line: [int(n) for n in line[len(self.path) + 1:].split(":")[:2]]), said[:50])
        self.assertRegex(said[50], r": and \d+ more$")

    def test_columns_are_characters(self):
        """A column counts characters, not bytes."""
        said = self.said(GOOD.replace('"because"', '"weil es Übungen sind", "OWN-9": "ä"'))
        self.assertEqual(1, len(said), said)
        self.assertIn(':28:60: unknown check "OWN-9"', said[0])

    def test_one_of_several_files(self):
        """A file that cannot be read makes the run fail with 3, whatever the others do; they are played."""
        good = os.path.join(self.folder.name, "good.jsonc")
        with open(good, "w", encoding="ascii") as file:
            file.write(GOOD)
        with open(self.path, "w", encoding="ascii") as file:
            file.write("{}")
        done = run("run", good, self.path)
        self.assertEqual(3, done.returncode, done)
        self.assertIn("ok 1 - test/mistakes", done.stdout)
        self.assertIn(f"not ok 2 - {self.path} (bad)", done.stdout)


if __name__ == "__main__":
    unittest.main()
