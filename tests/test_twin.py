"""An identical twin of sliced ReLU, and of a kernel, each one record, is treated like its sibling everywhere."""

import base64
import json
import os
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from srviz.attention import Projections
from srviz.attention.kernels import KERNELS, NamedKernel
from srviz.attention.methods import METHODS, registered
from srviz.inputs import INPUTS
from srviz.inputs.patterns import PATTERNS
from srviz.lab import shown
from srviz.measure.curve import Curve, timing
from srviz.measure.everything import everything
from srviz.measure.fit import Fit
from srviz.measure.plan import Plan
from srviz.measure.race import race
from srviz.measure.samples import DEGREE
from srviz.ui.chapters.kernels import curves
from srviz.ui.kit import row
from tests.attention.signed import SIGNED
from tests.attention.twin import twin_of_relu

HOME = Path(__file__).parents[1]
SEED = "4711"  # of no other test: what the pages cached without the twin is not shown again


@pytest.fixture(autouse=True)
def twin():
    """Registered after its sibling, with ways of its own, a bet on its time among them."""
    with registered(twin_of_relu("twin", "Twin")):
        yield


def open_page(script, **query):
    page = AppTest.from_file(str(HOME / "app.py"), default_timeout=120).run()
    page.switch_page(script)
    page.query_params.update({"seed": SEED} | query)
    page.run()
    assert not page.exception
    return page


def pages_that_know_it():
    """What a server shows that began with the twin in the registry: pages make tables of it when they are read."""
    with registered(twin_of_relu("twin", "Twin")):
        found = {
            "race": open_page("pages/8_Race.py", methods="twin_softmax"),
            "beside": open_page("pages/4_Beside_softmax.py", order="twin", n="16"),
            "train": open_page("pages/9_Train.py"),
            "crowd": open_page("pages/11_Crowd.py", models="twin_relu"),
            "words": open_page("pages/7_Words.py"),
        }
        from srviz.ui.chapters.race import bet

        state = {name: page.session_state["_state"].values for name, page in found.items()}
        print(json.dumps({
            "bets": list(bet.BETS), "raced": state["race"]["methods"], "order": state["beside"]["order"],
            "offered": [option for group in found["beside"].get("button_group") for option in map(str, group.options)],
            "models": state["crowd"]["models"],
        }))  # fmt: skip


def test_pages_that_were_read_with_it_in_the_registry_offer_it():
    done = subprocess.run(
        [sys.executable, "-c", "from tests.test_twin import pages_that_know_it as show; show()"],
        capture_output=True, text=True, timeout=300, cwd=HOME, env=os.environ | {"PYTHONPATH": str(HOME)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["bets"] == ["softmax", "relu"]  # the two that the page's words are about
    assert sorted(found["raced"]) == ["softmax", "twin"]
    assert (found["order"], sorted(found["models"])) == ("twin", ["relu", "twin"])
    assert "all as Twin" in found["offered"]


def test_the_race_gives_it_scores_and_finds_the_same_times():
    plan = Plan(methods=("relu", "twin"), directions=("forward", "backward"), least=2048, most=8192)
    rows = [record["row"] for record in race(plan) if "row" in record]
    last = {(row["method"], row["direction"], row["n"]): row for row in rows}
    for direction in plan.directions:
        sibling, twin = last["relu", direction, 8192], last["twin", direction, 8192]
        assert sibling["inputs"] == twin["inputs"] == "s, t, v"
        assert 1 / 4 < twin["least"] / sibling["least"] < 4  # with its projection it would be 14 times


def test_a_fit_is_the_same_step_by_step():
    tokens = INPUTS["clusters"].make(24, random_state=1)
    x, pattern = torch.from_numpy(tokens.x), torch.from_numpy(PATTERNS["clusters"](tokens))
    sibling, twin = (
        [step.distance for step in Fit(name, x, pattern, steps=8, starts=2).run()] for name in ("relu", "twin")
    )
    assert sibling == twin
    assert len(set(twin)) == 16  # its slice moves


def test_attending_to_everything_is_the_same():
    x = torch.randn(500, 3, generator=torch.Generator().manual_seed(1))
    linear = twin_of_relu("linear twin", "Linear twin", projection="linear", ways=())
    with registered(linear):
        sibling, twin, other = (
            list(everything(x, heads=2, head_dim=4, method=name))[-1].y for name in ("relu", "twin", "linear twin")
        )
        whole = Projections.untrained(3, 2, 4).heads(x, linear).head(1)  # as its record says, by a linear map
    assert torch.equal(sibling, twin)
    torch.testing.assert_close(other, linear.apply(whole), atol=1e-5, rtol=1e-4)
    assert not torch.allclose(other, twin, atol=0.1)


def test_beside_softmax_shows_its_weights_and_its_arithmetic():
    from srviz.ui.chapters.beside import beside

    page = open_page("pages/4_Beside_softmax.py")
    titles = [markdown.value for markdown in page.markdown]
    for title in ("Twin, raw", "Twin, effective"):
        assert any(title in text for text in titles)
    panes = {pane.title: pane for pane in beside.panes.__wrapped__(("clusters", 24, 1, 0, "cpu", "untrained"))}
    sibling, twin = panes["Sliced ReLU, raw"], panes["Twin, raw"]
    np.testing.assert_array_equal(sibling.weights, twin.weights)
    assert (sibling.template, sibling.terms) == (twin.template, twin.terms)


def programs_agree(*names):
    """The programs of Beside softmax have at most 40 lines, and compute these columns of the page."""
    from srviz.ui.chapters.beside import beside, take

    state = {p.name: p.default for p in beside.PARAMETERS} | {"n": 24}
    columns = take.numbers(state)
    for variant in ("numpy", "torch"):
        source = take.script(state).text(variant, "http://localhost:8501/Beside_softmax")
        assert len(source.splitlines()) <= 40
        space = {}
        exec(compile(source, variant, "exec"), space)
        for name in names:
            np.testing.assert_allclose(np.asarray(space[name]).ravel(), columns[name], atol=1e-6)
            np.testing.assert_array_equal(np.asarray(space[name]).shape, np.asarray(space["relu"]).shape)


def test_the_programs_of_beside_softmax_have_its_weights_by_its_record(capsys):
    programs_agree("twin", "twin_effective")
    assert "rows sum to" in capsys.readouterr().out


def test_the_programs_of_beside_softmax_have_room_for_several_more(capsys):
    from srviz.ui.chapters.beside import beside

    more = [replace(SIGNED, name=f"less{k}", label=f"Less {k}") for k in range(3)]
    more += [twin_of_relu(f"more{k}", f"More {k}", rank=9) for k in range(3)]
    with ExitStack() as stack:
        for method in more:
            stack.enter_context(registered(method))
        beside.panes.clear()
        programs_agree("less0", "less2", "more0", "more2", "more2_effective", "twin_effective")
        beside.panes.clear()


def test_what_is_said_of_methods_names_one_more():
    with registered(SIGNED):
        page = open_page("pages/4_Beside_softmax.py", seed="4712")
    assert any(", Linear, Less one. A sliced method" in text.value for text in page.markdown)


def test_point_clouds_show_it():
    page = open_page("pages/5_Point_clouds.py", n="256")
    assert any("**Twin, effective**" in markdown.value for markdown in page.markdown)


def test_a_cloud_has_scores_of_their_own_for_untrained_heads_with_another_map():
    """Beside trained heads of softmax, two that nobody trained are shown with untrained ones, each by its own map."""
    from srviz.ui.chapters.clouds import scene

    one, other = (twin_of_relu(f"at {of}", f"At {of}", projection=of, ways=(), rank=0.5) for of in ("mlp", "linear"))
    with registered(one), registered(other):
        found = scene._make_scene(scene.CloudSetting("torus", 64, 1, 0.0, 0.0), scene.TRAINED, "cpu")
    assert found.trained is not None
    assert found.maps["at mlp"] is found.maps["at linear"]
    assert not torch.equal(found.scores["at mlp"].s, found.scores["at linear"].s)


@pytest.mark.parametrize("script", ["pages/6_Photographs.py", "pages/7_Words.py"])
@pytest.mark.parametrize("projection", ["mlp", "linear"])
def test_rows_that_the_browser_draws_are_its_own_where_it_stands_before_its_sibling(monkeypatch, script, projection):
    """By the rule of its record, on the scores that its record asks for, and checked by its weights."""
    heads, answers = [], []
    head, answer = row.head, row.answer
    monkeypatch.setattr(row, "head", lambda *given: heads.append((given, head(*given))) or heads[-1][1])
    monkeypatch.setattr(
        row, "answer", lambda *given, raw: answers.append((given, answer(*given, raw=raw))) or answers[-1][1]
    )
    row._shared.clear()
    first = twin_of_relu("first", "First", projection=projection, rank=0.5)
    with registered(first):
        open_page(script)
        [((tokens, seed, number, *_), made)] = heads
        sent, sibling = row.constants(made)["methods"][1], row.record(METHODS["relu"], made.parts)
        assert sent == sibling | {"name": "first", "label": "First"}
        expected = first.weights(shown.of(tokens, seed=seed, number=number, method="first"))
    row._shared.clear()
    (_, query), told = answers[-1]
    found = np.frombuffer(base64.b64decode(told["rows"]["first"]), "<f4")
    np.testing.assert_allclose(found, expected[query], atol=1e-6)


def test_a_kernel_of_one_entry_is_offered_drawn_summed_and_timed(monkeypatch):
    tent = replace(KERNELS["bump"], name="tent", label="tent", start="tent")
    monkeypatch.setitem(KERNELS, "tent", tent)
    page = open_page("pages/2_Kernels.py", kernel="tent", n="8")
    assert page.session_state["_state"]["kernel"] == "tent"
    found = {record["name"]: record for record in curves.sent()}
    plain = {key: value for key, value in found["bump"].items() if key not in ("name", "label", "start")}
    assert plain == {key: found["tent"][key] for key in plain}
    drawing = {"nodes": [[-1, 0], [0, 1], [1, 0]], "left": 0, "right": 0}
    assert found["tent"]["start"] == {"label": "tent"} | drawing  # a drawing may begin as it
    s, t, v = (torch.randn(600, *d, generator=torch.Generator().manual_seed(k)) for k, d in enumerate([(), (), (2,)]))
    sibling, twin = (Curve(name, 0.7, (), 0.0, 0.0) for name in ("bump", "tent"))
    assert torch.equal(sibling.sum(s, t, v), twin.sum(s, t, v))
    assert torch.equal(sibling(s), twin(s))
    *_, timed = timing(twin, s, t, v)
    assert timed.sorted_seconds is not None


def test_a_kernel_without_straight_pieces_is_sampled_for_the_browser(monkeypatch):
    bell = NamedKernel(
        "bell", "Cauchy", "1 / (1 + r²)", "1 / (1 + ({s} − {t})²)", "rows", lambda r: 1 / (1 + r.square())
    )
    monkeypatch.setitem(KERNELS, "bell", bell)
    page = open_page("pages/2_Kernels.py", kernel="bell", n="8")
    assert page.session_state["_state"]["kernel"] == "bell"
    [record] = [record for record in curves.sent() if record["name"] == "bell"]
    heights = np.frombuffer(base64.b64decode(record["samples"]["values"]), "<f4")
    ends = np.array(record["samples"]["ends"])
    np.testing.assert_allclose(heights[::DEGREE], 1 / (1 + ends**2), rtol=1e-6)
    s, t, v = torch.randn(600), torch.randn(600), torch.randn(600, 2)
    assert (record["written"], record["dividend"]) == (bell.written, bell.written)  # no sum, no brackets
    monkeypatch.setitem(KERNELS, "bell", replace(bell, name="other", written=f"{bell.written} − 1"))
    assert curves.sent()[-2]["dividend"] == f"({bell.written} − 1)"
    *_, timed = timing(Curve("bell", 1.0, (), 0.0, 0.0), s, t, v)
    assert timed.sorted_seconds is None


@pytest.mark.parametrize("variant", ["numpy", "torch"])
def test_the_program_of_a_kernel_without_straight_pieces_computes_its_curve(monkeypatch, capsys, variant):
    from srviz.ui.chapters.kernels import kernels, take

    bell = NamedKernel(
        "bell", "Cauchy", "1 / (1 + r²)", "1 / (1 + ({s} − {t})²)", "rows", lambda r: 1 / (1 + r.square())
    )
    monkeypatch.setitem(KERNELS, "bell", bell)
    state = {p.name: p.default for p in kernels.PARAMETERS} | {"kernel": "bell", "b": 0.5, "n": 8, "divide": "rows"}
    assert take.caption(state).startswith("The Cauchy kernel on ")
    assert take.caption(state | {"kernel": "drawn"}).startswith("A kernel drawn by hand on ")
    source = take.script(state).text(variant)
    assert "# f(r) = 1 / (1 + r²)" in source
    space = {}
    exec(compile(source, variant, "exec"), space)
    np.testing.assert_allclose(np.asarray(space["w"]).ravel(), take.numbers(state)["w"], atol=1e-6)
    assert "rows sum to" in capsys.readouterr().out
