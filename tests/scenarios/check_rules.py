#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""check_rules.py ROOT: the table of docs/checks.md has the rules of RKMQ_CHECK_TABLE, in its order and in its words."""
import pathlib
import re
import sys

RULE = re.compile(r'X\((\w+), \w+,\s*"([^"]*)"\)')
ROW = re.compile(r"^\| ([A-Z]+-\d) \| ([^|]*) \|", re.MULTILINE)


def main():
    root = pathlib.Path(sys.argv[1])
    header = (root / "runner/checks/check.h").read_text(encoding="utf-8").replace("\\\n", " ")
    page = (root / "docs/checks.md").read_text(encoding="utf-8")
    rules = [(name.replace("_", "-"), text) for name, text in RULE.findall(header)]
    rows = ROW.findall(page)
    for rule, row in zip(rules, rows):
        if rule != row:
            print(f"docs/checks.md: {' | '.join(row)}: check.h has {' | '.join(rule)}")
    if len(rules) != len(rows):
        print(f"docs/checks.md has {len(rows)} rules, check.h {len(rules)}")
    return 0 if rules and rules == rows else 1


if __name__ == "__main__":
    sys.exit(main())
