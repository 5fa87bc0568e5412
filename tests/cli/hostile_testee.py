# SPDX-License-Identifier: Apache-2.0
"""A testee with bad manners: hostile_testee.py PIDS MANNER. Adds its process to the file PIDS first."""
import json
import os
import signal
import sys

READY = {"ev": "ready", "protocol": 1}
CALL = {"ev": "listener-begin", "call": 1, "topic": "T", "broker": "broker-a", "queue": 0,
        "messages": [{"offset": 0, "reconsume": 0}]}


def say(*events):
    for event in events:
        print(json.dumps(event, separators=(",", ":")), flush=True)


def write(text):
    sys.stdout.write(text)
    sys.stdout.flush()


def endless():
    while True:
        write("x" * 65536)


def dies():
    print("I did not like it", file=sys.stderr)
    sys.exit(3)


BEFORE = {  # instead of the first word
    "garbage": lambda: write("hello\n"),
    "number": lambda: write("17\n"),
    "dies": dies,
    "killed": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "mute": lambda: None,
    "long": lambda: write("x" * (1 << 20) + "x\n"),
    "endless": endless,
    "protocol-2": lambda: say({"ev": "ready", "protocol": 2}),
    "closes": lambda: os.close(1) or os.close(0) or os.close(2) or signal.pause(),
    "ready-twice": lambda: say(READY, READY),
    "started-first": lambda: say(READY, {"ev": "started"}),
}
AFTER = {  # instead of an answer to a start
    "no-start": lambda: None,
    "fails": lambda: say({"ev": "failed", "why": "nobody at home"}),
    "refuses": lambda: say({"ev": "refused", "do": "start", "why": "no persist"}),
    "bad-call": lambda: say({"ev": "started"}, {**CALL, "messages": []}),
    "same-call": lambda: say({"ev": "started"}, {**CALL, "queue": 1}, CALL),
    "stops-alone": lambda: say({"ev": "started"}, {"ev": "stopped"}),
}


def main():
    with open(sys.argv[1], "a", encoding="ascii") as file:
        file.write(f"{os.getpid()}\n")
    manner = sys.argv[2]
    if manner in BEFORE:
        BEFORE[manner]()
    else:
        say(READY)
    for line in sys.stdin:
        if json.loads(line)["do"] == "start" and manner in AFTER:
            AFTER[manner]()


if __name__ == "__main__":
    main()
