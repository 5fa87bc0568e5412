# SPDX-License-Identifier: Apache-2.0
"""test_mixed.py real|mock: what any client sends, any client reads."""
import collections
import sys
import time
import unittest

import peers

SERVER = sys.argv[1]
QUEUES, EACH = 4, 3


class Mixed(peers.Case):
    def test_everyone_reads_everyone(self):
        """One consumer of every client, each in a group of its own; every client sends messages of every kind it has.
        Each consumer prints each body as often as it was sent."""
        cluster = self.cluster(SERVER, {"MixedTopic": QUEUES})
        waiting = self.fill(peers.CLIENTS["rkmq"], cluster, "MixedTopic", QUEUES)
        consumers = [self.consume(client, cluster, "Group-" + name.replace(".", "-"), "MixedTopic")
                     for name, client in peers.CLIENTS.items()]
        missing = collections.Counter(peers.parse(line)[2] for line in waiting)
        for client in peers.CLIENTS.values():
            sent = self.produce(client, cluster, "MixedTopic", **{kind: EACH for kind in client.kinds})
            missing.update(peers.parse(line)[2] for line in sent)
        kinds = sum(len(client.kinds) for client in peers.CLIENTS.values())
        self.assertEqual(len(waiting) + EACH * kinds, missing.total())
        for consumer in consumers:
            self.assert_receives_bodies(consumer, missing.copy())
        cluster.stop()

    def assert_receives_bodies(self, consumer, missing):
        deadline = time.monotonic() + peers.JOB_S
        while any(n > 0 for n in missing.values()):  # one that comes twice is no other one
            body = peers.parse(consumer.take(deadline))[2]
            self.assertIn(body, missing, f"{consumer.name} got what nobody sent")
            missing[body] -= 1


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
