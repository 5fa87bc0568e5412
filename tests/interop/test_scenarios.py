# SPDX-License-Identifier: Apache-2.0
"""A foreign client under scenarios: test_scenarios.py CLIENT SCENARIO. It must be judged as passed by the file as it is."""
import os
import shlex
import subprocess
import sys
import unittest

from peers import CLIENTS, REPO, RKMQ_BIN, Case

RUN_S = 280  # the longest of them takes two minutes
CLIENT, SCENARIO = sys.argv[1:]


class Scenario(Case):
    def test_scenario(self):
        path = os.path.join(REPO, "scenarios", SCENARIO + ".jsonc")
        command = shlex.join(CLIENTS[CLIENT].actor(self.folder))
        done = subprocess.run([RKMQ_BIN, "run", "--on", "tcp", "--client", command, path], capture_output=True,
                              text=True, timeout=RUN_S, check=False)
        self.assertEqual((0, ""), (done.returncode, done.stderr), done.stdout)
        self.assertIn(f"ok 1 - {SCENARIO} ", done.stdout)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
