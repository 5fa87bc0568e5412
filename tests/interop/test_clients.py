# SPDX-License-Identifier: Apache-2.0
"""test_clients.py real|mock CLIENT: an unmodified client does its job against the real servers, or against rkmq's."""
import sys
import unittest

import peers

SERVER, CLIENT = sys.argv[1], peers.CLIENTS[sys.argv[2]]
QUEUES = 4


class Clients(peers.Case):
    def test_produce_and_consume(self):
        """Messages that wait and messages that come, of every kind, arrive with their id, queue and body. A second
        consumer of the group starts where the first ended: it prints what was sent later, and of what came before at
        most the very last ones, whose offsets the first had maybe not noted when it was told to stop."""
        cluster = self.cluster(SERVER, {"InteropTopic": QUEUES})
        waiting = self.fill(CLIENT, cluster, "InteropTopic", QUEUES)
        first = self.consume(CLIENT, cluster, "InteropGroup", "InteropTopic")
        sent = self.produce(CLIENT, cluster, "InteropTopic", **{kind: 5 for kind in CLIENT.kinds})
        self.assertEqual(5 * len(CLIENT.kinds), len(sent))
        self.assert_receives(first, waiting + sent)
        last = self.fill(CLIENT, cluster, "InteropTopic", QUEUES)
        self.assert_receives(first, last)
        self.assertEqual(CLIENT.stop_code, first.stop(), first.said())

        later = self.produce(CLIENT, cluster, "InteropTopic", sync=2 * QUEUES)
        second = self.consume(CLIENT, cluster, "InteropGroup", "InteropTopic")
        self.assert_receives(second, later, again=last)
        self.assertEqual(CLIENT.stop_code, second.stop(), second.said())
        cluster.stop()


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
