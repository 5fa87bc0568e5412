# SPDX-License-Identifier: Apache-2.0
"""test_split.py real|mock CLIENT CLIENT: two consumers of one group share the queues; one leaves, and the other one
takes over what it had."""
import sys
import time
import unittest

import peers

SERVER = sys.argv[1]
LEAVES, STAYS = peers.CLIENTS[sys.argv[2]], peers.CLIENTS[sys.argv[3]]
QUEUES = 8
DEADLINE_S = 120


class Split(peers.Case):
    def rounds_until(self, cluster, consumers, shares):
        """Sends round after round of messages, all received before the next, until in one round the consumers got
        those of as many queues each as `shares` says, and of no queue two. A rebalance takes the time it takes: a
        round asks who has what."""
        deadline, owned = time.monotonic() + DEADLINE_S, None
        while True:
            self.assertLess(time.monotonic(), deadline, f"not split {shares} in time, last {owned}")
            sent = self.produce(LEAVES, cluster, "SplitTopic", sync=2 * QUEUES)
            owned = self.receive(consumers, {peers.parse(line)[0] for line in sent}, deadline)
            if [len(queues) for queues in owned] == shares and len(set.union(*owned)) == QUEUES:
                return

    def receive(self, consumers, sent_ids, deadline):
        """Waits for all messages; the queues that each consumer got some of them from."""
        awaited, owned = set(sent_ids), [set() for _ in consumers]
        while awaited:
            self.assertLess(time.monotonic(), deadline, f"{len(awaited)} messages did not arrive")
            for consumer, queues in zip(consumers, owned):
                for msg_id, queue_id, _ in map(peers.parse, consumer.take_some()):
                    awaited.discard(msg_id)
                    if msg_id in sent_ids:
                        queues.add(queue_id)
        return owned

    def test_two_share_one_leaves(self):
        """Two consumers have 4 of 8 queues each, no queue both; after one left, the other has all 8."""
        cluster = self.cluster(SERVER, {"SplitTopic": QUEUES})
        self.fill(LEAVES, cluster, "SplitTopic", QUEUES)
        one = self.consume(LEAVES, cluster, "SplitGroup", "SplitTopic")
        two = self.consume(STAYS, cluster, "SplitGroup", "SplitTopic")
        self.rounds_until(cluster, [one, two], [QUEUES // 2, QUEUES // 2])
        self.assertEqual(LEAVES.stop_code, one.stop(), one.said())
        self.rounds_until(cluster, [two], [QUEUES])
        self.assertEqual(STAYS.stop_code, two.stop(), two.said())
        cluster.stop()


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
