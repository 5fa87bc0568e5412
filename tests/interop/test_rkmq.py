# SPDX-License-Identifier: Apache-2.0
"""test_rkmq.py: our consumer and producer against the real broker."""
import os
import unittest

import peers

JAVA = peers.CLIENTS["java-5.3.3"]
QUEUES = 4
GROUP, TOPIC = "RkmqGroup", "RkmqTopic"
ATTEMPTS = [(f"{GROUP}{i}", f"{TOPIC}{i}") for i in range(3)]


class Rkmq(peers.Case):
    def rkmq_consume(self, cluster, group, topic, count):
        """The lines of `rkmq consume`, which ends by itself with status 0 after that many messages."""
        return self.start("rkmq-consume", [peers.RKMQ_BIN, "consume", "-n", cluster.namesrv, "-g", group, "-t", topic,
                                           "--count", str(count)]).finish()

    def is_undone(self, group):
        """The broker said that it took a commit back. It runs the commit of a pull and a later UPDATE_CONSUMER_OFFSET
        on two threads, and now and then the older one comes last: no client can help that."""
        with open(os.path.join(self.folder, "logs", "rocketmqlogs", "broker.log"), encoding="utf-8") as log:
            return any("update consumer offset less than store" in line and f"@{group}," in line for line in log)

    def consumes(self, cluster, group, topic, sent, total):
        """All that was sent is printed once, and the broker, asked by the Java admin tool, has committed all messages of
        all queues. False: it took a commit back."""
        self.assert_same(sent, self.rkmq_consume(cluster, group, topic, len(sent)))
        lines = self.start("admin", peers.ADMIN.admin(self.folder, cluster.namesrv, "offsets", group, topic)).finish()
        if self.is_undone(group):
            return False
        offsets = [tuple(map(int, line.split(",")[2:])) for line in lines]
        self.assertEqual(QUEUES, len(offsets))
        self.assertEqual([there for there, _ in offsets], [committed for _, committed in offsets])
        self.assertEqual(total, sum(committed for _, committed in offsets))
        return True

    def consumes_and_goes_on(self, cluster, group, topic):
        sent = self.produce(JAVA, cluster, topic, **{kind: 5 for kind in JAVA.kinds})
        if not self.consumes(cluster, group, topic, sent, len(sent)):
            return False
        later = self.produce(JAVA, cluster, topic, sync=3, batch=3)
        return self.consumes(cluster, group, topic, later, len(sent) + len(later))

    def test_consume(self):
        """rkmq consume prints every message of a Java producer once with its id, queue and body, and commits them; a
        second one starts where the first ended."""
        cluster = self.cluster("real", {topic: QUEUES for _, topic in ATTEMPTS})
        self.assertTrue(any(self.consumes_and_goes_on(cluster, *attempt) for attempt in ATTEMPTS),
                        "the broker took a commit back each time")

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
