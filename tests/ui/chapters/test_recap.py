"""The last page: its numbers are those of the records, its program runs, and the certificate is kept in every link."""

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from srviz import places
from srviz.measure.plan import Row
from srviz.ui.chapters import COURSE
from srviz.ui.chapters.recap import WORDS, facts, snippet, won
from srviz.ui.kit import progress, url

ROOT = Path(__file__).parents[3]
ASKING = [chapter for chapter in COURSE if chapter.asks]


def open_page(script="pages/14_In_short.py", **query):
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    page.run()
    page.switch_page(script)
    for name, value in query.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    return page


def text(page):
    return "\n".join(part.value for part in (*page.markdown, *page.caption))


def test_the_chapters_say_which_of_them_ask():
    for chapter in COURSE:
        modules = (ROOT / "srviz/ui/chapters" / chapter.name).glob("*.py")
        asks = any("    question(" in module.read_text("utf-8") for module in modules)
        assert chapter.asks == asks, f"{chapter.name}: a page without a question says asks=False in its CHAPTER"
        assert not chapter.asks or url.NAME.fullmatch(progress.name(chapter.script))


def test_its_program_runs():
    exec(snippet.SNIPPET, {})


def test_its_numbers_are_those_of_the_records():
    page = open_page()
    said = json.loads((places.RECORDED / "fits" / "patterns.json").read_text("utf-8"))["reached"]["shift"]
    assert f"they missed it by {said['relu'][1]:.2f}" in text(page)
    assert f"Softmax comes to {said['softmax'][1]:.2f}" in text(page)
    found = facts.times()
    assert found is not None
    assert all(row and row.seconds for _, *both in found.rows for row in both[1:])  # of sliced ReLU, every size
    assert found.provenance["command"] in text(page)
    assert found.table() in text(page)


def run(mixing, seed, metric, task="letters"):
    recipe = {"steps": 10}
    given = {"task": task, "method": mixing, "seed": seed, "recipe": recipe}
    return {"run": given, "metric": metric, "seconds": 1.0, "mixing": 0.5}


@pytest.mark.parametrize(("task", "relu", "verdict"), [
    ("letters", 3.0, won.WORSE), ("letters", 1.0, won.BETTER), ("letters", None, won.CLOSE),
    ("patches", 3.0, won.BETTER), ("patches", 1.0, won.WORSE),
])  # fmt: skip
def test_who_won_is_computed_from_the_seeds(task, relu, verdict, monkeypatch, tmp_path):
    """Bits are better where they are fewer, shares of right answers where they are more."""
    softmax = [2.0, 2.1, 1.9]
    other = [relu + 0.01 * k for k in range(3)] if relu else [1.9, 2.3, 1.8]
    rows = [
        run(name, seed, x, task) for name, of in (("softmax", softmax), ("relu", other)) for seed, x in enumerate(of)
    ]
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab" / "mine.jsonl").write_text("\n".join(map(json.dumps, rows)))
    monkeypatch.setattr(won.places, "RECORDED", tmp_path)
    [found] = won.results.__wrapped__("mine.jsonl")
    assert found.verdicts == {"relu": verdict}
    assert found.seeds == 3
    assert won.tally([found, found], "relu") == WORDS(f"won.tally.{verdict}", n=2)
    cell = WORDS(f"won.cell.{verdict}", mean=sum(other) / 3)
    assert f"| 2.000 | {cell} | not measured |" in won.table([found])
    assert won.results.__wrapped__("other.jsonl") == ()


def test_what_is_recorded_of_who_won_is_on_the_page():
    said = text(open_page())
    found = won.results(won.TASKS)
    assert len(found) >= 3
    assert won.table(found, won.results(won.CROWD)) in said
    assert won.tally(won.results(won.CROWD), "bump") in said


@pytest.mark.parametrize(("softmax", "relu", "words"), [
    (2.0, 1.0, "2.0 times as fast"), (1.0, 4.0, "4.0 times as slow"), (None, 1.0, ""),
])  # fmt: skip
def test_who_is_faster_is_computed_from_the_times(softmax, relu, words):
    how = ("forward", 1024, 1, 4, 32, "float32", "cpu", 2, "x")
    rows = [
        Row("any", *how, seconds=time, lower=time, upper=time, stopped="" if time else "too long")
        for time in (softmax, relu)
    ]
    line = facts.Times(((1024, *rows),), {}).table().splitlines()[-1]
    assert line.endswith(f"| {words} |")
    assert softmax or "| too long |" in line


def test_from_where_on_it_is_faster_is_computed_from_the_times():
    def pair(n, softmax, relu):
        how = ("forward", n, 1, 4, 32, "float32", "cpu", 2, "x")
        return (n, *(Row("any", *how, seconds=x, lower=x, upper=x, stopped="") for x in (softmax, relu)))

    assert (
        facts.Times((pair(64, 1.0, 2.0), pair(256, 2.0, 1.0), pair(512, 3.0, 1.0), pair(1024, None, 1.0)), {}).first
        == 256
    )
    assert facts.Times((pair(64, 2.0, 1.0), pair(256, 1.0, 2.0)), {}).first is None
    found = facts.times()
    assert f"faster from n = {found.first:,} on" in text(open_page())


def test_a_right_answer_goes_into_the_certificate_and_into_every_link():
    page = open_page("pages/12_Why.py", answer="1")
    assert "answered" not in page.query_params
    page.radio[0].set_value(1).run()
    assert "".join(page.query_params["answered"]) == "why"
    page.switch_page("pages/14_In_short.py").run()
    assert f"1 of {len(ASKING)} questions answered correctly" in page.get("progress")[0].proto.text
    assert "".join(page.query_params["answered"]) == "why"


def test_a_link_holds_the_certificate():
    names = [progress.name(chapter.script) for chapter in ASKING]
    page = open_page(answered="_".join(names), solved="slow")
    assert "every question of the course is answered.** 1 puzzle is solved" in text(page)
    page = open_page("pages/7_Words.py", answered="why")
    assert dict(page.query_params).keys() == {"answered"}, "what is known of a visitor says nothing of the page"


def test_a_page_says_that_the_certificate_counts_its_question():
    before = "The certificate already counts this question as answered."
    page = open_page("pages/12_Why.py", answered="why")
    assert text(page).count(before) == 1
    assert page.radio[0].value is None
    page.radio[0].set_value(0).run()
    assert before not in text(page)
    assert before not in text(open_page("pages/12_Why.py", answered="routes"))
