"""What Python sends to every live component has the keys that its entry module declares, and no other."""

import re
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from srviz.measure import bench
from srviz.measure.race import Plan, Row
from srviz.ui.chapters import COURSE
from srviz.ui.kit import component, joiner

ROOT = Path(__file__).parents[2]
UI = ROOT / "srviz/ui"
ENTRIES = {path.stem: path for path in UI.glob("**/*.js") if "export default" in path.read_text("utf-8")}
PAGES = {  # the queries with which a page sends most, where one is not enough
    "app.py": ({"kernel": "bump"},),
    "pages/1_Two_routes.py": ({"n": "8"},),
    "pages/2_Kernels.py": ({"input": "clusters", "n": "8", "shift": "1"},),
    "pages/3_Slices.py": ({"by": "hand"}, {"by": "mlp"}),
    "pages/4_Beside_softmax.py": ({"n": "8"},),
    "pages/5_Point_clouds.py": ({"n": "200"},),
    "pages/6_Photographs.py": ({"picture": "digit"},),
    "pages/7_Words.py": ({"text": "one two three four five"},),
    "pages/11_Crowd.py": ({"target": "payload"},),
}
HOW = (1, 4, 32, "float32", "cpu", 2, "s, t, v")  # batch, heads, d, and so on


def typedefs(path):
    """The object types of a module: name → {key: (type, whether it may be missing)}."""
    text = path.read_text("utf-8")
    found = {}
    for block in re.findall(r"/\*\*(.*?)\*/", text, re.DOTALL):
        if match := re.search(r"@typedef \{object\} (\w+)", block):
            pairs = re.findall(r"@property \{(.+?)\} (\[?\w+\]?)(?=\s)", block)
            found[match[1]] = {name.strip("[]"): (kind, name.startswith("[")) for kind, name in pairs}
        elif match := re.search(r"@typedef \{\{(.*)\}\} (\w+)", block, re.DOTALL):
            pairs = re.findall(r"(\w+)(\??): ((?:<[^>]*>|\[[^\]]*\]|[^,<\[])+)", match[1])
            found[match[2]] = {name: (kind.strip(), bool(optional)) for name, optional, kind in pairs}
    return found


def known(path):
    """The types of an entry, and those of the modules that it imports where it has none of that name."""
    return {name: keys for module in joiner.modules(path) for name, keys in typedefs(module).items()}


def check(value, kind, types, where, path):
    """Compare the keys of a value, and of what is in it, with those that its type declares."""
    for name in re.findall(r"\b[A-Z]\w+\b", kind):
        if name not in types or not types[name]:
            continue
        if isinstance(value, list):
            for item in value:
                check(item, name, types, f"{where}[]", path)
        elif isinstance(value, dict):
            declared = types[name]
            needed = {key for key, (_, optional) in declared.items() if not optional}
            assert needed <= value.keys() <= declared.keys(), f"{path.name}: {name} of {where}"
            for key, (inner, _) in declared.items():
                if key in value:
                    check(value[key], inner, types, f"{where}.{key}", path)


@pytest.fixture
def sent(monkeypatch):
    """All that is sent meanwhile: (component, data)."""
    messages = []

    def fake(name, **_):
        return lambda data=None, **__: messages.append((name.removeprefix("srviz_"), data))

    component.component.cache_clear()
    monkeypatch.setattr(st.components.v2, "component", fake)
    yield messages
    component.component.cache_clear()


def a_run():
    """A race that came to its end: softmax is overtaken, and stopped."""
    run = bench.Run(Plan(methods=("softmax", "relu"), most=1024), {"device": "here"}, over=True)
    for n in (64, 128, 256, 512):
        for method, seconds in (("softmax", 1e-9 * n * n), ("relu", 2e-7 * n)):
            times = dict.fromkeys(("seconds", "lower", "upper", "least", "most"), seconds)
            run.rows[method, "forward", n] = Row(
                method, "forward", n, 1, 4, 32, "float32", "cpu", 2, "s, t, v", **times
            )
    run.rows["softmax", "forward", 1024] = Row(
        "softmax", "forward", 1024, 1, 4, 32, "float32", "cpu", 2, "s, t, v", stopped="would take 2 s: too long"
    )
    return run


@pytest.mark.parametrize("script", [chapter.script for chapter in COURSE])
def test_messages_have_the_keys_that_are_declared(script, sent):
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120).run()
    for query in PAGES.get(script, ({},)):
        if script != "app.py":
            page.switch_page(script)
        if "Race" in script:
            page.session_state["_race"] = a_run()
        for key, value in query.items():
            page.query_params[key] = value
        page.run()
        assert not page.exception
    assert sent
    for name, data in sent:
        path = ENTRIES[name]
        types = known(path)
        check(data, "Feed" if name == "paint" and "stamp" not in data else "Message", types, "data", path)


def test_every_live_component_declares_its_message():
    assert {
        "line",
        "routes",
        "kernel",
        "slices",
        "figure",
        "paint",
        "heads",
        "patches",
        "words",
        "race",
    } <= ENTRIES.keys()
    for path in ENTRIES.values():
        assert known(path).get("Message"), path.name


def test_what_the_race_feeds_is_declared():
    from srviz.ui.chapters.race import race

    feed = {"painted": "race"} | race._measured(a_run())
    assert feed["crossover"]
    check(feed, "Feed", typedefs(ENTRIES["paint"]), "feed", ENTRIES["paint"])
    types = typedefs(ENTRIES["race"])
    for key in ("lines", "guides", "crossover"):
        check(feed[key], types["Message"][key][0], types, key, ENTRIES["race"])


@pytest.mark.parametrize(
    "change", [lambda d: d.pop("epoch"), lambda d: d.update(extra=1), lambda d: d["answer"].pop("y")]
)
def test_a_key_that_is_missing_or_not_declared_is_found(change, sent):
    AppTest.from_file(str(ROOT / "app.py"), default_timeout=120).run()
    data = next(data for name, data in sent if name == "line")
    change(data)
    path = ENTRIES["line"]
    with pytest.raises(AssertionError, match=r"line\.js"):
        check(data, "Message", typedefs(path), "data", path)
