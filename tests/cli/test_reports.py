# SPDX-License-Identifier: Apache-2.0
"""What rkmq run writes: TAP as prove reads it, JUnit as independent parsers read it."""
import html.parser
import json
import os
import re
import shlex
import subprocess
import unittest
import xml.etree.ElementTree as ElementTree

import junitparser

from program import Case, DEADLINE_S, RKMQ, run
import scenario_text

# What breaks XML, HTML, JavaScript, TAP and terminals when it is not escaped. Of a file name and of a value.
HOSTILE = "\"'<b>&amp;</script><!--<script>alert(1)</script>]]>\u2028\u2029\u00e9\U0001f600 # SKIP"
SVG = "{http://www.w3.org/2000/svg}"
SCENARIOS = os.path.join(os.path.dirname(__file__), "..", "..", "scenarios")
HOSTILE_FILE = "a b'\"<&>\x01\n# SKIP.jsonc"


class Page(html.parser.HTMLParser):
    """What is in a page: texts of <script> elements by id, labels, and whatever would be asked for elsewhere."""

    def __init__(self, text):
        super().__init__()
        self.data, self.labels, self.asked, self.script = {}, [], [], None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.script = values.get("id") if tag == "script" else None
        self.labels.append(values.get("aria-label"))
        self.asked += [value for key, value in attrs if key in ("src", "href") and not value.startswith("#")]

    def handle_endtag(self, tag):
        self.script = None

    def handle_data(self, data):
        if self.script:
            self.data[self.script] = self.data.get(self.script, "") + data


class Reports(Case):
    def setUp(self):
        self.folder = scenario_text.Folder(self)

    def campaign(self):
        """One run of each outcome: the folder, and how many runs are not ok."""
        self.folder.write("1-pass.jsonc", scenario_text.make("test/pass", scenario_text.PASSES))
        self.folder.write("2-fail.jsonc", scenario_text.make("test/fail", scenario_text.FAILS))
        self.folder.write("3-unknown.jsonc", scenario_text.make("test/unknown", scenario_text.UNKNOWN))
        self.folder.write("4-bad.jsonc", '{ "format": 1,\n  "scenari": "a" }')
        self.folder.write("5-tcp.jsonc", scenario_text.make("test/tcp", scenario_text.PASSES, grounds='["tcp"]'))
        self.folder.write(HOSTILE_FILE, scenario_text.make("test/hostile", scenario_text.FAILS, vary=HOSTILE))
        return self.folder.path

    def write(self, *args):
        """Plays the campaign; its TAP and the path of its JUnit file."""
        junit = os.path.join(self.folder.path, "junit.xml")
        done = run("run", "--variants", "--junit", junit, *args, self.campaign())
        self.assertEqual(3, done.returncode, done.stderr)
        return done.stdout, junit

    def test_tap_by_prove(self):
        """Perl's prove counts the same passes, failures and skips as are in the lines, and finds no mistake in the form."""
        tap, _ = self.write()
        path = os.path.join(self.folder.path, "out.tap")
        with open(path, "w", encoding="utf-8") as file:
            file.write(tap)
        done = subprocess.run(["prove", "--verbose", "--exec", "cat", path], capture_output=True, text=True,
                              timeout=DEADLINE_S, check=False)
        self.assertEqual(1, done.returncode, done.stdout)
        n = len(re.findall(r"^(?:not )?ok \d+ ", tap, re.M))
        self.assertEqual(7, n)
        self.assertIn(f"Failed 5/{n} subtests", done.stdout)
        self.assertIn("(less 1 skipped subtest: 1 okay)", done.stdout)
        self.assertNotIn("Parse errors", done.stdout)

    def test_junit_counts(self):
        """The file is XML whatever the names; its counts, its testcases and the TAP say the same."""
        tap, junit = self.write()
        root = ElementTree.parse(junit).getroot()
        self.assertEqual("testsuites", root.tag)
        cases = root.findall("testsuite/testcase")
        found = {kind: sum(1 for case in cases if case.find(kind) is not None) for kind in ("failure", "error", "skipped")}
        self.assertEqual({"failure": 3, "error": 2, "skipped": 1}, found)
        for element in [root, *root.findall("testsuite")]:
            own = cases if element is root else element.findall("testcase")
            self.assertEqual(len(own), int(element.get("tests")))
            for key, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
                self.assertEqual(sum(1 for case in own if case.find(kind) is not None), int(element.get(key)), key)
            self.assertAlmostEqual(sum(float(case.get("time")) for case in own), float(element.get("time")), places=4)
        self.assertEqual(len(re.findall(r"^not ok ", tap, re.M)), found["failure"] + found["error"])
        self.assertEqual(len(re.findall(r"^ok ", tap, re.M)), len(cases) - found["failure"] - found["error"])
        self.assertTrue(all(float(case.get("time")) >= 0 for case in cases))

    def test_junit_by_junitparser(self):
        """An independent reader of JUnit finds the same."""
        _, path = self.write()
        suites = junitparser.JUnitXml.fromfile(path)
        self.assertEqual((7, 3, 2, 1), (suites.tests, suites.failures, suites.errors, suites.skipped))
        kinds = [type(result).__name__ for suite in suites for case in suite for result in case.result]
        self.assertEqual(["Failure", "Error", "Error", "Skipped", "Failure", "Failure"], kinds)

    def test_hostile_names(self):
        """Names come through as they are where they can be shown; what cannot is visible as \\n or \\xNN."""
        _, junit = self.write()
        cases = ElementTree.parse(junit).getroot().findall("testsuite[@name='test/hostile']/testcase")
        self.assertEqual(["seed 1", f"/title={HOSTILE} seed 1"], [case.get("name") for case in cases])
        self.assertIn("\\x01\\n# SKIP.jsonc", cases[0].find("system-out").text)

    def test_rerun(self):
        """The rerun line plays the same variant again, also when the file has a name that a shell would take apart."""
        self.folder.write("it's; one.jsonc", scenario_text.make("test/quoted", scenario_text.FAILS, vary="b"))
        junit = os.path.join(self.folder.path, "junit.xml")
        first = run("run", "--variants", "--seeds", "3..3", "--junit", junit, self.folder.path)
        self.assertEqual(1, first.returncode)
        lines = [case.find("system-out").text for case in ElementTree.parse(junit).getroot().iter("testcase")]
        again = lines[1].strip().removeprefix("rerun: ")
        self.assertIn(f"rerun: {again}\n", first.stdout)
        words = shlex.split(again)
        self.assertEqual("rkmq", words[0])
        second = subprocess.run([RKMQ, *words[1:]], capture_output=True, text=True, timeout=DEADLINE_S, check=False)
        hashes = [re.search(r"/title=b seed 3 .*hash (\w+)", done.stdout).group(1) for done in (first, second)]
        self.assertEqual(hashes[0], hashes[1])
        self.assertIn("1..1", second.stdout)

    def svg(self, *args, code=0):
        """The root of the picture that a run draws."""
        path = os.path.join(self.folder.path, "t.svg")
        done = run("run", "--svg", path, *args)
        self.assertEqual(code, done.returncode, done.stdout)
        return ElementTree.parse(path).getroot()

    def test_svg_owners(self):
        """Two owners of a queue, and a queue without one, are seen as such; each lane has its label, and time its axis."""
        root = self.svg(os.path.join(SCENARIOS, "rebalance", "mixed-strategies.jsonc"))
        texts = [element.text for element in root.iter(SVG + "text")]
        for text in ("rebalance/mixed-strategies", "Members", "c1", "c2", "broker-a/0", "broker-a/3", "0 s", "40 s"):
            self.assertIn(text, texts)
        titles = {}
        for element in root.iter(SVG + "rect"):
            title = element.find(SVG + "title")
            titles.setdefault(element.get("class"), []).append("" if title is None else title.text)
        self.assertEqual(1, sum("more than one owner 1" in title for title in titles["overlap"]))
        self.assertEqual(1, sum(re.search(r"no owner 1(\.\d+)? s to 41 s", title) is not None for title in titles["orphan"]))
        self.assertTrue(any(title.startswith("c1 ") for title in titles["c0"]))
        self.assertTrue(any(title.startswith("c2 ") for title in titles["c1"]))

    def test_svg_moments(self):
        """Steps, faults and outages have a line at their time, a label, or a band."""
        root = self.svg(os.path.join(SCENARIOS, "net", "broker-cut-ten-seconds.jsonc"))
        titles = [element.text for element in root.iter(SVG + "title")]
        self.assertIn("step cut at 20 s", titles)
        self.assertIn("step heal at 30 s", titles)
        self.assertIn("c1 - broker-a 20 s to 30 s", titles)

    def test_svg_of_the_failing_run(self):
        """The picture is of the first run that is not ok, else of the last; hostile names stay text."""
        self.folder.write("1.jsonc", scenario_text.make("test/pass", scenario_text.PASSES))
        self.assertEqual("test/pass", self.svg("--seeds", "1..3", self.folder.path).find(SVG + "text").text)
        self.folder.write("2.jsonc", scenario_text.make("test/fail", scenario_text.FAILS, vary=HOSTILE))
        self.folder.write("3.jsonc", scenario_text.make("test/pass", scenario_text.PASSES))
        root = self.svg("--variants", self.folder.path, code=1)
        self.assertEqual(["test/fail", "seed 1, FAIL, "], [root.findall(SVG + "text")[0].text,
                                                           root.findall(SVG + "text")[1].text[:14]])
        root = self.svg("--variant", "1", os.path.join(self.folder.path, "2.jsonc"), code=1)
        self.assertIn("/title=\"'<b>&amp;", root.findall(SVG + "text")[1].text)

    def test_html(self):
        """The page has the runs of the TAP, each hostile text as a text, JSON that can be read, and no address of anything else."""
        path = os.path.join(self.folder.path, "page.html")
        tap, _ = self.write("--html", path)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        page = Page(text)
        outcomes = re.findall(r"^(?:not )?ok \d+ - .*?(?:\((pass|FAIL|unknown|bad)\b[^()]*\)|(?<!\\)# (SKIP).*)$", tap, re.M)
        self.assertEqual(7, len(outcomes))
        names = {"pass": "pass", "FAIL": "fail", "unknown": "unknown", "bad": "bad", "SKIP": "skipped"}
        runs = [run for scenario in json.loads(page.data["campaign"]) for run in scenario["runs"]]
        self.assertEqual([names[one or other] for one, other in outcomes], [run[1] for run in runs])
        self.assertEqual(list(range(1, 8)), [run[0] for run in runs])
        self.assertIn(f"/title={HOSTILE} seed 1", [run[2] for run in runs])
        self.assertIn(f"/title={HOSTILE} seed 1, failed", page.labels)
        details = json.loads(page.data["details-2"])
        self.assertEqual(["FAIL", "alone"], details["expects"][0][:2])
        self.assertEqual(0, len(details["rows"]) % 7)
        self.assertEqual(details["n"], sum(n for _, _, n in details["classes"]))
        ElementTree.fromstring(page.data["picture-2"])
        self.assertEqual({"http://www.w3.org/2000/svg"}, set(re.findall(r"https?://[^\"' ]+", text)))
        self.assertEqual([], page.asked)

    def test_unwritable(self):
        """A report that cannot be written is told before anything is played; one that breaks off is told at the end."""
        path = self.folder.write("one.jsonc", scenario_text.make("test/pass", scenario_text.PASSES))
        self.refused(4, "No such file or directory", "run", "--junit", os.path.join(self.folder.path, "none", "j.xml"), path)
        done = run("run", "--junit", "/dev/full", path)
        self.assertEqual(4, done.returncode)
        self.assertIn("/dev/full", done.stderr)


if __name__ == "__main__":
    unittest.main()
