#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts what stands in captures/*.jsonl with nothing of rkmq: the totals that test_captures.c asserts.

Usage: tests/golden/count_captures.py
"""
import collections
import glob
import json
import os
import struct
import zlib

RECORD_ANSWERS = {11, 12, 33, 361, 200050}  # PULL, QUERY_MESSAGE, VIEW_MESSAGE_BY_ID, LITE_PULL, POP
# Codes whose header class test_captures.c reads: of a request, of an answer with code 0.
TYPED_REQUESTS = {11, 14, 15, 17, 29, 30, 31, 33, 35, 36, 38, 40, 103, 104, 105, 310, 320, 322, 361}
TYPED_ANSWERS = {11, 14, 29, 30, 31, 103, 310, 320, 322, 361}
RECORD_REQUESTS = {39, 309}                 # CHECK_TRANSACTION_STATE, CONSUME_MESSAGE_DIRECTLY


def batch_items(body):
    while body:
        yield body[4:]
        body = body[struct.unpack_from(">I", body)[0]:]


def records(body):
    """Sizes, body checksums and compression flags of records that stand back to back."""
    while body:
        size, magic, crc = struct.unpack_from(">IIi", body)
        assert magic == 0xDAA320A7, hex(magic)
        sys_flag, = struct.unpack_from(">i", body, 36)
        assert sys_flag & 0x30 == 0, "an IPv6 host"
        n, = struct.unpack_from(">I", body, 84)
        assert zlib.crc32(body[88:88 + n]) & 0x7FFFFFFF == crc
        yield sys_flag & 1
        body = body[size:]


def main():
    n = collections.Counter()
    bodies = collections.Counter()
    for path in sorted(glob.glob(os.path.join(os.path.dirname(__file__), "captures", "*.jsonl"))):
        n["files"] += 1
        requests = {}
        with open(path, encoding="utf-8") as lines:
            for line in map(json.loads, lines):
                if "event" in line:
                    continue
                header = line["header"]
                body = bytes.fromhex(line["body_hex"])
                n["frames"] += 1
                n["frames " + line["serialize"]] += 1
                if line["serialize"] == "JSON":
                    compact = json.dumps(header, separators=(",", ":"), ensure_ascii=False)
                    n["frames JSON with spaces"] += compact.encode() != bytes.fromhex(line["header_raw_hex"])
                n["fields"] += len(header.get("extFields") or {})
                is_answer = header["flag"] & 1
                if is_answer:
                    back = "s2c" if line["dir"] == "c2s" else "c2s"
                    code = requests.get((line["conn"], back, header["opaque"]))
                else:
                    requests[line["conn"], line["dir"], header["opaque"]] = code = header["code"]
                n["answers"] += is_answer
                if is_answer:
                    n["typed answers"] += header["code"] == 0 and code in TYPED_ANSWERS
                else:
                    n["typed requests"] += code in TYPED_REQUESTS
                    n["compressed sends"] += code == 310 and int(header["extFields"]["f"]) & 1
                if not body:
                    continue
                n["JSON bodies"] += body[:1] == b"{"
                bodies["answer" if is_answer else "request", code] += 1
                if code == 320 and not is_answer:
                    n["batch items"] += len(list(batch_items(body)))
                if code in (RECORD_ANSWERS if is_answer else RECORD_REQUESTS):
                    for is_compressed in records(body):
                        n["records"] += 1
                        n["records compressed"] += is_compressed
    for key, value in sorted(n.items()):
        print(value, key)
    for (kind, code), value in sorted(bodies.items(), key=str):
        print(value, "bodies:", kind, code)


if __name__ == "__main__":
    main()
