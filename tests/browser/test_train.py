"""Training, driven as a person would: a bet, Train, heads, the way back, Stop, going on, and one's own input."""

import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

from srviz.lab import load
from tests.browser.pointer import box_at_rest


@pytest.fixture
def open_train(server, visit):
    def open_train(query="", **options):
        page = visit(f"{server}/Train?{query}", **{"height": 1600} | options)
        expect(page.locator(".train .pane h2").first).not_to_be_empty()
        return page

    return open_train


def train(page):
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.get_by_role("heading", name="The results")).to_be_visible(timeout=240_000)


def test_two_models_learn_stop_at_once_go_on_and_are_looked_at_and_taken_away(open_train, tmp_path):
    page = open_train("task=recall&steps=quarter&bet=-5")
    expect(page.locator(".train .where")).to_contain_text("Nothing is learned yet")
    expect(page.locator(".train .of-query").first).to_be_attached()  # the untrained heads
    page.get_by_role("button", name="Watch a recorded training").click()
    expect(page.locator(".train .note")).to_contain_text("This is a recorded training (20")
    expect(page.locator(".train .where")).to_contain_text("step 600")  # it is played from its beginning to its end
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.locator(".train .note")).to_be_hidden()
    expect(page.locator(".train .where")).to_contain_text(re.compile(r"step [1-9]\d\b"), timeout=60_000)
    steps, answers = page.get_by_role("slider", name="Step that is looked at"), 3000  # milliseconds
    steps.press("Home")  # one looks back while it goes on
    expect(page.locator(".train .where")).to_contain_text("step 0 ", timeout=answers)
    page.get_by_role("button", name="layer 2, head 2").first.click()
    expect(page.get_by_text("Layer 2, head 2.").first).to_be_visible(timeout=answers)
    page.get_by_role("button", name="layer 1, head 1").first.click()
    steps.press("End")
    expect(page.locator(".train .where")).to_contain_text(re.compile(r"step [1-9]\d"))
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Go on")).to_be_visible(timeout=3000)
    expect(page.locator(".train .curve").first).to_be_visible()
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="The results")).to_be_visible(timeout=240_000)
    expect(page.locator(".train .where")).to_contain_text("step 150")
    expect(page.get_by_text("You bet that Softmax would be 5 points ahead.")).to_be_visible()
    shown = page.locator(".train .pane").first.locator(".grid path").first.get_attribute("d")
    page.get_by_role("slider", name="Step that is looked at").focus()
    page.keyboard.press("Home")
    expect(page.locator(".train .where")).to_contain_text("step 0")
    assert page.locator(".train .pane").first.locator(".grid path").first.get_attribute("d") != shown
    page.keyboard.press("End")
    expect(page.locator(".train .where")).to_contain_text("step 150")
    assert page.locator(".train .pane").first.locator(".grid path").first.get_attribute("d") == shown
    for pane in (0, 1):  # a head is chosen for both
        expect(page.locator(".train .pane").nth(pane).locator("[aria-pressed=true]")).to_have_attribute(
            "aria-label", "layer 1, head 1"
        )
    page.get_by_role("button", name="layer 2, head 3").first.click()
    expect(
        page.get_by_text(
            re.compile(r"Layer 2, head 3\. (In multiples of an even share|Effective weights: a token that counts)")
        ).first
    ).to_be_visible()
    expect(page).to_have_url(re.compile("layer=2&head=3|head=3&layer=2"))
    page.get_by_role("button", name="by second").click()
    expect(page.locator(".train .chart text", has_text=re.compile(r" s$")).first).to_be_visible()
    page.get_by_role("button", name="Take it away: the training").click()
    with page.expect_download() as found:
        page.get_by_role("button", name="CSV").click()
    rows = list(csv.DictReader(io.StringIO(Path(found.value.path()).read_text("utf-8"))))
    assert len(rows) == 300
    with page.expect_download() as found:
        page.get_by_role("button", name="JSON").click()
    (relu, _) = sorted(json.loads(Path(found.value.path()).read_text("utf-8"))["runs"], key=lambda run: run["mixing"])
    assert len(relu["losses"]) == 150
    with page.expect_download() as found:
        page.get_by_role("button", name="Weights: Sliced ReLU").click()
    weights = Path(found.value.path()).read_bytes()
    _, spec = load(weights)
    assert spec.mixing == "relu"
    with page.expect_download() as found:
        page.get_by_role("button", name="Program: PyTorch").click()
    script = tmp_path / "training.py"
    script.write_bytes(Path(found.value.path()).read_bytes())
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "recall-relu.safetensors").read_bytes() == weights  # to the bit, though it was stopped


def test_one_draws_a_digit_and_both_say_what_it_is(open_train):
    page = open_train("task=patches&steps=tenth&first=mean&second=linear")
    train(page)
    field = page.locator(".digit canvas")
    field.scroll_into_view_if_needed()
    box = box_at_rest(field)
    page.mouse.move(box["x"] + 120, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + 122, box["y"] + 120, steps=3)
    page.mouse.move(box["x"] + 122, box["y"] + 200, steps=3)
    page.mouse.up()
    expect(page.get_by_text(re.compile(r"^A plain mean: \d \(0\.\d\d\)"))).to_be_visible()
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_text("Each model gives its answer at once")).to_be_visible()


def test_one_writes_a_line_and_tries_other_lengths(open_train):
    page = open_train("task=letters&steps=tenth&first=mean&second=none")
    train(page)
    line = page.get_by_label("A line of English")
    line.fill("no blank in here")
    line.press("Enter")
    expect(page.get_by_text("Put a ? in the place of each letter")).to_be_visible()
    line.fill("<b>the qu?ck br?wn fox</b>")
    line.press("Enter")
    expect(page.locator(".train .token.asked").first).to_be_visible()
    expect(page.locator(".train .pane").first.locator(".token.asked")).to_have_count(2)
    slider = page.get_by_role("slider", name="Tokens n")
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.get_by_role("button", name="Test at 64").click()
    expect(page.get_by_text("n = 64", exact=True)).to_be_visible(timeout=60_000)


def test_on_a_phone_nothing_is_wider_than_the_screen(open_train):
    page = open_train("task=solids", width=390, height=844)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
