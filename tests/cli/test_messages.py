# SPDX-License-Identifier: Apache-2.0
"""serve, produce, consume and decode together: messages go round as the pages say."""
import glob
import json
import os
import signal
import subprocess
import tempfile
import unittest

from program import DEADLINE_S, RKMQ, Case, Serve, run


def bodies(lines):
    return sorted(line.split(",", 2)[2] for line in lines)


class Messages(Case):
    def produce(self, serve, *args, topic="T", stdin=""):
        return self.ok("produce", "-n", serve.namesrv, "-t", topic, *args, stdin=stdin)

    def consume(self, serve, count, *args, topic="T", group="G"):
        return self.ok("consume", "-n", serve.namesrv, "-g", group, "-t", topic, "--from", "first", "--count",
                       str(count), "--timeout", "30s", *args)

    def test_ready_line_and_stop(self):
        """serve says where it listens in one JSON line, and ends with 0 on SIGTERM and SIGINT."""
        for number in (signal.SIGTERM, signal.SIGINT):
            with Serve("--brokers", "2") as serve:
                self.assertEqual("ready", serve.ready["event"])
                self.assertEqual(["broker-a", "broker-b"], sorted(serve.ready["brokers"]))
                self.assertEqual((0, ""), serve.stop(number))

    def test_round_trip(self):
        """Every message that was produced is printed once with its id and queue."""
        with Serve("--topic", "T:4") as serve:
            sent = self.produce(serve, "--count", "20", "message %d")
            self.assertEqual(20, len(sent))
            received = self.consume(serve, 20)
            self.assertEqual(sorted(line.split(",")[:2] for line in sent),
                             sorted(line.split(",")[:2] for line in received))
            self.assertEqual(sorted(f"message {i}" for i in range(20)), bodies(received))

    def test_second_consumer_goes_on(self):
        """What one run consumed, the next run of the group does not see; nor is more taken than --count."""
        with Serve("--topic", "T:4") as serve:
            self.produce(serve, "--count", "10", "%d")
            first, second = self.consume(serve, 4), self.consume(serve, 6)
            self.assertEqual(sorted(map(str, range(10))), sorted(bodies(first) + bodies(second)))
            other = self.consume(serve, 10, group="H")
            self.assertEqual(sorted(map(str, range(10))), bodies(other))

    def test_kinds(self):
        """Batches, stdin lines, compressed bodies, properties, tags and keys arrive as they were sent."""
        with Serve("--topic", "T:1") as serve:
            self.produce(serve, "--batch", "3", "--count", "7", "b%d")
            self.assertEqual([f"b{i}" for i in range(7)], bodies(self.consume(serve, 7)))
            self.produce(serve, "-", stdin="one\n\ntwo\nthree")
            self.assertEqual(["one", "three", "two"], bodies(self.consume(serve, 3)))
            for kind in ("zlib", "lz4", "zstd"):
                self.produce(serve, "--size", "10000", "--compress", kind, "--tag", "A", "--key", "k%d", "--property",
                             "color=red", "big")
                message = json.loads(self.consume(serve, 1, "--json")[0])
                self.assertEqual("big".ljust(10000, "."), message["body"])
                self.assertEqual(1, message["sysFlag"] & 1)
                properties = message["properties"]
                self.assertEqual(("A", "k0", "red"), (properties["TAGS"], properties["KEYS"], properties["color"]))

    def test_tags(self):
        """Only messages of the subscribed tags are printed."""
        with Serve("--topic", "T:2") as serve:
            for tag in ("A", "B", "C"):
                self.produce(serve, "--tag", tag, "--count", "2", tag + "%d")
            self.assertEqual(["A0", "A1", "C0", "C1"], bodies(self.consume(serve, 4, "-e", "A || C")))

    def test_topic_is_created_by_the_first_send(self):
        """A topic that nobody created comes into being, on every broker of the default topic."""
        with Serve() as serve:
            self.produce(serve, "--count", "8", "%d", topic="New")
            self.assertEqual(sorted(map(str, range(8))), bodies(self.consume(serve, 8, topic="New")))

    def test_failed_message_comes_again(self):
        """A message whose listener failed comes back through the retry topic with its own topic and id."""
        with Serve("--topic", "T:1") as serve:
            sent = self.produce(serve, "again")[0].split(",")[0]
            message = json.loads(self.consume(serve, 1, "--fail-first", "1", "--json")[0])
            self.assertEqual(("T", sent, 1), (message["topic"], message["msgId"], message["reconsumeTimes"]))

    def test_too_late(self):
        """--timeout without messages: exit code 1 with --count, 0 without."""
        with Serve("--topic", "T:1") as serve:
            base = ["consume", "-n", serve.namesrv, "-g", "G", "-t", "T", "--timeout", "100ms"]
            self.refused(1, "0 of 1 messages within the time", *base, "--count", "1")
            self.assertEqual([], self.ok(*base))

    def test_interrupted(self):
        """consume ends with 0 on SIGTERM, and what it printed is committed."""
        with Serve("--topic", "T:1") as serve:
            self.produce(serve, "--count", "3", "%d")
            child = subprocess.Popen([RKMQ, "consume", "-n", serve.namesrv, "-g", "G", "-t", "T", "--from", "first"],
                                     stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            self.assertEqual(["0", "1", "2"], bodies([child.stdout.readline().rstrip("\n") for _ in range(3)]))
            child.send_signal(signal.SIGTERM)
            out, err = child.communicate(timeout=DEADLINE_S)
            self.assertEqual((0, "", ""), (child.returncode, out, err))
            self.produce(serve, "next")
            self.assertEqual(["next"], bodies(self.consume(serve, 1)))

    def test_hostile_text(self):
        """Control characters of a body neither break the line nor reach the terminal."""
        with Serve("--topic", "T:1") as serve:
            self.produce(serve, "a\nb\x1b[31m")
            self.assertEqual(["a\\nb\\x1B[31m"], bodies(self.consume(serve, 1)))

    def test_events_and_decode(self):
        """serve --events and --pcap write what decode reads: the same requests."""
        with tempfile.TemporaryDirectory() as folder:
            events, pcap = os.path.join(folder, "e.jsonl"), os.path.join(folder, "p.pcapng")
            with Serve("--topic", "T:1", "--events", events, "--pcap", pcap) as serve:
                self.produce(serve, "hello")
                self.consume(serve, 1)
                self.assertEqual((0, ""), serve.stop())
            with open(events, encoding="utf-8") as file:
                names = {json.loads(line).get("name") for line in file}
            for name in ("GET_ROUTEINFO_BY_TOPIC", "SEND_MESSAGE_V2", "HEART_BEAT", "PULL_MESSAGE"):
                self.assertIn(name, names)
                self.assertTrue(any(name in line for line in self.ok("decode", pcap)), name)

    def test_decode_captures(self):
        """decode prints every capture of the real servers."""
        files = sorted(glob.glob(os.path.join(os.environ["RKMQ_CAPTURES_DIR"], "*.jsonl")))
        self.assertGreaterEqual(len(files), 16)
        for path in files:
            self.assertGreater(len(self.ok("decode", path)), 10, path)

    def test_port_taken(self):
        """A port that is in use is named in the error."""
        with Serve() as serve:
            port = serve.namesrv.rsplit(":", 1)[1]
            done = run("serve", "--namesrv-port", port, "--broker-port", "0")
            self.assertEqual(1, done.returncode)
            self.assertIn(port, done.stderr)


if __name__ == "__main__":
    unittest.main()
