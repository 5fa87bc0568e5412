# SPDX-License-Identifier: Apache-2.0
"""Runs the rkmq program. Deadlines bound a hang, they are never waited for."""
import json
import os
import signal
import subprocess
import unittest

RKMQ = os.environ["RKMQ_BIN"]
DEADLINE_S = 150


def run(*args, stdin=""):
    """The finished program: returncode, stdout, stderr."""
    return subprocess.run([RKMQ, *args], input=stdin, capture_output=True, text=True, timeout=DEADLINE_S, check=False)


class Serve:
    """`rkmq serve` on free ports, stopped by SIGTERM at the end of a with block."""

    def __init__(self, *args):
        self.child = subprocess.Popen([RKMQ, "serve", "--namesrv-port", "0", "--broker-port", "0", *args],
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self.child.stdout.readline()
        if not line:
            raise AssertionError(f"serve ended: {self.child.communicate(timeout=DEADLINE_S)[1]}")
        self.ready = json.loads(line)
        self.namesrv = self.ready["namesrv"]

    def stop(self, number=signal.SIGTERM):
        """Exit code and what was said on stderr."""
        self.child.send_signal(number)
        err = self.child.communicate(timeout=DEADLINE_S)[1]
        return self.child.returncode, err

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.child.poll() is None:
            self.stop()
        self.child.stdout.close()
        self.child.stderr.close()


class Case(unittest.TestCase):
    def ok(self, *args, stdin=""):
        """The output lines of a run that must succeed."""
        done = run(*args, stdin=stdin)
        self.assertEqual((0, ""), (done.returncode, done.stderr), args)
        return done.stdout.splitlines()

    def refused(self, code, text, *args):
        """A run that must fail with that code and one line on stderr that holds `text`."""
        done = run(*args)
        self.assertEqual(code, done.returncode, (args, done.stderr))
        self.assertEqual("", done.stdout, args)
        self.assertIn(text, done.stderr, args)
        self.assertTrue(done.stderr.startswith("rkmq: "), done.stderr)
