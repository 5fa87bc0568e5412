# SPDX-License-Identifier: Apache-2.0
"""rkmq bench: what is measured did happen."""
import json
import unittest

from program import Case


class Bench(Case):
    def test_sim(self):
        """Both cases of the simulation report the traffic they had: exactly the same each time, since time is virtual.
        How fast they were depends on build and machine, so no floor is held here."""
        cases = {case["case"]: case for case in map(json.loads, self.ok("bench", "sim", "--json", "--rounds", "1"))}
        self.assertEqual(["idle", "steady"], sorted(cases))
        for case in cases.values():
            self.assertEqual((2, 4), (case["members"], case["queues"]))
            self.assertGreater(case["consumerHoursPerCpuSecond"], 0)
        # 20 h of 2 members: persists of 4 queues every 5 s, pulls held 15 s, heartbeats and route polls every 30 s
        self.assertEqual(0, cases["idle"]["messages"])
        self.assertGreater(cases["idle"]["requests"], 20 * 720 * 4 + 20 * 240 * 4 + 2 * 20 * 120 * 2)
        self.assertEqual(36000, cases["steady"]["messages"])
        self.assertGreater(cases["steady"]["requests"], 36000 * 2)


if __name__ == "__main__":
    unittest.main()
