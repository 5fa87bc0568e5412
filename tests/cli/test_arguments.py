# SPDX-License-Identifier: Apache-2.0
"""Help, versions and mistakes on the command line."""
import unittest

from program import Case, run

COMMANDS = ["serve", "consume", "produce", "run", "bench", "decode"]
CONSUME = ["consume", "-n", "127.0.0.1:1", "-g", "G", "-t", "T"]
PRODUCE = ["produce", "-n", "127.0.0.1:1", "-t", "T"]


class Arguments(Case):
    def test_help_names_every_command(self):
        """--help lists every command with one line; a command's own help has an example of it."""
        text = "\n".join(self.ok("--help"))
        for name in COMMANDS:
            self.assertRegex(text, rf"(?m)^ +{name} ")
            own = "\n".join(self.ok(name, "--help"))
            self.assertIn(f"rkmq {name}", own)
            self.assertRegex(own, r"(?i)example")

    def test_mistakes(self):
        """A mistake is answered with exit code 2, the reason, and nothing on stdout."""
        for text, args in [
                ("unknown option '--nope'", ["serve", "--nope"]),
                ("'x' is no", ["serve", "--brokers", "x"]),
                ("is not within", ["serve", "--brokers", "0"]),
                ("is no NAME[:QUEUES]", ["serve", "--topic", ":4"]),
                ("is no NAME[:QUEUES]", ["serve", "--topic", "T:-1"]),
                ("is no NAME:COUNT:BYTES", ["serve", "--preload", "T:1"]),
                ("--namesrv", ["consume", "-g", "G", "-t", "T"]),
                ("--group", ["consume", "-n", "a:1", "-t", "T"]),
                ("neither first, last nor a time", [*CONSUME, "--from", "soon"]),
                ("neither rkmq nor java-5.3", [*CONSUME, "--profile", "java-1"]),
                ("not with --batch", [*CONSUME, "--count", "3", "--batch", "2"]),
                ("is not within", [*CONSUME, "--threads", "1001"]),
                ("'later' is no", [*CONSUME, "--timeout", "later"]),
                ("none of zlib, lz4, zstd", [*PRODUCE, "--compress", "rar", "x"]),
                ("is no NAME=VALUE", [*PRODUCE, "--property", "a", "x"]),
                ("is not within", [*PRODUCE, "--delay", "19", "x"]),
                ("--log-level", ["decode", "--log-level", "loud", "x"])]:
            self.refused(2, text, *args)
        self.refused(2, "nope", "nope")
        self.assertEqual(2, run().returncode)
        self.assertEqual(2, run(*PRODUCE).returncode)

    def test_failures(self):
        """What cannot be done is answered with exit code 1 and the reason."""
        self.refused(1, "no name server answers: ", *CONSUME)
        self.refused(1, "no name server answers: ", *PRODUCE, "x")
        self.refused(1, "contains illegal characters", "consume", "-n", "127.0.0.1:1", "-g", "a b", "-t", "T")
        self.refused(1, "no-such-file", "decode", "no-such-file.jsonl")
        self.refused(1, "serve", "serve", "--bind", "192.0.2.1")


if __name__ == "__main__":
    unittest.main()
