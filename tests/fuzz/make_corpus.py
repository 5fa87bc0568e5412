#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Cuts the seed inputs of the fuzz targets out of tests/golden/captures: one of each kind, named after what it is.

Usage: tests/fuzz/make_corpus.py    to be run again when codes, header classes or the tables of a target change;
writes tests/fuzz/corpus/*/seed-*; inputs with other names are left alone
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


def server_tables():
    """What fuzz_server.c indexes: codes, field names, values; and the fields of each header class."""
    def read(*path):
        with open(os.path.join(HERE, *path), encoding="utf-8") as f:
            return f.read()
    codes = [name for name in re.findall(r"^X\((\w+), \d+\)",
                                         read("..", "..", "remoting", "protocol", "request_codes.def"), re.M)]
    headers = read("..", "..", "remoting", "protocol", "headers.def")
    keys, fields = [], {}
    for name, _, wire, short in re.findall(r'HEADER_BEGIN\((\w+)|(REQ|OPT)_\w+\(\w+, "(\w+)", ("\w+"|NULL)\)', headers):
        if name:
            current = fields.setdefault(name, [])
        else:
            keys += [wire, short.strip('"')]
            current.append(wire)
    values = re.search(r"values\[\] = \{(.*?)\};", read("fuzz_server.c"), re.S).group(1)
    return codes, keys, re.findall(r'"((?:[^"\\]|\\.)*)"', values), fields


SERVER_CLASSES = {
    "PULL_MESSAGE": "pull_message_request", "QUERY_CONSUMER_OFFSET": "query_consumer_offset_request",
    "UPDATE_CONSUMER_OFFSET": "update_consumer_offset_request", "SEARCH_OFFSET_BY_TIMESTAMP": "search_offset_request",
    "GET_MAX_OFFSET": "queue_offset_request", "GET_MIN_OFFSET": "queue_offset_request",
    "SEND_MESSAGE": "send_message_request", "SEND_MESSAGE_V2": "send_message_request",
    "SEND_BATCH_MESSAGE": "send_message_request", "CONSUMER_SEND_MSG_BACK": "send_back_request",
    "GET_CONSUMER_LIST_BY_GROUP": "consumer_list_request", "UNREGISTER_CLIENT": "unregister_client_request",
    "VIEW_MESSAGE_BY_ID": "view_message_request", "UPDATE_AND_CREATE_TOPIC": "create_topic_request",
    "REGISTER_BROKER": "register_broker_request", "UNREGISTER_BROKER": "unregister_broker_request",
    "QUERY_DATA_VERSION": "query_data_version_request", "GET_ROUTEINFO_BY_TOPIC": "get_route_request",
    "PUT_KV_CONFIG": "kv_config_request", "GET_KV_CONFIG": "kv_config_request",
    "DELETE_TOPIC_IN_NAMESRV": "topic_request", "WIPE_WRITE_PERM_OF_BROKER": "wipe_write_perm_request",
    "HEART_BEAT": None, "LOCK_BATCH_MQ": None, "UNLOCK_BATCH_MQ": None, "GET_BROKER_CLUSTER_INFO": None}
SERVER_BODIES = {"HEART_BEAT": 4, "REGISTER_BROKER": 6, "QUERY_DATA_VERSION": 7, "LOCK_BATCH_MQ": 8,
                 "UNLOCK_BATCH_MQ": 8, "SEND_MESSAGE": 1, "SEND_MESSAGE_V2": 1}
SERVER_VALUES = {"topic": "T", "consumerGroup": "g", "group": "g", "producerGroup": "pg", "defaultTopic": "TBW102",
                 "subscription": "*", "expressionType": "TAG", "brokerName": "broker-a",
                 "clusterName": "DefaultCluster",
                 "brokerAddr": "10.0.0.9:10911", "haServerAddr": "10.0.0.9:10911", "maxMsgNums": "7", "sysFlag": "2",
                 "suspendTimeoutMillis": "100", "properties": "TAGS\\001TagA\\002", "originTopic": "T", "perm": "7",
                 "topicFilterType": "x", "order": "false", "clientID": "id", "namespace": "x", "key": "x", "value": "x",
                 "compressed": "false", "bodyCrc32": "0"}


def server_request(tables, name):
    codes, keys, values, fields = tables
    is_namesrv = name in (
        "REGISTER_BROKER", "UNREGISTER_BROKER", "QUERY_DATA_VERSION", "GET_ROUTEINFO_BY_TOPIC", "PUT_KV_CONFIG",
        "GET_KV_CONFIG", "DELETE_TOPIC_IN_NAMESRV", "WIPE_WRITE_PERM_OF_BROKER", "GET_BROKER_CLUSTER_INFO")
    names = [f for f in fields.get(SERVER_CLASSES[name], []) if f not in ("bname", "maxMsgBytes", "requestSource")]
    out = bytes([4 | is_namesrv, codes.index(name) % 256, len(names)])
    for field in names:
        out += bytes([keys.index(field), values.index(SERVER_VALUES.get(field, "0"))])
    body = SERVER_BODIES.get(name, 0)
    return out + bytes([body, 6])  # and 64 ms


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


def scenarios():
    """A small scenario for each member of a section in tests/scenarios/everything.jsonc."""
    with open(os.path.join(HERE, "..", "scenarios", "everything.jsonc"), encoding="utf-8") as f:
        full = json.loads(re.sub(r"^ *//.*$", "", f.read(), flags=re.M))
    small = {key: full[key] for key in ("format", "scenario", "run", "cluster", "groups")}
    small["actors"] = {name: full["actors"][name] for name in ("p1", "c2")}
    small["steps"] = [{"at": "1s", "do": {"mark": "busy"}}]
    yield "small", small
    for key in ("faults", "steps", "expect"):
        for i, one in enumerate(full[key]):
            text = re.sub(r"step:[a-z]+", "mark:busy", json.dumps(one))
            one = json.loads(re.sub(r'"(c1|d1)"', '"c2"', text))
            yield f"{key}-{i}", {**small, key: small.get(key, []) + [one]}
    for name, actor in full["actors"].items():
        yield f"actor-{name}", {**small, "actors": {**small["actors"], name: actor}}
    yield "checks", {**small, "checks": {**full["checks"], "params": {"overlap_max": "2s"}}}
    yield "sweep", {**small, "sweep": {"seeds": "1..9", "vary": {
        "/steps/0/at": {"from": "1s", "to": "3s", "step": "500ms"}, "/actors/c2/from": ["first", "last"]}}}


def main():
    for name, scenario in scenarios():
        write("scenario", name, b"\x00\xff" + json.dumps(scenario, separators=(",", ":")).encode())
    with open(os.path.join(HERE, "..", "..", "remoting", "protocol", "headers.def"), encoding="utf-8") as f:
        classes = re.findall(r"HEADER_BEGIN\((\w+)", f.read())
    tables = server_tables()
    for name in SERVER_CLASSES:
        write("server", name.lower(), server_request(tables, name))
    write("server", "group", b"".join(server_request(tables, name) for name in (
        "HEART_BEAT", "GET_CONSUMER_LIST_BY_GROUP", "LOCK_BATCH_MQ", "QUERY_CONSUMER_OFFSET", "PULL_MESSAGE",
        "SEND_MESSAGE_V2", "CONSUMER_SEND_MSG_BACK", "UPDATE_CONSUMER_OFFSET", "UNLOCK_BATCH_MQ", "UNREGISTER_CLIENT")))
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
