#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Cuts the seed inputs of the fuzz targets out of tests/golden/captures: one of each kind, named after what it is.

Usage: tests/fuzz/make_corpus.py    writes tests/fuzz/corpus/*/seed-*; inputs with other names are left alone
"""
import glob
import json
import os
import re
import struct
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
KINDS = {("answer", 105): (0, 1), ("request", 34): (2,), ("answer", 38): (3,), ("answer", 206): (4,),
         ("request", 41): (5,), ("answer", 41): (6,), ("request", 42): (7,), ("request", 322): (8,),
         ("request", 103): (9,)}  # the order of body_kinds
CLASSES = {("request", 11): "pull_message_request", ("answer", 11): "pull_message_response",
           ("request", 14): "query_consumer_offset_request", ("answer", 14): "offset_response",
           ("request", 15): "update_consumer_offset_request", ("request", 36): "send_back_request",
           ("request", 38): "consumer_list_request", ("request", 103): "register_broker_request",
           ("request", 105): "get_route_request", ("request", 310): "send_message_request",
           ("answer", 310): "send_message_response"}
RECORDS, BATCHES, IDS, SUBSCRIPTIONS, COMPRESSED, PROPERTIES = range(6)
BODY_MAX = 1500


def write(target, name, data):
    folder = os.path.join(HERE, "corpus", target)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "seed-" + name), "wb") as f:
        f.write(data)


def frames():
    """(label, direction, code, serialize type, header, body), the first of each label."""
    seen = set()
    for path in sorted(glob.glob(os.path.join(HERE, "..", "golden", "captures", "*.jsonl"))):
        requests = {}
        with open(path, encoding="utf-8") as lines:
            for line in map(json.loads, lines):
                if "event" in line:
                    continue
                header, binary = line["header"], line["serialize"] == "ROCKETMQ"
                if header["flag"] & 1:
                    back = "s2c" if line["dir"] == "c2s" else "c2s"
                    kind, code = "answer", requests.get((line["conn"], back, header["opaque"]), -1)
                else:
                    requests[line["conn"], line["dir"], header["opaque"]] = code = header["code"]
                    kind = "request"
                label = f"{kind}-{code}" + ("-binary" if binary else "") + ("-body" if line["body_len"] else "")
                if label in seen or line["body_len"] > BODY_MAX:
                    continue
                seen.add(label)
                yield (label, kind, code, int(binary), bytes.fromhex(line["header_raw_hex"]),
                       bytes.fromhex(line["body_hex"]))


def main():
    with open(os.path.join(HERE, "..", "..", "remoting", "protocol", "headers.def"), encoding="utf-8") as f:
        classes = re.findall(r"HEADER_BEGIN\((\w+)", f.read())
    stream = b""
    for label, kind, code, binary, header, body in frames():
        frame = struct.pack(">II", 4 + len(header) + len(body), binary << 24 | len(header)) + header + body
        if code in (11, 34, 105, 310) and len(frame) < 1000:
            write("frame", label, b"\x40\xff" + frame)
            stream += frame
        if (kind, code) in CLASSES:
            write("header", label, bytes([binary, classes.index(CLASSES[kind, code])]) + header)
        for index in KINDS.get((kind, code), ()) if body else ():
            write("body", f"{label}-{index}", bytes([index, 255]) + body)
        if label == "answer-11-body":
            write("record", "records", bytes([RECORDS]) + body)
        if label == "request-320-body":
            write("record", "batch", bytes([BATCHES]) + body)
    write("frame", "stream", b"\x07\xff" + stream[:4000])
    write("body", "topics-4", b'\x04\xff{"topicList":["%RETRY%g","T"]}')
    write("body", "registration-9", b'\x09\xff{"filterServerList":[],"topicConfigSerializeWrapper":{"dataVersion":'
          b'{"counter":1,"stateVersion":0,"timestamp":2},"topicConfigTable":{"T":{"attributes":{},"order":false,'
          b'"perm":6,"readQueueNums":8,"topicFilterType":"SINGLE_TAG","topicName":"T","topicSysFlag":0,'
          b'"writeQueueNums":8}}}}')
    write("record", "id", bytes([IDS]) + b"C0A8000100002A9F00000000000004D2")
    write("record", "host-v4", bytes([IDS]) + b"127.0.0.1:10911")
    write("record", "host-v6", bytes([IDS]) + b"[2001:db8::1]:10911")
    write("record", "tags", bytes([SUBSCRIPTIONS]) + b"TagA || TagB||*")
    write("record", "zlib", bytes([COMPRESSED, 3]) + zlib.compress(b"a body " * 20))
    write("record", "lz4", bytes([COMPRESSED, 1]) + bytes.fromhex(
        "04224d186040821f0000801f61626300ffffffffffffff00000000"))
    write("record", "zstd", bytes([COMPRESSED, 2]) + bytes.fromhex("28b52ffd00800b00007a"))
    write("record", "properties", bytes([PROPERTIES]) + b"KEYS\x01k\x02TAGS\x01a\x02\x02TAGS\x01b")


if __name__ == "__main__":
    main()
