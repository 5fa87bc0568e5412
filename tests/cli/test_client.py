# SPDX-License-Identifier: Apache-2.0
"""rkmq run --client: scenarios over TCP, their push actors played by processes that speak docs/testees.md."""
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from program import DEADLINE_S, RKMQ, Case

HERE = os.path.dirname(os.path.abspath(__file__))
SCENARIOS = os.path.join(HERE, "..", "..", "scenarios")
TESTEE = os.environ["RKMQ_TESTEE"]
HOSTILE = os.path.join(HERE, "hostile_testee.py")

ACTORS = """{ "format": 1, "scenario": "test/client", "run": { "end": "%s", "settle": "1s" },
  "cluster": { "brokers": { "broker-a": {} }, "topics": { "T": { "queues": { "broker-a": 4 } } } },
  "groups": { "g": {} },
  "actors": { "p1": { "kind": "producer" },
    "c1": { "kind": "push", "group": "g", "client_id": "10.0.0.1@1", "subscribe": { "T": "*" }, "from": "first",
            "listener": { "verdict": [ { "if": { "key": "bad", "reconsume": 0 }, "then": "later" } ] },
            "set": { "threads": 4, "persist": "1s" } },
    "c2": { "kind": "push", "group": "g", "client_id": "10.0.0.2@1", "subscribe": { "T": "*" }, "from": "first" } },
  "checks": { "params": { "overlap_max": "4s" } },
"""
LIFE = ACTORS % "13s" + """ "steps": [
    { "at": "0s", "do": { "produce": { "by": "p1", "topic": "T", "rate": "50/s", "for": "4s" } } },
    { "id": "up", "at": "100ms", "do": { "start": ["c1", "c2"] } },
    { "id": "crash", "at": "4s", "do": { "crash": { "who": "c2", "how": "%s" } } },
    { "id": "back", "at": "6s", "do": { "start": "c2" } },
    { "id": "hold", "at": "7s", "do": { "pause": "c1" } },
    { "id": "go", "at": "7.5s", "do": { "resume": "c1" } },
    { "id": "stop", "at": "8s", "do": { "stop": "c2" } },
    { "id": "again", "after": "1s", "do": { "start": "c2" } } ],
  "expect": [
    { "id": "known", "until": "step:crash", "ge": 1, "count": { "ev": "req", "from": "c2", "to": "n1" } },
    { "id": "both", "after": "step:up", "within": "3s", "eventually": { "state": "balanced", "max_diff": 0 } },
    { "id": "gone", "after": "step:crash", "within": "2s", "eventually": { "ev": "member-leave", "who": "c2" } },
    { "id": "taken", "after": "step:crash", "within": "2s", "eventually": { "state": "assignment", "is": { "c1": "T@*/*" } } },
    { "id": "left", "after": "step:stop", "within": "3s", "eventually": { "ev": "actor-stopped", "who": "c2" } },
    { "id": "both-again", "after": "step:again", "within": "3s", "eventually": { "state": "balanced", "max_diff": 0 } },
    { "id": "drained", "after": "8s", "within": "4s", "eventually": { "state": "lag", "eq": 0 } },
    { "id": "untold", "level": "SHOULD", "ge": 1, "count": { "ev": "pq-add" } } ] }
"""
SHORT = ACTORS.replace('"listener": {', '"listener": { "cost": "1s",') % "3s" + ' "steps": [ { "at": "0s", "do": { "start": "c1" } }, { "at": "1s", "do": %s } ] }'


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


class Testee(Case):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def write(self, text):
        path = os.path.join(self.folder.name, "t.jsonc")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def play(self, client, text, *args):
        return subprocess.run([RKMQ, "run", "--on", "tcp", "--client", client, *args, self.write(text)],
                              capture_output=True, text=True, timeout=2 * DEADLINE_S, check=False)

    def hostile(self, manner, *args):
        """A run with a testee that has bad manners: it must end as a failure of the harness, and leave no process."""
        pids = os.path.join(self.folder.name, "pids")
        done = self.play(f"{sys.executable} {HOSTILE} {pids} {manner}",
                         SHORT % '{ "start": "c2" }', "--client-timeout", "2s", *args)
        self.assertEqual(4, done.returncode, done)
        self.assert_gone(pids)
        return done.stdout

    def assert_gone(self, pids):
        """Nobody of them runs any more, though it may wait to be buried."""
        for pid in self.lines(pids):
            self.assertFalse(is_alive(pid), f"process {pid} is left")

    @staticmethod
    def lines(path):
        if not os.path.exists(path):
            return []
        with open(path, encoding="ascii") as file:
            return file.read().split()

    def await_true(self, condition):
        end = time.monotonic() + DEADLINE_S
        while not condition():
            self.assertLess(time.monotonic(), end)
            os.sched_yield()


class Worked(Testee):
    def test_worked_scenario(self):
        """Worked scenario 1, as it stands but for its end, judged by what the servers and the listeners saw."""
        with open(os.path.join(SCENARIOS, "rebalance", "two-consumer-join.jsonc"), encoding="utf-8") as file:
            text = file.read()
        done = self.play(TESTEE, text.replace('"end": "60s"', '"end": "47s", "settle": "1s"'))
        self.assertEqual(0, done.returncode, done)
        self.assertRegex(done.stdout, r"ok 1 - rebalance/two-consumer-join seed 1 \((pass|non-strict)")
        self.assertIn("unknown handover: rests on pq-drop, which this client does not tell", done.stdout)


class Lives(Testee):
    def test_lives(self):
        """A client starts, crashes, comes back, is paused, stops and starts once more; all of it is in the log."""
        for how in ("rst", "exit"):
            done = self.play(TESTEE, LIFE % how)
            self.assertEqual(0, done.returncode, (how, done))


class Silence(Testee):
    def test_silent_crash(self):
        """A process that falls silent is a member still, and takes nothing more; who comes after it is in its place."""
        events = os.path.join(self.folder.name, "e.jsonl")
        text = ACTORS % "18s" + """ "steps": [
            { "at": "0s", "do": { "produce": { "by": "p1", "topic": "T", "rate": "50/s", "for": "5s" } } },
            { "id": "up", "at": "100ms", "do": { "start": "c1" } },
            { "id": "crash", "at": "3s", "do": { "crash": { "who": "c1", "how": "silent" } } },
            { "id": "back", "at": "6s", "do": { "start": "c1" } } ],
          "expect": [
            { "id": "silent", "from": "step:crash+500ms", "until": "step:crash+2s", "never": { "ev": "req", "from": "c1" } },
            { "id": "member", "from": "step:crash", "until": "step:crash+2s", "never": { "ev": "member-leave" } },
            { "id": "on", "after": "step:back", "within": "5s", "eventually": { "ev": "deliver", "who": "c1" } } ] }"""
        done = self.play(TESTEE, text, "--events", events)
        self.assertEqual(0, done.returncode, done)


class Rules(Testee):
    def test_listener_rules(self):
        """The verdict of a call is the script's, whoever's listener it is: what fails is sent back."""
        text = ACTORS % "12s" + """ "steps": [
            { "at": "0s", "do": { "start": "c1" } },
            { "at": "1s", "do": [ { "produce": { "by": "p1", "topic": "T", "count": 3, "keys": "good" } },
                                  { "produce": { "by": "p1", "topic": "T", "count": 1, "keys": "bad" } } ] } ],
          "expect": [
            { "id": "fails", "eq": 1, "count": { "ev": "listener-end", "who": "c1", "status": 1 } },
            { "id": "back", "eq": 1, "count": { "ev": "req", "code": "CONSUMER_SEND_MSG_BACK", "from": "c1" } } ] }"""
        done = self.play(TESTEE, text)
        self.assertEqual(0, done.returncode, done)


class Manners(Testee):
    def test_script_waits_for_hooks(self):
        """A script that waits for what only our own consumer tells is passed over, and says so."""
        text = ACTORS % "3s" + """ "steps": [ { "id": "w", "when": { "event": { "ev": "pq-add", "who": "c1" } },
            "do": { "mark": "m" } } ] }"""
        done = self.play(TESTEE, text)
        self.assertIn("waits for pq-add, which only our own client tells", done.stdout)

    def test_ours(self):
        """--client ours is as no --client at all."""
        done = self.play("ours", SHORT % '{ "stop": "c1" }')
        self.assertEqual(0, done.returncode, done)

    def test_needs_tcp(self):
        """Virtual time has no place for a process."""
        self.refused(3, "--client: a testee needs real sockets and real time; add --on tcp",
                     "run", "--client", TESTEE, SCENARIOS)

    def test_bad_manners(self):
        """Whatever a testee says or does instead of what it should, the run ends soon and says what it was."""
        for manner, why in (
                ("garbage", r"it says what is not in the protocol: .*: hello"),
                ("number", r"it says what is not in the protocol: an object with \"ev\" is expected: 17"),
                ("dies", r"it ended with code 3: I did not like it"),
                ("killed", r"it died of signal 9"),
                ("mute", r'it did not say "ready" within 2\.0 s'),
                ("long", r"it said a line of more than 1048576 bytes"),
                ("endless", r"it said a line of more than 1048576 bytes"),
                ("protocol-2", r"it speaks protocol 2, not 1"),
                ("closes", r"it closed its output"),
                ("ready-twice", r"it says what nobody waits for: \{\"ev\":\"ready\""),
                ("started-first", r"it says what nobody waits for: \{\"ev\":\"started\""),
                ("no-start", r'client of c1, last told by line 10: it did not say "started" within 2\.0 s'),
                ("refuses", r"client of c1, last told by line 10: it cannot start as the script wants: no persist"),
                ("bad-call", r"it says what is not in the protocol: \"messages\" must be a list of 1 to 1024"),
                ("same-call", r"it says what nobody waits for: \{\"ev\":\"listener-begin\",\"call\":1"),
                ("stops-alone", r"it says what nobody waits for: \{\"ev\":\"stopped\"")):
            with self.subTest(manner=manner):
                self.assertRegex(self.hostile(manner), why)

    def test_no_such_command(self):
        """A command that is none is told in the shell's words."""
        done = self.play("/nowhere/testee", SHORT % '{ "stop": "c1" }')
        self.assertEqual(4, done.returncode, done)
        self.assertRegex(done.stdout, r"client of c\d: it ended with code 127: .*not found")

    def test_failed_start(self):
        """A start that fails is the client's business: a row, not a failure of the harness."""
        events, pids = (os.path.join(self.folder.name, name) for name in ("e.jsonl", "pids"))
        done = self.play(f"{sys.executable} {HOSTILE} {pids} fails", SHORT % '{ "mark": "m" }', "--events", events)
        self.assertEqual(0, done.returncode, done)
        with open(events, encoding="utf-8") as file:
            rows = [json.loads(line) for line in file]
        self.assertEqual([True], [row["status"] < 0 for row in rows if row["ev"] == "actor-started"])
        self.assertIn("nobody at home", [row.get("text") for row in rows if row["ev"] == "note"])

    def test_signal(self):
        """Ended by a signal, the run takes its testees with it, those of a shell's children too."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            pids = os.path.join(self.folder.name, f"pids-{number}")
            command = f"sh -c 'true; {sys.executable} {HOSTILE} {pids} no-start; true'"
            with subprocess.Popen([RKMQ, "run", "--on", "tcp", "--client", command,
                                   self.write(SHORT % '{ "stop": "c1" }')], stdout=subprocess.DEVNULL) as child:
                self.await_true(lambda: len(self.lines(pids)) == 2)
                child.send_signal(number)
                self.assertEqual(-number, child.wait(DEADLINE_S))
            self.await_true(lambda: not any(map(is_alive, self.lines(pids))))

    def test_stderr(self):
        """What a testee says on stderr is in the log, under its actor's name."""
        out = self.play(f"{sys.executable} {HOSTILE} {os.path.join(self.folder.name, 'pids')} dies",
                        SHORT % '{ "mark": "m" }', "-v")
        self.assertTrue(re.search(r"info c\d: I did not like it", out.stderr), out.stderr)


if __name__ == "__main__":
    unittest.main()
