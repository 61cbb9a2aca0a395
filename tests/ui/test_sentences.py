"""The words of a page stand in its `words.json`: none in its code, none too many, and none without its values."""

import ast
import json
import re
import string
from pathlib import Path

import pytest

from srviz.ui.kit.words import Words

UI = Path(__file__).parents[2] / "srviz" / "ui"
SENTENCE = re.compile(r"\b[A-Za-z]{2,},? [A-Za-z]+,? [A-Za-z]{2,}\b")  # three words, one after the other
IMPORT = re.compile(r"^(from [\w.]+ )?import .*$", re.MULTILINE)  # a line of a program that a page gives away
PROGRAMS = ("__main__.py", "snippet.py")  # what they hold is a program, or is read in a terminal
SAID = re.compile(r"\b(say|phrase)\(words\.([\w.]+)((?:\[[^\]]*\])?), \{([^{}]*)\}")  # in JavaScript
CALLS = ("texts", "pairs", "table")
FOLDERS = sorted({path.parent for pattern in ("*.py", "*.js") for path in UI.rglob(pattern)} - set(UI.rglob("scripts")))


def name(folder):
    return str(folder.relative_to(UI))


def folder_of(path):
    """The folder whose words a module says: its own, or the nearest one above it that has some."""
    return next((at for at in path.parents if (at / "words.json").exists()), path.parent)


def modules(folder, suffix):
    inside = [path for path in folder.rglob(f"*{suffix}") if "scripts" not in path.parts]
    return [path for path in inside if folder_of(path) == folder]


def unseen(tree):
    """Docstrings, and what a programmer is told by an error, or an operator by the log."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value
        if isinstance(node, ast.Raise | ast.Assert) or ast.unparse(node).startswith("log."):
            yield from ast.walk(node)


def literals(tree):
    """Every string of a module that may be seen, an f-string as one."""
    skipped = {id(node) for node in unseen(tree)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) and id(node) not in skipped:
            skipped |= {id(part) for part in node.values}
            yield node.lineno, "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped:
            yield node.lineno, node.value


@pytest.mark.parametrize("folder", FOLDERS, ids=name)
def test_no_sentence_stands_in_code(folder):
    found = [
        f"{path.name}:{line}: {text}"
        for path in sorted(folder.glob("*.py"))
        if path.name not in PROGRAMS
        for line, text in literals(ast.parse(path.read_text("utf-8")))
        if SENTENCE.search(IMPORT.sub("", text))
    ]
    assert found == []


def leaves(tree, path=()):
    if isinstance(tree, dict):
        for key, part in tree.items():
            yield from leaves(part, (*path, key))
    else:
        yield ".".join(path), tree


def texts(leaf):
    return [leaf] if isinstance(leaf, str) else [text for part in leaf for text in texts(part)]


def fields(leaf):
    """The names of the values that texts ask for."""
    return {field for text in texts(leaf) for _, field, *_ in string.Formatter().parse(text) if field}


def names(given):
    """The names in an object of JavaScript: `n, y: fmt(y, 3)`."""
    while (plain := re.sub(r"\([^()]*\)|\[[^][]*\]", "", given)) != given:
        given = plain
    return {part.split(":")[0].strip() for part in given.split(",")}


def asked(path):
    """Each call that asks for words, as (its key as a regular expression, whether it is one text, names of values)."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        call = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        of = node.func.value if isinstance(node.func, ast.Attribute) else node.func
        if call == "worded":
            yield "puzzles." + re.escape(node.args[1].value), False, None
        elif getattr(of, "id", "") == "WORDS" and (call == "WORDS" or call in CALLS):
            key = node.args[0]
            if isinstance(key, ast.Constant):
                pattern = re.escape(key.value)
            elif isinstance(key, ast.JoinedStr):
                pattern = "".join(re.escape(p.value) if isinstance(p, ast.Constant) else "[^.]+" for p in key.values)
            else:
                raise AssertionError(f"{path.name}:{node.lineno}: expected a key that can be read here")
            values = {k.arg for k in node.keywords}
            yield pattern, call == "WORDS", None if None in values else values


@pytest.mark.parametrize("folder", [at for at in FOLDERS if (at / "words.json").exists()], ids=name)
def test_every_text_is_said_and_every_text_that_is_said_is_there(folder):
    found = dict(leaves(json.loads((folder / "words.json").read_text("utf-8"))))
    used = set()
    for path in modules(folder, ".py"):
        for pattern, one, values in asked(path):
            met = [key for key in found if re.fullmatch(pattern if one else rf"{pattern}(\..+)?", key)]
            assert met, f"{path.name}: no text for {pattern}"
            used.update(met)
            for key in met if values is not None else ():
                assert fields(found[key]) <= values, f"{path.name}: {key} is given {values}"
    for path in modules(folder, ".js"):
        source = path.read_text("utf-8")
        if "import words from" not in source:
            continue
        for key in re.findall(r"(?<!\w\.)\bwords\.(?!js\b|json\b)([\w.]*\w)", source):
            met = {leaf for leaf in found if f"{leaf}.".startswith(f"{key}.") or key.startswith(f"{leaf}.")}
            assert met, f"{path.name}: no text for {key}"
            used |= met
        for _, key, bracket, given in re.findall(SAID, source):
            for leaf in [leaf for leaf in found if leaf == key or (bracket and leaf.startswith(f"{key}."))]:
                assert fields(found[leaf]) <= names(given), f"{path.name}: {leaf} is given {given}"
    assert sorted(set(found) - used) == []


def test_a_translation_says_what_it_has_and_the_rest_in_english(tmp_path):
    (tmp_path / "words.json").write_text('{"a": {"one": "one {n:,}", "two": ["x", "y"]}, "b": "both"}')
    (tmp_path / "words.de.json").write_text('{"a": {"one": "eins {n}", "two": "nonsense"}, "c": "mehr"}')
    german, english = Words(tmp_path, "de"), Words(tmp_path, "en")
    assert (english("a.one", n=1000), english.texts("a.two"), english("b")) == ("one 1,000", ("x", "y"), "both")
    assert (german("a.one", n=1000), german.texts("a.two"), german("b")) == ("eins 1000", ("x", "y"), "both")
    assert Words(tmp_path, "../de")("b") == "both"
    for wrong in ("a", "a.three", "a.two", "c", "b.d", ""):
        with pytest.raises(KeyError):
            english(wrong)
    with pytest.raises(KeyError, match="n"):
        english("a.one")


def test_a_negative_number_is_said_with_the_sign_of_minus_and_a_rounded_zero_without(tmp_path):
    (tmp_path / "words.json").write_text('{"a": "from {x:.2f} to {y}", "b": ["{x:.1f}-{z}"]}')
    words = Words(tmp_path, "en")
    assert words("a", x=-0.001, y=-3) == "from 0.00 to −3"
    assert words.texts("b", x=-2, z="x-y") == ("−2.0-x-y",)


def test_what_a_translation_cannot_say_stays_in_english_and_the_log_says_where(tmp_path, caplog):
    english = {"a": "{n} of {m}", "b": ["x", ["y", "z"]], "c": {"d": "d"}, "e": "{n}"}
    for language, wrong in {
        "xa": {"a": "{k} von {m}"},
        "xb": {"b": ["x"]},
        "xc": {"c": "d"},
        "xd": {"a": "{n"},
        "xh": {"a": "{n:,} von {m}"},
        "xi": {"a": "{n.real} von {m}"},
    }.items():
        (tmp_path / "words.json").write_text(json.dumps(english))
        (tmp_path / f"words.{language}.json").write_text(json.dumps(wrong | {"e": "{n}!"}))
        assert Words(tmp_path, language).tree == english | {"e": "{n}!"}
        assert f"words.{language}.json: {next(iter(wrong))}" in caplog.text
    (tmp_path / "words.xe-XE.json").write_text('{"b": ["ex", ["why", "zed"]]}')
    assert Words(tmp_path, "xe-XE")("a", n=1, m=2) == "1 of 2"
    assert Words(tmp_path, "xe-XE").tree["b"] == ["ex", ["why", "zed"]]
    (tmp_path / "words.xf.json").write_text("{")
    assert Words(tmp_path, "xf").tree == Words(tmp_path, "xg").tree == english
    assert "words.xf.json: expected words" in caplog.text
    assert "words.xg.json: expected words" in caplog.text
