#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The JSON Schema of scenarios and the parser agree: check_schema.py SOURCE_DIR SCENARIO_LINES

1. Every scenario file of the repository is accepted by both, and so is its canonical form.
2. The lists of names in the schema are those of the sources.
3. The examples of docs/scenarios.md are accepted; whole files by both, parts as what they are parts of.
4. tests/scenarios/everything.jsonc is broken in every place: an unknown key in each object, a null for each value,
   each member left out, and the list WRONG below. Both refuse; where only names decide, the parser alone does.
"""
import copy
import json
import pathlib
import re
import subprocess
import sys

from jsonschema import Draft202012Validator

# Place in everything.jsonc and what is put there: wrong for both.
WRONG = [
    ("/format", 2), ("/scenario", "A/b"), ("/scenario", "a//b"), ("/title", ""), ("/req/0", "REB3"), ("/level", "must"),
    ("/run/end", "1h30m"), ("/run/end", "60"), ("/run/end", "0s"), ("/run/end", 60), ("/run/seed", -1),
    ("/run/max_events", 0), ("/run/grounds", []), ("/run/grounds/0", "real"),
    ("/cluster/nameservers", []), ("/cluster/nameservers/0", "N 1"), ("/cluster/brokers", {}),
    ("/cluster/brokers/broker-a/offset_flush", "0s"), ("/cluster/topics", {}), ("/cluster/topics/T/queues", 0),
    ("/cluster/topics/T/queues", 1025), ("/cluster/topics/T/perm", "rx"), ("/cluster/topics/U/queues/broker-a", "4"),
    ("/cluster/net/latency", "5"), ("/groups", {}), ("/groups/g", {"retry_max": 16}),
    ("/actors/c1/kind", "pull"), ("/actors/p1", {"kind": "producer", "group": "g"}), ("/actors/c1/client_id", "c1"),
    ("/actors/c1/subscribe", {}), ("/actors/c1/subscribe/T", ""), ("/actors/c1/from", "timestamp"),
    ("/actors/c1/listener/verdict", []), ("/actors/c1/listener/verdict/0/then", "fail"),
    ("/actors/c1/listener/verdict/0/if/key", {"is": "x"}), ("/actors/c1/listener/verdict/0/if/reconsume", {}),
    ("/actors/c1/set/threads", 0), ("/actors/c1/set/profile", "java"), ("/actors/c1/set/persist", "0s"),
    ("/faults/0/id", "F 1"), ("/faults/0/match/code", "PULL"), ("/faults/0/match/code", 70000), ("/faults/0/nth", 0),
    ("/faults/0/nth", "5"), ("/faults/0/p", 0), ("/faults/0/p", 1.5), ("/faults/0/times", 0),
    ("/faults/0/applied", "maybe"), ("/faults/0/effect", "holt"), ("/faults/0/effect", "delay"),
    ("/faults/0/effect", {"hold": "1s"}), ("/faults/0/effect", {"delay": "1s", "truncate": 1}),
    ("/faults/1/applied", "yes"), ("/faults/2/applied", "no"), ("/faults/9/applied", "either"),
    ("/faults/2/match/topic", "T"), ("/faults/2/match/to", "broker-a"), ("/faults/2/match/queue", "T@broker-a/0-3"),
    ("/faults/5/effect/reply", "SYSTEM_BUZY"), ("/faults/8/effect/close", "reset"), ("/faults/9/effect/truncate", -1),
    ("/steps", []), ("/steps/0/id", "S1"), ("/steps/0/at", 0), ("/steps/0/at", "step:"), ("/steps/0/after", "1s"),
    ("/steps/0/times", 3), ("/steps/0/do", []), ("/steps/0/do", "start"), ("/steps/0/do", {}),
    ("/steps/0/do/0/stop", "c1"), ("/steps/0/do/0/produce/count", 0), ("/steps/0/do/0/produce/for", "1s"),
    ("/steps/0/do/0/produce/keys", "%s"), ("/steps/0/do/0/produce/keys", "%d%d"),
    ("/steps/0/do/0/produce/queue", "random"), ("/steps/0/do/0/produce/queue", "T@broker-a/*"),
    ("/steps/0/do/1/produce/rate", "0/s"), ("/steps/0/do/1/produce/rate", "10/2s"), ("/steps/0/do/1/produce/rate", 10),
    ("/steps/1/do", {"strat": "c1"}), ("/steps/1/do/start", []), ("/steps/2/when/nth", 0),
    ("/steps/2/when/event", "req"), ("/steps/2/when/event/state", "lag"), ("/steps/2/when/event/ev", "reqq"),
    ("/steps/2/when/event/from", "c1"), ("/steps/4/every", "0s"), ("/steps/5/do/crash/how", "fin"),
    ("/steps/7/do/2/broker/do", "start"), ("/steps/7/do/4/nameserver/keep", "all"), ("/steps/8/do/1/net/cut", ["c1"]),
    ("/steps/8/do/1/net/latency", "1s"), ("/steps/8/do/1/net/heal", ["*", "*"]), ("/steps/9/do/1/hold/effect", "hold"),
    ("/steps/9/do/3/release", {"keep": True}), ("/steps/10/do/0/notify/drop", True), ("/steps/10/do/1/notify/every", "1s"),
    ("/steps/10/do/2/members/are", ["c1"]), ("/steps/10/do/2/members/answer", "lies"),
    ("/steps/10/do/5/route/answer", "empty"), ("/steps/10/do/6/route/answer", "error"), ("/steps/11/do/settle", "0s"),
    ("/expect/0/always", {"state": "cadence"}), ("/expect/0/eq", 1), ("/expect/0/from", "1s"), ("/expect/0/until", "1s"),
    ("/expect/0/level", "CAN"), ("/expect/1/after", "1s"), ("/expect/1/within", "1s"), ("/expect/1/count/status", 0),
    ("/expect/1/count/who", "c1"), ("/expect/1/count/offset", "0"), ("/expect/1/count/offset", {"in": []}),
    ("/expect/1/count/queue", "T@broker-a/"), ("/expect/2/count/status", "SUCESS"), ("/expect/5/sequence", []),
    ("/expect/6/within", "1s"), ("/expect/6/are", []), ("/expect/8/always", {"ev": "req"}),
    ("/expect/8/always/state", "dlq"), ("/expect/9/eventually/queues", []), ("/expect/9/eventually/in", []),
    ("/checks/profile", "orderly"), ("/checks/params/regress_allowed_at", "step:crash"), ("/checks/except", ["OWN-1"]),
    ("/checks/except", {"OWN-11": "because"}), ("/checks/except/OWN-1", ""), ("/sweep/seeds", "1-5"), ("/sweep/seeds", 5),
    ("/sweep/vary", {}), ("/sweep/vary/~1steps~11~1after", []), ("/sweep/vary/~1steps~11~1after", "1s"),
    ("/sweep/vary/~1steps~11~1after/step", 1),
]
# Below these, members are names: a new one is wrong by what it names or by its value.
NAMED = re.compile(r"/only_if$|/sweep/vary$|/subscribe$")
# What the parser says when it misses something that a schema can ask for.
MISSES = re.compile(r'is missing in|takes exactly one of|takes one of|needs (a "count"|"queues" or|"are"|a bound)|"for" needs')


def loads(text):
    """JSON with comments, which are cut out wherever they stand outside of texts."""
    return json.loads(re.sub(r'"(?:[^"\\]|\\.)*"|//[^\n]*|/\*.*?\*/',
                             lambda m: m.group(0) if m.group(0).startswith('"') else " ", text, flags=re.S))


def read(path):
    return loads(path.read_text(encoding="utf-8"))


def steps_of(pointer):
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def changed(tree, pointer, value):
    """The tree with the value at the pointer; `...` leaves it out. What is not changed is shared, not copied."""
    *steps, last = steps_of(pointer)
    parent = tree = copy.copy(tree)
    for step in steps:
        step = int(step) if isinstance(parent, list) else step
        parent[step] = copy.copy(parent[step])
        parent = parent[step]
    last = int(last) if isinstance(parent, list) else last
    if value is ...:
        del parent[last]
    else:
        parent[last] = value
    return tree


def around(tree, pointer):
    """The tree with one element of each list of the first level, if possible the one that the pointer is in: the schema
    looks at no two of them together, and is slow."""
    section, *rest = steps_of(pointer)
    part = {key: value[:1] if isinstance(value, list) and key != section else value for key, value in tree.items()}
    if len(rest) > 1 and isinstance(part[section], list):
        part[section] = part[section][int(rest[0]):][:1]
    return part


def places(tree, pointer=""):
    members = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for step, value in members:
        place = pointer + "/" + str(step).replace("~", "~0").replace("/", "~1")
        yield place, value
        yield from places(value, place)


def parse(program, trees):
    lines = "".join(json.dumps(tree, ensure_ascii=False) + "\n" for tree in trees)
    out = subprocess.run([program], input=lines, capture_output=True, text=True, check=True).stdout
    return out.splitlines()


def check_files(source, program, schema):
    paths = sorted(source.glob("scenarios/**/*.jsonc")) + sorted(source.glob("tests/**/*.jsonc"))
    out = subprocess.run([program, *paths], capture_output=True, text=True, check=True).stdout.splitlines()
    for path, line in zip(paths, out, strict=True):
        name = path.relative_to(source)
        if not line.startswith("ok "):
            yield f"{name}: the parser: {line[4:]}"
            continue
        for what, tree in (("file", read(path)), ("canonical form", json.loads(line[3:]))):
            for error in schema.iter_errors(tree):
                yield f"{name}: {what}: {error.json_path}: {error.message[:200]}"
        if "scenarios" == name.parts[0] and read(path)["scenario"] != str(name.with_suffix(""))[len("scenarios/"):]:
            yield f"{name}: it is called otherwise in the file"
    yield len(paths)


def check_names(source, defs):
    def names(path, pattern):
        return re.findall(pattern, (source / path).read_text(encoding="utf-8"), re.M)
    lists = [("requestCodeName", defs["requestCodeName"]["enum"], names("remoting/protocol/request_codes.def", r"^X\((\w+)")),
             ("responseCodeName", defs["responseCodeName"]["enum"], names("remoting/protocol/response_codes.def", r"^X\((\w+)")),
             ("event", defs["event"]["properties"]["ev"]["enum"], names("runner/event.h", r'\bX\([A-Z_]+,\s*"([a-z-]+)"'))]
    for what, have, want in lists:
        if have != want:
            yield f"schema: {what}: {sorted(set(have) ^ set(want))}, or their order"


def examples(text):
    """The values that stand in the blocks and between back quotes of a page: whole, or as members of something."""
    for block in re.findall(r"```jsonc\n(.*?)```", text, re.S):
        for form in ("{}", "[{}]", "{{{}}}"):
            try:
                value = loads(form.format(block.strip().rstrip(",")))
            except ValueError:
                continue
            yield from value if isinstance(value, list) else [value]
            break
        else:
            raise ValueError(f"no JSON: {block}")
    for one in re.findall(r"`(\{ \"[^`]*\})`", text):
        if "..." not in one:
            yield loads(one)


def check_page(source, program, raw):
    parts = [Draft202012Validator({**raw, "required": []})]
    for name in ("action", "state", "event", "effect", "listener", "fault", "step", "expect"):
        parts.append(Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": raw["$defs"]}))
    parts.append(Draft202012Validator({"type": "object", "additionalProperties": {"$ref": "#/$defs/push"}, "$defs": raw["$defs"]}))
    parts.append(Draft202012Validator({**raw["$defs"]["step"]["properties"]["when"], "$defs": raw["$defs"]}))
    n = 0
    for n, value in enumerate(examples((source / "docs/scenarios.md").read_text(encoding="utf-8")), 1):
        if not any(part.is_valid(value) for part in parts):
            yield f"docs/scenarios.md: {json.dumps(value)[:200]}: nothing that the schema knows"
        if "format" in value and parse(program, [value])[0].startswith("bad "):
            yield f"docs/scenarios.md: the parser: {parse(program, [value])[0][4:]}"
    yield n


def check_broken(source, program, schema):
    good = read(source / "tests/scenarios/everything.jsonc")
    cases = [(place, value, True) for place, value in WRONG]
    for place, value in places(good):
        cases += [(place, None, True), (place, ..., False)]
        if isinstance(value, dict) and not NAMED.search(place):
            cases.append((place + "/zzz", "zzz", True))
    trees = [changed(good, place, value) for place, value, _ in cases]
    for (place, value, must), tree, line in zip(cases, trees, parse(program, trees), strict=True):
        what = f"{place} left out" if value is ... else f"{place} = {json.dumps(value)}"
        by_parser, by_schema = line.startswith("bad "), not schema.is_valid(around(tree, place))
        if must and not (by_parser and by_schema):
            yield f"{what}: accepted by the {'schema' if by_parser else 'parser'}"
        elif by_schema and not by_parser:
            yield f"{what}: the schema alone refuses"
        elif not by_schema and by_parser and MISSES.search(line):
            yield f"{what}: the parser alone refuses: {line}"
    yield len(cases)


def main():
    source, program = pathlib.Path(sys.argv[1]), sys.argv[2]
    raw = json.loads((source / "scenarios/scenario-1.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(raw)
    schema = Draft202012Validator(raw)
    *wrong, n_files = check_files(source, program, schema)
    wrong += check_names(source, raw["$defs"])
    *page, n_examples = check_page(source, program, raw)
    *broken, n_cases = check_broken(source, program, schema)
    wrong += page + broken
    print("\n".join(wrong) or f"schema and parser agree on {n_files} files, {n_examples} examples, {n_cases} broken files")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
