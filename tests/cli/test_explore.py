# SPDX-License-Identifier: Apache-2.0
"""rkmq explore: which seeds are played, what is said, what is written."""
import os
import re
import signal
import subprocess
import tempfile
import time
import unittest

from program import DEADLINE_S, RKMQ, Case, run


class Explore(Case):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.out = os.path.join(folder.name, "found")

    def explore(self, *args):
        return self.ok("explore", "--out", self.out, *args)

    def test_survives(self):
        """Our consumer survives some seeds: one line is said, nothing is written, the exit code is 0."""
        lines = self.explore("--seeds", "1..60")
        self.assertEqual(1, len(lines))
        self.assertRegex(lines[0], r"^60 seeds played, 0 failed, \d+\.\d s$")
        self.assertFalse(os.path.exists(self.out))

    def test_print(self):
        """--print shows the scenario of a seed, which rkmq run takes and plays with that seed, to the same hash."""
        text = "\n".join(self.ok("explore", "--print", "17")) + "\n"
        path = os.path.join(os.path.dirname(self.out), "17.jsonc")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        hashes = {re.search(r"seed 17 \(pass.*hash (\w+)", run("run", path).stdout).group(1) for _ in range(2)}
        self.assertEqual(1, len(hashes))
        self.assertEqual(text, "\n".join(self.ok("explore", "--print", "17")) + "\n")
        self.assertNotEqual(text, "\n".join(self.ok("explore", "--print", "18")) + "\n")

    def test_shards(self):
        """Shards are disjoint and leave nothing out: together they play each seed once."""
        played = [int(re.match(r"(\d+) seeds", self.explore("--seeds", "1..20", "--shard", f"{i}/3")[0]).group(1)) for i in (1, 2, 3)]
        self.assertEqual([7, 7, 6], played)
        self.assertRegex(self.explore("--seeds", "5", "--shard", "2/2")[0], "^0 seeds played")

    def test_time(self):
        """--time ends it and says where; without --seeds there is no other end."""
        line = self.explore("--time", "500ms", "--jobs", "1")[0]
        played, stopped = re.match(r"(\d+) seeds played, 0 failed, \d+\.\d s; stopped before seed (\d+)$", line).groups()
        self.assertGreaterEqual(int(played), 1)
        self.assertEqual(int(played) + 1, int(stopped))

    def test_refuses(self):
        """What makes no sense is refused with exit code 3."""
        for text, args in [
            ("'x' is no seed", ["--seeds", "x"]),
            ("'9..3' is no A..B", ["--seeds", "9..3"]),
            ("'3' is no I/N", ["--shard", "3"]),
            ("'0/2' is no I/N", ["--shard", "0/2"]),
            ("'3/2' is no I/N", ["--shard", "3/2"]),
            ("nonsense", ["--nonsense"]),
        ]:
            self.refused(3, text, "explore", *args)

    def test_dead_worker(self):
        """A worker that dies costs the seed it was at, and no other; the exit code is 4."""
        child = subprocess.Popen([RKMQ, "explore", "--seeds", "1..80", "--jobs", "2"], stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True)
        workers = []
        deadline = time.monotonic() + DEADLINE_S
        while not workers and time.monotonic() < deadline:
            with open(f"/proc/{child.pid}/task/{child.pid}/children", encoding="ascii") as file:
                workers = file.read().split()
        os.kill(int(workers[0]), signal.SIGKILL)
        out, _ = child.communicate(timeout=DEADLINE_S)
        self.assertEqual(4, child.returncode, out)
        (seed,) = re.findall(r"^seed (\d+): harness the worker died of signal 9 \(Killed\)$", out, re.M)
        self.assertIn(f"  rerun: rkmq explore --seeds {seed}\n", out)
        self.assertIn("80 seeds played, 0 failed, 1 could not be judged", out)


if __name__ == "__main__":
    unittest.main()
