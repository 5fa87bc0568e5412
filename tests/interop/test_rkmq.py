# SPDX-License-Identifier: Apache-2.0
"""test_rkmq.py: our consumer and producer against the real broker."""
import unittest

import peers

JAVA = peers.CLIENTS["java-5.3.3"]
QUEUES = 4
GROUP, TOPIC = "RkmqGroup", "RkmqTopic"


class Rkmq(peers.Case):
    def rkmq_consume(self, cluster, count):
        """The lines of `rkmq consume`, which ends by itself with status 0 after that many messages."""
        return self.start("rkmq-consume", [peers.RKMQ_BIN, "consume", "-n", cluster.namesrv, "-g", GROUP, "-t", TOPIC,
                                           "--count", str(count)]).finish()

    def assert_committed(self, cluster, total):
        """The broker, asked by the Java admin tool, has committed all messages of all queues."""
        lines = self.start("admin", peers.ADMIN.admin(self.folder, cluster.namesrv, "offsets", GROUP, TOPIC)).finish()
        offsets = [tuple(map(int, line.split(",")[2:])) for line in lines]
        self.assertEqual(QUEUES, len(offsets))
        self.assertEqual([there for there, _ in offsets], [committed for _, committed in offsets])
        self.assertEqual(total, sum(committed for _, committed in offsets))

    def test_consume(self):
        """rkmq consume prints every message of a Java producer once with its id, queue and body, and commits them; a
        second one starts where the first ended."""
        cluster = self.cluster("real", {TOPIC: QUEUES})
        sent = self.produce(JAVA, cluster, TOPIC, **{kind: 5 for kind in JAVA.kinds})
        self.assert_same(sent, self.rkmq_consume(cluster, len(sent)))
        self.assert_committed(cluster, len(sent))

        later = self.produce(JAVA, cluster, TOPIC, sync=3, batch=3)
        self.assert_same(later, self.rkmq_consume(cluster, len(later)))
        self.assert_committed(cluster, len(sent) + len(later))

    def test_produce(self):
        """The Java consumer prints every message of rkmq produce: single, batch, and of every compression."""
        cluster = self.cluster("real", {TOPIC: QUEUES})
        waiting = self.fill(peers.CLIENTS["rkmq"], cluster, TOPIC, QUEUES)
        consumer = self.consume(JAVA, cluster, GROUP, TOPIC)
        sent = self.produce(peers.CLIENTS["rkmq"], cluster, TOPIC, sync=5, batch=5, compressed=5, lz4=5, zstd=5)
        self.assertEqual(25, len(sent))
        self.assert_receives(consumer, waiting + sent)


if __name__ == "__main__":
    unittest.main()
