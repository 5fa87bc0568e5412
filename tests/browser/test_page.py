# SPDX-License-Identifier: Apache-2.0
"""The page of rkmq run --html in headless Chromium, opened from disk: what is seen, filtered, linked; nothing is fetched.

One browser and one page serve all tests; each begins at the overview. RKMQ_SHOTS=FOLDER keeps pictures of what was seen.
"""
import itertools
import json
import os
import subprocess
import tempfile
import unittest

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

import scenario_text

DEADLINE_S = 30
HOSTILE = "\"'<b>&amp;</script><!--<script>alert(1)</script><img src=x onerror=alert(2)>]]>\u2028\U0001f600"
ARGUMENTS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
             "--window-size=1280,1000")


def campaign(folder):
    """The page of ten runs: a consumer that skips a message does not fail where there is none; two have hostile titles."""
    path = os.path.join(folder, "page.html")
    hostile = os.path.join(folder, "hostile.jsonc")
    with open(hostile, "w", encoding="utf-8") as file:
        file.write(scenario_text.make("test/hostile", scenario_text.FAILS, vary=HOSTILE))
    files = [os.path.join(os.environ["RKMQ_SCENARIOS"], name + ".jsonc")
             for name in ("pull/idle-long-poll", "start/from-first", "start/slow-network")]
    done = subprocess.run([os.environ["RKMQ_MUTANT_BIN"], "skips-one", "run", "--variants", "--html", path, "--seeds", "1..2",
                           *files, hostile], capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    if done.returncode != 1:
        raise AssertionError(done.stderr)
    return path


def browser(folder):
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for argument in (*ARGUMENTS, f"--user-data-dir={folder}/profile"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    os.environ["no_proxy"] = "localhost,127.0.0.1"  # the driver is here
    return webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)


def setUpModule():
    folder = tempfile.TemporaryDirectory()
    unittest.addModuleCleanup(folder.cleanup)
    Page.url = "file://" + campaign(folder.name)
    Page.driver = browser(folder.name)
    unittest.addModuleCleanup(Page.driver.quit)


class Page(unittest.TestCase):
    driver = None
    url = None

    def setUp(self):
        self.emulate(1280, "light")
        self.driver.get("about:blank")
        self.driver.get_log("performance")
        self.driver.get(self.url)
        self.until(lambda: self.one("#filtered").text != "")

    def tearDown(self):
        """Whatever was done: nothing was said on the console, nothing but the file was read."""
        self.assertEqual([], self.driver.get_log("browser"))
        messages = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        asked = [message["params"]["request"]["url"].split("#")[0] for message in messages
                 if message["method"] == "Network.requestWillBeSent"]
        self.assertEqual([self.url], asked)

    def emulate(self, width, scheme):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                    {"width": width, "height": 1000, "deviceScaleFactor": 1, "mobile": width < 600})
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia",
                                    {"features": [{"name": "prefers-color-scheme", "value": scheme}]})

    def until(self, condition):
        WebDriverWait(self.driver, DEADLINE_S).until(lambda _: condition())

    def one(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector):
        """Those that are seen."""
        return self.script("[...document.querySelectorAll(arguments[0])].filter((one) => one.checkVisibility()"
                           " && one.getClientRects().length > 0)", selector)

    def texts(self, selector):
        """Of those that are seen."""
        return self.script("arguments[0].map((one) => one.textContent.trim())", self.all(selector))

    def script(self, text, *args):
        return self.driver.execute_script("return " + text, *args)

    def open_run(self, number):
        self.one(f'#grid a[href="#run-{number}"]').click()
        self.until(lambda: self.one("#run").is_displayed() and not self.one("#overview").is_displayed())

    def shot(self, name):
        if os.environ.get("RKMQ_SHOTS"):
            height = self.script("document.documentElement.scrollHeight")
            width = self.script("innerWidth")
            self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
                "width": width, "height": min(height, 4000), "deviceScaleFactor": 1, "mobile": False})
            self.driver.save_screenshot(os.path.join(os.environ["RKMQ_SHOTS"], name + ".png"))

    def test_overview(self):
        """Totals, the grid and the findings say the same; each mark is a sign and a colour of its own."""
        self.assertEqual("8 of 10 runs did not pass", self.one("h1").text)
        self.assertEqual(["2 passed", "8 failed", "0 unknown", "0 skipped"],
                         [item.split(None, 1)[1] for item in self.texts("#totals li")])
        cells = self.all("#grid td a")
        self.assertEqual(["\u2713"] * 2 + ["\u2717"] * 8, self.texts("#grid td a"))
        colours = self.script("arguments[0].map((cell) => getComputedStyle(cell).backgroundColor)", cells)
        self.assertEqual(2, len(set(colours)))
        self.assertEqual("seed 1, passed", cells[0].get_attribute("aria-label"))
        self.assertEqual(8, len(self.driver.find_elements(By.CSS_SELECTOR, "article")))
        self.assertEqual(3, len(self.all("#failures > article")), "one of each scenario is told at once")
        self.shot("overview")

    def test_hostile_titles(self):
        """Titles are texts, wherever they stand: nothing that is in them became an element, or ran."""
        self.one("#failures .more summary").click()
        self.until(lambda: "seed 1, failed" in self.one("#run-9 h3").text)
        self.assertIn("<img src=x onerror=alert(2)>", self.one("#run-9 h3").text)
        self.open_run(9)
        self.assertIn("</script><!--<script>alert(1)</script><img src=x onerror=alert(2)>", self.one("#run").text)
        self.assertEqual(0, self.script('document.querySelectorAll("img").length'))
        self.assertEqual(1, self.script('[...document.scripts].filter((one) => !one.type).length'))

    def test_grid_filter(self):
        """Words of name or title, and outcomes, choose what is seen; both together; what is left is counted."""
        filter_box = self.one("#filter")
        filter_box.send_keys("START slow")
        self.until(lambda: len(self.all("#grid tr")) == 1)
        self.assertEqual("start/slow-network", self.one("#grid tr:not([hidden]) th").text)
        filter_box.send_keys(Keys.CONTROL, "a")
        filter_box.send_keys(Keys.DELETE)
        self.until(lambda: len(self.all("#grid tr")) == 4)
        self.one('#outcomes [data-outcome="pass"]').click()
        self.until(lambda: self.one("#filtered").text == "2 runs of 1 scenario")
        filter_box.send_keys("slow-network")
        self.until(lambda: self.one("#nothing").is_displayed())
        self.assertEqual([], self.all("#grid tr"))

    def test_grid_keys(self):
        """Arrows go from run to run, Enter opens one, Escape leads back to it."""
        self.one('#grid a[href="#run-1"]').send_keys(Keys.ARROW_DOWN)
        self.driver.switch_to.active_element.send_keys(Keys.ARROW_RIGHT)
        self.assertTrue(self.driver.switch_to.active_element.get_attribute("href").endswith("#run-4"))
        self.driver.switch_to.active_element.send_keys(Keys.ENTER)
        self.until(lambda: self.one("#run").is_displayed())
        self.assertIn("start/from-first", self.one("#run h1").text)
        self.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
        self.until(lambda: self.one("#overview").is_displayed())
        self.assertTrue(self.driver.switch_to.active_element.get_attribute("href").endswith("#run-4"))

    def test_failing_run(self):
        """A finding leads to its event; picture and offsets have the same axis."""
        self.open_run(3)
        self.shot("failing")
        link = self.all("#findings li[data-event] a")[0]
        sequence = link.find_element(By.XPATH, "..").get_attribute("data-event")
        link.click()
        self.until(lambda: self.all("#events tr.target"))
        target = self.one("#events tr.target")
        self.assertEqual(sequence, target.get_attribute("data-event"))
        self.assertEqual(target, self.driver.switch_to.active_element)
        box = lambda: self.script("arguments[0].getBoundingClientRect()", target)
        self.until(lambda: box()["top"] >= 0 and box()["bottom"] <= 1000)
        axes = self.script("""arguments[0].map((svg) =>
            [...svg.querySelectorAll('text.soft[text-anchor="middle"]')].map((text) => text.textContent))""",
                           self.all(".strip svg"))
        self.assertEqual(2, len(axes))
        self.assertEqual(axes[0], axes[1])
        self.assertIn("0 s", axes[0])
        lines = self.script("""arguments[0].map((svg) =>
            svg.querySelectorAll("line.grid")[1].getBoundingClientRect().left)""", self.all(".strip svg"))
        self.assertAlmostEqual(lines[0], lines[1], delta=1)

    def test_offsets(self):
        """Each queue has its lines; the table says what the lines do; lag is drawn when it is asked for."""
        self.open_run(5)
        n = len(self.all(".offsets path.committed"))
        self.assertGreaterEqual(n, 4)
        self.one("#time > details summary").click()
        self.until(lambda: len(self.all("#time table tbody tr")) == n)
        lane = self.script("JSON.parse(document.getElementById('details-5').textContent).lanes[0]")
        points = list(zip(itertools.accumulate(lane["max"]), itertools.accumulate(lane["committed"])))
        lags = [most - committed for most, committed in points if committed >= 0]
        cells = self.texts("#time table tbody tr:first-child > *")
        self.assertEqual(["g", "T", "broker-a/0", *map(str, points[-1]), str(lags[-1]), str(max(lags))], cells[:7])
        self.assertGreater(max(lags), 0)
        self.all("input[name=offsets]")[1].click()
        n_of = lambda kind: self.script("document.querySelectorAll(`.offsets path.${arguments[0]}`).length", kind)
        self.until(lambda: n_of("committed") == 0 and n_of("lag") == n)

    def test_event_filters(self):
        """Kind, actor, queue, words and time narrow the rows; a finding's event is found whatever the filter."""
        self.open_run(3)
        n_all = len(self.driver.find_elements(By.CSS_SELECTOR, ".log tbody tr"))
        self.assertGreater(n_all, 100)
        kind, actor, queue = [Select(select) for select in self.all("#events select")]
        words, since, until = self.all("#events input")
        rows = lambda: self.script("""[...document.querySelectorAll(".log tbody tr")].map((row) =>
            [...row.cells].map((cell) => cell.textContent))""")
        kind.select_by_value("req PULL_MESSAGE")
        self.assertEqual({"req PULL_MESSAGE"}, {row[1] for row in rows()})
        queue.select_by_value("T@broker-a/0")
        self.assertEqual({"T@broker-a/0"}, {row[3] for row in rows()})
        words.send_keys("offset=33")
        self.assertTrue(all("offset=33" in row[4] for row in rows()) and rows())
        words.clear()
        words.send_keys(" ")
        since.send_keys("5")
        until.send_keys("6")
        self.assertTrue(all(5 <= float(row[0]) <= 6 for row in rows()) and rows())
        self.assertTrue(self.one(".shade").is_displayed())
        actor.select_by_value("p1")
        self.until(lambda: not rows())
        self.all("#findings li[data-event] a")[0].click()
        self.until(lambda: len(rows()) == n_all and self.all("#events tr.target"))

    def test_rows_are_bounded(self):
        """A long log is cut, the page says how, and what findings show is there all the same."""
        self.open_run(5)
        self.assertRegex(self.one("#events .note").text, r"^1,\d\d\d of the run's 1\d,\d\d\d events")
        sequences = self.script("arguments[0].map((item) => item.dataset.event)", self.all("#findings li[data-event]"))
        self.assertGreater(len(sequences), 0)
        for sequence in sequences:
            self.one(f'.log tr[data-event="{sequence}"]')
        self.assertGreater(len(self.driver.find_elements(By.CSS_SELECTOR, ".log tr.gap")), 0)

    def test_drag_a_range(self):
        """Dragging over the picture narrows the events to that time, a click shows all again."""
        self.open_run(3)
        svg = self.all(".strip svg")[0]
        told = self.one("#events output")
        before = told.text
        webdriver.ActionChains(self.driver).move_to_element_with_offset(svg, -100, 0).click_and_hold() \
            .move_by_offset(150, 0).release().perform()
        self.until(lambda: told.text != before and self.one(".shade").is_displayed())
        webdriver.ActionChains(self.driver).move_to_element_with_offset(svg, 0, 20).click().perform()
        self.until(lambda: told.text == before and not self.one(".shade").is_displayed())

    def test_colours(self):
        """Dark and light follow the system, and the choice of the reader; the picture goes with the page."""
        self.open_run(3)
        colours = lambda: (self.script("getComputedStyle(document.body).backgroundColor"),
                           self.script("getComputedStyle(document.querySelector('.strip .bg')).fill"))
        light = colours()
        self.assertEqual("rgb(255, 255, 255)", light[0])
        self.emulate(1280, "dark")
        self.until(lambda: colours() != light)
        dark = colours()
        self.assertTrue(all(one != other for one, other in zip(dark, light)))
        self.shot("dark")
        choice = Select(self.one("#theme"))
        choice.select_by_value("light")
        self.assertEqual(light, colours())
        self.emulate(1280, "light")
        choice.select_by_value("dark")
        self.assertEqual(dark, colours())
        choice.select_by_value("auto")
        self.assertEqual(light, colours())

    def test_narrow(self):
        """On a small screen nothing but the picture goes to the side."""
        self.emulate(360, "light")
        for number in (None, 3, 1):
            if number:
                self.driver.execute_script(f"location.hash = '#run-{number}'")
                self.until(lambda: self.one("#run").is_displayed())
                self.one("#judged summary").click()
                self.one("#time > details summary").click()
            self.assertLessEqual(self.script("document.documentElement.scrollWidth"), 360)
            self.shot(f"narrow-{number}")
            self.emulate(360, "light")

    def test_without_scripts(self):
        """Totals, the grid, findings and their events are there when scripts may not run."""
        self.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
        self.addCleanup(self.driver.execute_cdp_cmd, "Emulation.setScriptExecutionDisabled", {"value": False})
        self.driver.get("about:blank")
        self.driver.get_log("performance")
        self.driver.get(self.url)
        self.assertEqual(10, len(self.all("#grid td a")))
        self.assertEqual(3, len(self.all("#failures > article")))
        self.assertIn("LOSS-2", self.one("#failures").text)
        self.assertIn("Without scripts", self.one("#runs").text)
        self.assertEqual([], self.all("button, select, input"))


if __name__ == "__main__":
    unittest.main()
