# SPDX-License-Identifier: Apache-2.0
"""rkmq explore against faulty consumers: explore.py RKMQ_MUTANT

Within a few seeds it must find each of these faults, and the small scenario that it writes must fail for the faulty
consumer by the same rule, alone, and for the consumer without a fault not at all.
"""
import os
import re
import subprocess
import sys
import tempfile
import unittest

DEADLINE_S = 100
# fault -> rules by which it may be found (they differ with the first seed that shows it)
FAULTS = {
    "second-pull-loop": {"PULL-1"},
    "all-are-first": {"OWN-1", "OWN-2", "OWN-3"},
    "change-swallowed": {"OWN-2", "LOSS-1", "LIVE-1", "NS-2"},
    "starts-at-end": {"LOSS-1", "LOSS-3"},
    "hand-over-pulled": {"OFF-1", "LOSS-1"},
    "delivers-after-drop": {"PULL-2", "DUP-1"},
    "pull-gives-up": {"PULL-5"},
    "skips-one": {"LOSS-1", "LOSS-2", "PULL-3"},
}
SEEDS = "1..100"
STEPS_MAX = 10


class Explore(unittest.TestCase):
    def run_mutant(self, *args):
        return subprocess.run([MUTANT, *args], capture_output=True, text=True, timeout=DEADLINE_S, check=False)

    def judge(self, fault, rules, folder):
        found = self.run_mutant(fault, "explore", "--seeds", SEEDS, "--findings", "1", "--jobs", "1", "--out", folder)
        self.assertEqual(1, found.returncode, found.stdout + found.stderr)
        rule = re.search(r"^seed \d+: FAIL ([^:]+):", found.stdout, re.M).group(1)
        self.assertTrue(rule in rules or re.match(r"(even|drained)-", rule), found.stdout)
        smaller = re.search(r"smaller: (\d+) of \d+ steps", found.stdout)
        self.assertLessEqual(int(smaller.group(1)), STEPS_MAX, found.stdout)
        (name,) = os.listdir(folder)
        path = os.path.join(folder, name)
        fails = self.run_mutant(fault, "run", path)
        self.assertEqual(1, fails.returncode, fails.stdout + fails.stderr)
        self.assertIn(f"FAIL {rule}:", fails.stdout)
        passes = self.run_mutant("none", "run", path)
        self.assertEqual(0, passes.returncode, passes.stdout + passes.stderr)

    def test_finds(self):
        for fault, rules in FAULTS.items():
            with self.subTest(fault=fault), tempfile.TemporaryDirectory() as folder:
                self.judge(fault, rules, folder)


if __name__ == "__main__":
    MUTANT = sys.argv.pop(1)
    unittest.main()
