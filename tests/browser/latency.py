"""`python -m tests.browser.latency`: from an MQTT publish to the changed page, with a whole school live.

A simulated school plays through Mosquitto into `classpulse-central serve`; in Chromium a classroom is open. One student
there is ours: their label changes a few times a second, and the page itself notes when it shows that.
"""

from __future__ import annotations

import argparse
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, expect

from edge.records import LABELS
from tests.brokers import SECONDS
from tests.browser.chromium import chromium
from tests.browser.running_school import RunningSchool, logged_in, running_school, seen
from tests.central.rooms import ROOT

STUDENT = "simulated-01-probe"
_WATCH = """
name => {
  const row = [...document.querySelectorAll('li')].find(one => one.textContent.includes(name));
  window.shown = [];
  new MutationObserver(() => window.shown.push([performance.timeOrigin + performance.now(), row.textContent]))
    .observe(row, {subtree: true, childList: true, characterData: true, attributes: true});
}
"""


@contextmanager
def whole_school(port: int, classrooms: int, students: int) -> Iterator[None]:
    """So many classrooms of so many students, an observation each in ten seconds, until the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "central", "simulate", "--host", "127.0.0.1", "--port", str(port), "--no-tls",
         "--classrooms", str(classrooms), "--students", str(students), "--interval", "10", "--no-outages"],
        cwd=ROOT, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield
    finally:
        process.terminate()
        process.wait(SECONDS)


def probe(school: RunningSchool, page: Page, probes: int) -> list[float]:
    """Milliseconds, one for each change of the label."""
    device = school.device("probe-room")
    school.enrol(STUDENT, "Probe Alder", "probe")
    device.observe([seen(STUDENT, LABELS[0])])
    page.goto("/classrooms/probe-room")
    expect(page.get_by_role("listitem").filter(has_text="Probe Alder")).to_contain_text(LABELS[0])
    page.evaluate(_WATCH, "Probe Alder")
    pauses = random.Random(1)
    found = []
    for number in range(1, probes + 1):
        label = LABELS[number % len(LABELS)]
        # Not in step with any interval of the service's own.
        time.sleep(pauses.uniform(0.15, 0.35))
        sent = time.time() * 1000
        device.observe([seen(STUDENT, label)])
        shown = page.wait_for_function(
            "label => (window.shown.find(([, text]) => text.includes(label)) ?? [])[0]", arg=label, polling=20
        )
        found.append(float(shown.json_value()) - sent)
        page.evaluate("window.shown = []")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--classrooms", type=int, default=30)
    parser.add_argument("--students", type=int, default=30, help="in each")
    parser.add_argument("--probes", type=int, default=300)
    parser.add_argument("--bound", type=float, default=300.0, help="fail when the 95th percentile is above, ms")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, running_school(Path(folder)) as school, chromium() as browser:
        school.account("admin", "admin")
        with (
            whole_school(school.broker_port, arguments.classrooms, arguments.students),
            logged_in(browser, school, "admin") as page,
        ):
            expect(page.get_by_text("simulated-01", exact=True)).to_be_visible()
            time.sleep(12)  # every simulated student has been seen
            found = probe(school, page, arguments.probes)
    cuts = statistics.quantiles(found, n=100)
    print(
        f"publish to changed page, {arguments.classrooms} x {arguments.students} live: {len(found)} changes, "
        f"p50 {cuts[49]:.0f} ms, p95 {cuts[94]:.0f} ms, longest {max(found):.0f} ms"
    )
    return 0 if cuts[94] <= arguments.bound else 1


if __name__ == "__main__":
    sys.exit(main())
