# SPDX-License-Identifier: Apache-2.0
"""test_clients.py real|mock CLIENT: an unmodified client does its job against the real servers, or against rkmq's."""
import sys
import unittest

import peers

SERVER, CLIENT = sys.argv[1], peers.CLIENTS[sys.argv[2]]


class Clients(peers.Case):
    def test_produce_and_consume(self):
        """Each message of each kind arrives with its id, queue and body; a second consumer of the group starts where
        the first ended, so it prints what was sent later and nothing else."""
        cluster = self.cluster(SERVER, {"InteropTopic": 4})
        first = self.consume(CLIENT, cluster, "InteropGroup", "InteropTopic")
        sent = self.produce(CLIENT, cluster, "InteropTopic", **{kind: 5 for kind in CLIENT.kinds})
        self.assertEqual(5 * len(CLIENT.kinds), len(sent))
        self.assert_receives(first, sent)
        self.assertEqual(CLIENT.stop_code, first.stop(), first.said())
        self.assertEqual([], first.rest())

        later = self.produce(CLIENT, cluster, "InteropTopic", sync=8)
        second = self.consume(CLIENT, cluster, "InteropGroup", "InteropTopic")
        self.assert_receives(second, later)
        self.assertEqual(CLIENT.stop_code, second.stop(), second.said())
        self.assertEqual([], second.rest())
        cluster.stop()


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
