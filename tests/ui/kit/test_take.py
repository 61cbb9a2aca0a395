"""Programs from templates, tables as CSV, and what is answered to a browser that asks for a file."""

import ast
import csv
import io
import json

import numpy as np
import pytest

from srviz.ui.kit import fold, program, table, take
from srviz.ui.kit.program import Code

HOSTILE = (
    '"); import os; os.abort() #',
    "'''",
    "\\",
    "a\nimport os",
    '"""\nraise SystemExit',
    "\u2028x",
    "{name}",
    "$x",
)
TEMPLATE = '''"""A program."""

import numpy as np

names = ["a", "b"]  # of the tokens
text = "x"
s = np.array([1.0, 2.0])
i, j = 0, 1
total = float(s.sum())
'''


def test_a_template_runs_as_it_is_and_with_other_values():
    source = program.filled(TEMPLATE, {"s": np.float32([0.1, -2]), "j": 7})
    space = {}
    exec(source, space)
    assert (space["s"].tolist(), space["i"], space["j"]) == ([0.1, -2.0], 0, 7)
    assert "# of the tokens" in source


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_breaks_out_of_a_program(text):
    source = program.filled(TEMPLATE, {"names": [text, "b" * 200], "text": text}, link="")
    space = {}
    exec(source, space)
    assert (space["names"], space["text"]) == ([text, "b" * 200], text)
    assert len(ast.parse(source).body) == len(ast.parse(TEMPLATE).body)


LONG_LINES = (
    "shown = {'name': 'sentence', 'n': 48, 'text': '" + "a sentence that goes on, and on. " * 30 + "'}",
    "text = '" + "文字に空白がない" * 60 + "'  # of one's own",
    "crowds = data('apart:any,4,0,moved=" + "CmSc" * 60 + "').contexts",
    "heads = [" + ", ".join(f"[{k}.25, {{'a': ({k},)}}]" for k in range(40)) + "]",
    "text = 'both \" and \\' and \\n and \\U0001f600" + "\\\\" * 120 + "'",
)


@pytest.mark.parametrize("line", LONG_LINES)
def test_a_line_that_is_too_long_is_cut_and_says_the_same(line):
    lines = ['"""', "d" * 200, '"""', "# " + "c" * 200, "call(", f"    {line.replace(' = ', '=', 1)}", ")", line]
    found = fold.folded(lines)
    assert ast.dump(ast.parse("\n".join(found))) == ast.dump(ast.parse("\n".join(lines)))
    assert found[:5] == lines[:5]  # a text of several lines, and a comment, stay as they are
    assert all(len(one) <= fold.LONGEST for one in found[5:])
    assert [one for one in found if one.startswith("# of")] == (["# of one's own"] if "# of" in line else [])


def test_a_value_without_a_place_is_an_error():
    with pytest.raises(LookupError, match="got t"):
        program.filled(TEMPLATE, {"t": 1})


def test_an_expression_brings_its_imports_and_its_words():
    value = Code("INPUTS['moons'].make(8, random_state=1).x[:, 0]", "from srviz.inputs import INPUTS", "Made again.")
    text = program.filled(TEMPLATE, {"s": value})
    assert text.splitlines()[:3] == [
        '"""A program."""',
        "",
        "from srviz.inputs import INPUTS",
    ]  # numpy has no use any more
    assert f"# Made again.\ns = {value.text}\n" in text
    assert value.of("torch") == f"torch.from_numpy({value.text})"


def test_a_table_can_be_read_back_and_holds_no_formula():
    words = ["=1+1", "a,b", 'say "x"', "two\nlines", "ok"]
    text = table.csv_text({"w": np.float32([0.1, 1e-9, -3, np.nan, 1 / 3]), "word": words, "n": range(5)})
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["word"] for row in rows] == ["'=1+1", *words[1:]]
    assert np.float32(rows[4]["w"]) == np.float32(1 / 3)
    with pytest.raises(ValueError, match=r"longer|shorter"):
        table.csv_text({"a": [1], "b": [1, 2]})


def figure(**more):
    numbers = more.pop("numbers", lambda state: {"x": [1.5]})
    return take.Figure(("key",), "name", "the thing", lambda state: "A caption.", numbers, **more)


def test_only_what_is_offered_is_made():
    made = take.answer(figure(), {}, {"kind": "csv", "id": "csv 1"})
    assert (made["name"], made["text"], made["id"], made["trouble"]) == ("name.csv", "x\n1.5\n", "csv 1", "")
    for kind in ("numpy", "../x", "", 3, None, {"a": 1}):
        assert take.answer(figure(), {}, {"kind": kind})["trouble"]
    assert take.kinds(figure(there=lambda state: False), {}) == []
    weights = take.File("Weights", "a.safetensors", "application/octet-stream", lambda: b"\x00\xff")
    assert take.answer(figure(files=lambda state: [weights]), {}, {"kind": "a.safetensors"})["text"] == "AP8="


def test_what_is_too_large_is_refused(monkeypatch):
    monkeypatch.setattr(take, "MOST_BYTES", 3)
    assert "too large" in take.answer(figure(), {}, {"kind": "csv"})["trouble"]


@pytest.mark.parametrize(
    "link", ["http://a/\nimport os", "javascript:x", "http://a b", "x" * 9, 5, "http://" + "a" * 5000]
)
def test_a_link_that_is_none_is_left_out(tmp_path, link):
    for variant in program.VARIANTS:
        (tmp_path / f"one_{variant}.py").write_text(TEMPLATE)
    given = figure(script=lambda state: program.Script(tmp_path / "one", "A page", {"i": 3}))
    made = take.answer(given, {}, {"kind": "numpy", "link": link})
    assert made["text"] == program.filled(TEMPLATE, {"i": 3})
    assert "# http://a/b?c=1" in take.answer(given, {}, {"kind": "torch", "link": "http://a/b?c=1"})["text"]
    book = json.loads(take.answer(given, {}, {"kind": "ipynb"})["text"])
    kinds = [cell["cell_type"] for cell in book["cells"]]
    assert kinds == ["markdown", "markdown", "code", "markdown", "code"]
