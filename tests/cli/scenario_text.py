# SPDX-License-Identifier: Apache-2.0
"""Small scenario files for tests: two members, four queues, ten seconds."""
import json
import os
import tempfile

PASSES = '{ "id": "all", "after": "step:up", "within": "2s", "eventually": { "state": "balanced", "max_diff": 0 } }'
FAILS = '{ "id": "alone", "after": "step:up", "within": "2s", "eventually": { "state": "owner", "queues": "T@*/*", "is": "c1" } }'
UNKNOWN = '{ "id": "late", "after": "mark:never", "within": "1s", "eventually": { "ev": "deliver" } }'

TEXT = """{ "format": 1, "scenario": "%s", "title": "a", "run": { "end": "10s", "settle": "10s", "grounds": %s },
  "cluster": { "brokers": { "broker-a": {} }, "topics": { "T": { "queues": { "broker-a": 4 } } } },
  "groups": { "g": {} },
  "actors": { "p1": { "kind": "producer" },
    "c1": { "kind": "push", "group": "g", "client_id": "10.0.0.1@1", "subscribe": { "T": "*" }, "from": "first" },
    "c2": { "kind": "push", "group": "g", "client_id": "10.0.0.2@1", "subscribe": { "T": "*" }, "from": "first" } },
  "steps": [ { "id": "load", "at": "0s", "do": { "produce": { "by": "p1", "topic": "T", "rate": "50/s", "for": "5s" } } },
    { "id": "up", "at": "1s", "do": { "start": ["c1", "c2"] } },
    { "id": "wait", "when": { "event": { "ev": "deliver", "key": "none" } }, "do": { "mark": "never" } } ],
  "expect": [ %s ]%s }"""


def make(name, expect, grounds='["sim", "tcp"]', vary=None):
    """The text of a scenario; `vary`: a variant with this title."""
    sweep = "" if vary is None else ', "sweep": { "vary": { "/title": [ %s ] } }' % json.dumps(vary)
    return TEXT % (name, grounds, expect, sweep)


class Folder:
    """A folder of files that goes with its test."""

    def __init__(self, case):
        folder = tempfile.TemporaryDirectory()
        case.addCleanup(folder.cleanup)
        self.path = folder.name

    def write(self, name, text):
        path = os.path.join(self.path, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path
