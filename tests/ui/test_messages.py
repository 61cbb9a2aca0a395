"""What Python sends to every live component has the keys that its entry module declares, and no other. What a client
says of a page's controls that no browser says leaves them as they are.
"""

import json
import math
import re
from pathlib import Path

import pytest
import streamlit as st
import torch
from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates
from streamlit.testing.v1 import AppTest

from srviz import rooms
from srviz.lab import Spec, Training
from srviz.lab.formula import parse
from srviz.lab.jobs.crowd import learned as learned_function
from srviz.lab.records import records
from srviz.lab.tasks.crowd import MENU
from srviz.measure import bench
from srviz.measure.plan import Plan, Row
from srviz.ui.chapters import COURSE
from srviz.ui.chapters.apart.apart import _untrained as untrained_fit
from srviz.ui.chapters.apart.run import ContextFits
from srviz.ui.chapters.apart.run import Lane as FitLane
from srviz.ui.chapters.crowd.run import Lane as LearningLane
from srviz.ui.chapters.crowd.run import Learning
from srviz.ui.chapters.race import chart
from srviz.ui.chapters.train.run import Watched
from srviz.ui.kit import component, joiner, room, seat, training
from tests.ui.test_pages import open_page

ROOT = Path(__file__).parents[2]
UI = ROOT / "srviz/ui"
ENTRIES = {path.stem: path for path in UI.glob("**/*.js") if "export default" in path.read_text("utf-8")}
PAGES = {  # the queries with which a page sends most, where one is not enough
    "app.py": ({"kernel": "bump"}, {"present": "1"}),
    "pages/1_Two_routes.py": ({"n": "8"},),
    "pages/2_Kernels.py": ({"input": "clusters", "n": "8", "shift": "1"},),
    "pages/3_Slices.py": ({"by": "hand"}, {"by": "mlp"}),
    "pages/4_Beside_softmax.py": ({"n": "8"},),
    "pages/5_Point_clouds.py": ({"n": "200"},),
    "pages/6_Photographs.py": ({"picture": "digit"},),
    "pages/7_Words.py": ({"text": "one two three four five"},),
    "pages/9_Train.py": ({"task": "ink"},),
}
FEEDS = {  # by what is painted: the entry that declares it, and as which type
    "race": ("race", "Feed"), "train": ("train", "Feed"), "apart": ("apart", "Feed"), "crowd": ("crowd", "Feed"),
    "crowd weights": ("crowd", "Trained"),
}  # fmt: skip
INK = component.packed([255] * 28 * 28, "u1")  # of a drawn digit
FEW = {"steps": 2, "batch": 2}
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


def named(kind, types):
    """The object types that a type is made of."""
    return [name for name in re.findall(r"\b[A-Z]\w+\b", kind) if types.get(name)]


def check(value, kind, types, where, path):
    """Compare the keys of a value, and of what is in it, with those that its type declares: the types compared."""
    compared = set()
    for name in named(kind, types):
        if isinstance(value, list | tuple):
            for item in value:
                compared |= check(item, name, types, f"{where}[]", path)
        elif isinstance(value, dict):
            declared = types[name]
            needed = {key for key, (_, optional) in declared.items() if not optional}
            assert needed <= value.keys() <= declared.keys(), f"{path.name}: {name} of {where}"
            compared.add(name)
            for key, (inner, _) in declared.items():
                if key in value:
                    compared |= check(value[key], inner, types, f"{where}.{key}", path)
    return compared


def reached(root, types):
    """A type and all that are in it."""
    found, left = set(), [root]
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += [inner for kind, _ in types[name].values() for inner in named(kind, types)]
    return found


def declared_of(name, data):
    """The entry that declares a message, and as which type."""
    return FEEDS[data["painted"]] if name == "paint" and "stamp" not in data else (name, "Message")


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


def a_race():
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


def learned(run, **how):
    """The same training after its few steps."""
    torch.set_num_threads(1)
    for lane in run.lanes:
        for record in records(Training(lane.spec), looks=1, tests=1, **how):
            lane.take(record)
    run.running = False
    return run


def a_training(task):
    specs = [Spec.usual(task, name, 0, FEW) for name in ("relu", "mean")]
    return learned(Watched(lanes=[training.Lane(spec) for spec in specs], bet=0.0))


def a_function():
    """Models that learned the function that the page of crowds opens with, and were tested at two sizes."""
    watched = {"places": [0.1, 0.5, -1.0, 2.0], "payloads": [0.0, 0.2, -0.4, 1.0]}
    task = f"crowd:{parse(next(iter(MENU.values())).formula).text}"
    specs = [Spec.usual(task, name, 0, FEW) for name in ("relu", "mean")]
    run = Learning(lanes=[LearningLane(spec) for spec in specs], watched=watched, bet="none")
    crowd = [torch.tensor(watched[name]) for name in watched]
    learned(run, watch=lambda model: learned_function(model, task, *crowd))
    for lane in run.lanes:
        lane.sizes = {64: 0.5, 256: 0.4}
    return run


def fits():
    """Models that told once where the tokens are, before their first step."""
    run = ContextFits(
        lanes=[FitLane(Spec.usual("apart:any,sequences=2", name, 0, FEW)) for name in ("relu", "softmax")]
    )
    for lane in run.lanes:
        lane.take(untrained_fit(json.dumps(lane.spec.to_json())))
    return run


SESSIONS = {  # what a session holds while a page sends what it does not send at first
    "pages/8_Race.py": {"_race": a_race},
    "pages/9_Train.py": {"_training": lambda: a_training("ink"), "digit": lambda: {"ink": {"ink": INK}}},
    "pages/11_Crowd.py": {
        "_learning": a_function,
        "from slices": lambda: True,
        "_take crowd-on-a-line": lambda: {"wanted": {"kind": "csv", "link": "", "id": "1"}},
    },
}


def visit(script):
    """Let a page send what it sends, at first and with its queries."""
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120).run()
    for query in PAGES.get(script, ({},)):
        if script != "app.py":
            page.switch_page(script)
        for name, make in SESSIONS.get(script, {}).items():
            page.session_state[name] = make()
        for key, value in query.items():
            page.query_params[key] = value
        page.run()
        assert not page.exception


def in_a_room(monkeypatch):
    """A visitor of a room, to whom its lecturer shows what was answered."""
    store = rooms.InMemory()
    for module in (seat, room):
        monkeypatch.setattr(module, "store", lambda: store)
    code, secret = store.open()
    page = open_page("pages/1_Two_routes.py", room=code)
    page.radio[0].set_value(0).run()
    for offer in page.session_state[seat.SEAT].offers:
        store.reveal(code, secret, offer.topic, True)
    page.run()
    assert not page.exception


def test_messages_have_the_keys_that_are_declared_and_every_type_is_compared(sent, monkeypatch):
    for script in (chapter.script for chapter in COURSE):
        visit(script)
    in_a_room(monkeypatch)
    sent.append(("paint", {"painted": "race"} | chart.measured(a_race())))
    sent += [("paint", run.news()) for run in (a_training("ink"), a_function(), fits())]
    compared = {}
    for name, data in sent:
        entry, root = declared_of(name, data)
        path = ENTRIES[entry]
        compared.setdefault(entry, set()).update(check(data, root, known(path), "data", path))
    roots = {(name, "Message") for name in ENTRIES} | set(FEEDS.values())
    missed = [
        f"{entry}: {name}"
        for entry, root in roots
        for name in reached(root, known(ENTRIES[entry])) - compared.get(entry, set())
    ]
    assert not missed


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


HOSTILE = {  # by kind: what no control says
    "double_value": (math.nan, math.inf, -math.inf, 1e308, -5.5),
    "int_value": (2**62, -(2**62)),
    "string_value": ("abc", "", "7", "\x00", "x" * 40_000),
    "double_array_value": ([], [math.nan], [-math.inf], [1e308], [1, 2], [-1e9]),
    "int_array_value": ([], [3]),
    "string_array_value": (["x"], ["x", "y"], [""] * 3, []),
    "json_value": ("nope", "", "1", "[]", '"a"', "[" * 900 + "]" * 900, '{"a": NaN}'),
    "json_trigger_value": ("nope", "[1]", "{" * 900),
    "trigger_value": (True, False),
    "bool_value": (True, False),
    "bytes_value": (b"\xff",),
    "arrow_value": (b"\xff",),
    "file_uploader_state_value": (None,),
    "string_trigger_value": ("abc",),
    "chat_input_value": ("abc",),
}
MESSAGES = [(kind, value) for kind, values in HOSTILE.items() for value in values]


def said(id, kind, value):
    """The state of a control, as it comes over the wire."""
    state = WidgetState(id=id)
    if isinstance(value, list):
        getattr(state, kind).SetInParent()
        getattr(state, kind).data.extend(value)
    elif value is None:
        getattr(state, kind).SetInParent()
    elif kind in ("string_trigger_value", "chat_input_value", "arrow_value"):
        getattr(state, kind).data = value
    else:
        setattr(state, kind, value)
    return state


def could(metadata, kind, value):
    """Whether a browser could say this of the control: what is typed into it, that it is empty, on, or pressed."""
    if metadata.value_type != kind:
        return False
    if kind == "string_value":
        return metadata.formatted_options is None and len(value) < 1000
    return value == [] if kind == "string_array_value" else kind in (
        "trigger_value", "bool_value", "file_uploader_state_value"
    )  # fmt: skip


def controls(page):
    """All that the session has met, those of a page that was left too: their ids, and what is known of them."""
    return dict(page._session_state._state._new_widget_state.widget_metadata)


def hostile(met, k):
    """A message in which every control says another of the things that it cannot say."""
    states = []
    for number, (id, metadata) in enumerate(sorted(met.items())):
        wrong = [message for message in MESSAGES if not could(metadata, *message)]
        states.append(said(id, *wrong[(k + 5 * number) % len(wrong)]))
    return WidgetStates(widgets=states)


def shown(page):
    kinds = ("slider", "select_slider", "selectbox", "radio", "number_input", "text_area", "checkbox", "toggle")
    return dict(page.query_params), {one.key: one.value for kind in (*kinds, "button_group") for one in page.get(kind)}


def test_every_kind_of_value_is_tried():
    assert HOSTILE.keys() == {field.name for field in WidgetState.DESCRIPTOR.oneofs_by_name["value"].fields}


def test_what_no_browser_says_leaves_every_page_as_it_is():
    """At first, before the session has met the controls, and later. Another session says how the page is."""
    other, page = (AppTest.from_file(str(ROOT / "app.py"), default_timeout=120).run() for _ in range(2))
    for script in (chapter.script for chapter in COURSE):
        for one in (other, page):
            one.switch_page(script)
        before, met = shown(other.run()), controls(other)
        for k in (0, 18):
            page._run(hostile(met, k))
            assert not page.exception, (script, page.exception[0].message)
            assert shown(page) == before, script


@pytest.mark.parametrize(("script", "kind", "name", "value"), [
    ("pages/3_Slices.py", "slider", "n", 31), ("pages/7_Words.py", "text_area", "text", "one two three"),
    ("pages/8_Race.py", "toggle", "recorded", False),
])  # fmt: skip
def test_whatever_is_said_the_page_answers_and_what_is_right_is_heard(script, kind, name, value):
    """Each kind of control is on one of these pages, and is told everything."""
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120).run().switch_page(script).run()
    before, met = shown(page), controls(page)
    for message in MESSAGES:
        states = [said(id, *message) for id, metadata in met.items() if not could(metadata, *message)]
        page._run(WidgetStates(widgets=states))
        assert not page.exception, (message, page.exception[0].message)
        assert shown(page) == before, message
    [one] = (one for one in page.get(kind) if one.key == f"{script}:{name}")
    one.set_value(value).run()
    assert not page.exception
    assert page.query_params[name]
    if live := page._session_state._state._key_id_mapper.get_id_from_key("slices"):
        report = '{"slice": {"id": 1, "epoch": 0, "held": 2}}'
        page._run(WidgetStates(widgets=[said(live, "json_value", report)]))
        assert page.query_params["held"] == "3"
