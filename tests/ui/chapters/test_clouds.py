"""Point clouds as a visitor meets them: rows of weights, clouds and sizes, one's own file, all to all."""

import base64
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import trimesh
from streamlit.testing.v1 import AppTest

from srviz.attention import METHODS, Heads, Projections
from srviz.inputs import CLOUDS
from srviz.lab import trained
from srviz.measure import query as measure
from srviz.measure.everything import Estimate
from srviz.ui.chapters.clouds import attend, clouds, scene
from tests.attention.signed import SIGNED

SHOWN = ("softmax", "relu", "bump")
ROOT = Path(__file__).parents[3]


def open_page(**query):
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    page.run()
    page.switch_page("pages/5_Point_clouds.py")
    for name, value in ({"heads": "untrained"} | query).items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    return page


def numbers(text, kind=np.float32):
    return np.frombuffer(base64.b64decode(text), kind)


def sent(page, component):
    """What the page sent to each of its live components of this name."""
    found = [element.proto for element in page.get("bidi_component")]
    return [json.loads(proto.json) for proto in found if proto.component_name == f"srviz_{component}"]


def painted(page, name):
    """What the browser was told to change: {(trace, path): value}."""
    [paint] = [data for data in sent(page, "paint") if data["painted"] == name]
    return {
        (trace, path): numbers(value["f4"]) if isinstance(value, dict) else value
        for trace, path, value in paint["changes"]
    }


def says(page):
    return " ".join([text.value for text in page.markdown] + [text.value for text in page.caption])


def less_mean(heads, *, effective=True):
    """The weights of `SIGNED` where the values are centred."""
    raw = SIGNED.weights(heads)
    return raw - raw.mean(-1, keepdim=True) if effective else raw


CENTRED = replace(SIGNED, name="centred", centred=True, weights=less_mean)
WHOLE = replace(
    SIGNED, name="whole", terms=lambda heads: replace(SIGNED.terms(heads), divisor=1),
    weights=lambda heads, **_: 12 * SIGNED.weights(heads),
)  # fmt: skip


@pytest.mark.parametrize("method", [*METHODS.values(), SIGNED, CENTRED, WHOLE], ids=lambda method: method.name)
def test_what_is_written_out_for_a_key_is_its_weight_in_shares(method):
    draw = torch.Generator().manual_seed(3)
    q, k = torch.randn(1, 4, generator=draw), torch.randn(12, 4, generator=draw)
    s, t = torch.tensor([-0.25]), torch.randn(12, generator=draw)
    one = Heads(s=s, t=t) if method.projection else Heads(q, k)
    text, terms = scene.even_share(method, one)
    read = text.split("\n", 1)[1].replace("\n", " ").split(" = ")[-1]
    for sign, python in (("−", "-"), ("·", "*"), ("²", "**2")):
        read = read.replace(sign, python)
    read = re.sub(r"\|(.*?)\|", r"abs(\1)", re.sub(r"\{(\w+)\}", r"\1", read))
    words = {"exp": torch.exp, "relu": torch.relu, "abs": torch.abs, "max": lambda _, x: x.relu()}
    found = eval(read, {"__builtins__": {}}, words | terms | {"t": t})
    np.testing.assert_allclose(found, measure.row(method, one) * 12, rtol=0.05, atol=0.05)
    assert "− −" not in text


@pytest.fixture
def npy():
    """A cloud as a file of three columns."""
    return array(np.random.default_rng(0).normal(size=(700, 3)))


def array(values):
    file = io.BytesIO()
    np.save(file, values)
    return file.getvalue()


def upload(page, name, data):
    page.file_uploader[0].set_value((name, data, "application/octet-stream")).run()
    assert not page.exception
    return page


def press(page, label):
    next(button for button in page.button if button.label == label).click().run()
    assert not page.exception
    return page


@pytest.mark.parametrize("projection", ["mlp", "linear"])
def test_the_colours_are_the_rows_of_the_methods(projection):
    page = open_page(cloud="torus", n="256", query="40", head="3", seed="2", slice=projection, b="0.7")
    x = torch.from_numpy(CLOUDS["torus"].make(256, random_state=2).x)
    heads = Projections.untrained(3, scene.HEADS, scene.HEAD_DIM, seed=2).heads(x, projection=projection)
    s, t = heads.scores
    spread = ((s.var(-1, correction=0) + t.var(-1, correction=0)) / 2 + (s.mean(-1) - t.mean(-1)).square() / 4).sqrt()
    for method in scene.methods():
        scale = 0.7 * spread[..., None]
        weights = method.weights(replace(heads, s=s / scale, t=t / scale))
        colours = painted(page, f"cloud {method.name}")[0, "marker.color"]
        np.testing.assert_allclose(colours, 256 * weights[2, 39].numpy(), atol=2e-4, rtol=1e-3)


def test_trained_heads_are_those_of_each_methods_own_model():
    page = open_page(cloud="torus", n="256", query="40", head="3", seed="2", heads="trained")
    x = torch.from_numpy(CLOUDS["torus"].make(256, random_state=2).x)
    for method in scene.methods():
        maps = trained.find("solids", method.name).projections()
        width = 1.0 if maps.bandwidths is None else float(maps.bandwidths[2])
        weights = method.weights(replace(maps.heads(x, method).head(2), bandwidth=width))
        colours = painted(page, f"cloud {method.name}")[0, "marker.color"]
        np.testing.assert_allclose(colours, 256 * weights[39].detach().numpy(), atol=2e-3, rtol=2e-3)
    assert "trained on “Solids”" in says(page)
    assert "untrained, from seed" not in says(page)
    sizes = {slider.label: slider.disabled for slider in page.slider}
    assert sizes["Bandwidth b of the bump"]


def test_a_cloud_that_nothing_was_trained_on_has_untrained_heads():
    page = open_page(cloud="iris", heads="trained")
    assert "The heads are untrained" in says(page)


def test_a_click_sends_colours_and_no_positions():
    page = open_page(n="512", query="3")
    before, paints = sent(page, "figure"), sent(page, "paint")
    page.query_params["query"] = "300"
    page.run()
    clouds_before, clouds_after = ([data for data in run if data["painted"]] for run in (before, sent(page, "figure")))
    assert clouds_before == clouds_after
    assert paints != sent(page, "paint")


def test_at_most_30_000_are_drawn_and_all_attended_to():
    query = int(np.setdiff1d(np.arange(65536), scene.drawn(65536, 4))[-1])
    page = open_page(n="65536", query=str(query + 1))
    assert "30,000 keys are drawn, and the query attends to all 65,536." in says(page)
    [data] = [data for data in sent(page, "figure") if data["painted"] == "cloud relu"]
    tokens = numbers(data["points"], np.int32)
    assert len(tokens) == 29_999
    assert len(painted(page, "cloud relu")[0, "marker.color"]) == 29_999
    assert (np.diff(tokens) > 0).all()
    assert np.diff(tokens).max() < 6


def test_the_level_set_is_that_of_the_querys_score():
    page = open_page(n="1024", query="10")
    paint = painted(page, "cloud bump")
    assert paint[3, "isomin"] == paint[3, "isomax"]
    assert f"has the score {paint[3, 'isomin']:.2f}.".replace("-", "−") in says(page)
    assert paint[3, "visible"] is True
    page = open_page(n="1024", query="10", level="0")
    assert painted(page, "cloud bump")[3, "visible"] is False


def test_a_cloud_of_many_columns_rings_the_nearest_in_score_instead():
    page = open_page(cloud="wine")
    assert "Each token has 13 numbers." in says(page)
    assert "This cloud has 178 points." in says(page)
    paint = painted(page, "cloud relu")
    assert (3, "isomin") not in paint
    assert len(paint[2, "x"]) == scene.RINGED
    assert len(painted(page, "cloud softmax")[2, "x"]) == 0


def test_a_blank_pane_says_why():
    """Query 1 of this head lies left of every key; and no key lies within so small a bandwidth."""
    page = open_page(cloud="torus", n="512", head="3", query="1", b="0.1")
    for name, reason in (("relu", "no key lies below the query"), ("bump", "no key lies within b = 0.10 of the query")):
        assert not painted(page, f"cloud {name}")[0, "marker.color"].any()
        [paint] = [data for data in sent(page, "paint") if data["painted"] == f"cloud {name}"]
        assert paint["arithmetic"]["idle"] == f"This map is blank: {reason}, so the query attends to nothing."
        assert paint["alt"].endswith(paint["arithmetic"]["idle"])
    assert says(page).count("keys nearest in space to the query receive") == 1
    page = open_page(cloud="torus", n="512", head="3", query="137", b="0.5")
    assert "This map is blank" not in str(sent(page, "paint"))
    assert says(page).count("The 51 keys nearest in space to the query receive") == 3
    assert says(page).count("of the sum of all |weights|. If all keys counted alike, they would receive 0.10.") == 1


@pytest.mark.parametrize("cloud", ["torus", "cube"])
def test_another_number_of_points_keeps_the_query_where_it_was(cloud):
    page = open_page(cloud=cloud, n="4096", query="1234")
    for n in (8192, 256):
        before = np.array(sent(page, "paint")[0]["mark"])
        page.select_slider[0].set_value(n).run()
        assert not page.exception
        place = CLOUDS[cloud].make(n, random_state=4).place
        nearest = int(np.square(place - before).sum(1).argmin())
        np.testing.assert_allclose(sent(page, "paint")[0]["mark"], place[nearest], atol=1e-6)
        assert page.query_params["query"] == str(nearest + 1)
        assert page.number_input[0].value == nearest + 1


def test_a_link_and_another_seed_keep_the_querys_number():
    page = open_page(n="1024", query="700")
    page.query_params["n"] = "512"
    page.run()
    assert page.number_input[0].value == 512
    page.query_params |= {"n": "2048", "query": "700"}
    page.run()
    assert page.number_input[0].value == 700
    page.number_input[1].set_value(9).run()
    assert page.number_input[0].value == 700


@pytest.mark.parametrize("name", CLOUDS)
def test_every_cloud(name):
    page = open_page(cloud=name, n="256", query="9999")
    assert page.selectbox[0].value == name
    assert np.isfinite(painted(page, "cloud relu")[0, "marker.color"]).all()
    assert "untrained" in says(page)


def test_one_scale_for_all_where_asked():
    tops = [painted(open_page(n="256", head="1", scale="shared"), f"cloud {name}")[0, "marker.cmax"] for name in SHOWN]
    assert len(set(tops)) == 1
    tops = [painted(open_page(n="256", head="1"), f"cloud {name}")[0, "marker.cmax"] for name in SHOWN]
    assert len(set(tops)) == 3


def test_a_size_that_is_none_is_the_nearest():
    page = open_page(n="3000")
    assert page.select_slider[0].value == 4096
    assert any("n = 4096" in caption.value for caption in page.caption)


def test_the_query_is_one_that_the_cloud_has():
    page = open_page(cloud="iris", query="9999")
    assert any("query = 150" in caption.value for caption in page.caption)
    page.number_input[0].set_value(7).run()
    assert page.query_params["query"] in ("7", ["7"])
    assert "Token 7 has the score" in says(page)


def test_sizes_are_what_the_host_grants(monkeypatch):
    monkeypatch.setattr(clouds.host, "granted", lambda: clouds.BESIDE_BYTES + (200 << 20))
    sizes = clouds.offered.__wrapped__()
    assert 256 in sizes
    assert 1_000_000 not in sizes
    monkeypatch.setattr(clouds.host, "granted", lambda: 8 << 30)
    assert clouds.offered.__wrapped__() == clouds.SIZES


def test_ones_own_file_is_looked_at_and_then_used(npy):
    page = upload(open_page(n="256"), "mine.npy", npy)
    assert page.selectbox[0].value == clouds.FIRST
    assert [text.value for text in page.text][:2] == ["mine.npy", "700 points"]
    press(page, "Use this cloud")
    assert page.selectbox[0].value == "own"
    assert page.query_params["cloud"].startswith("own-")
    page.select_slider[0].set_value(1024).run()
    assert "All 700 keys are drawn." in says(page)
    press(page, "Remove this cloud")
    assert page.selectbox[0].value == clouds.FIRST
    assert "own" not in page.selectbox[0].options
    assert [text.value for text in page.text][:2] == ["mine.npy", "700 points"]  # its file stands there still


def test_a_tenth_of_few_points_is_one_key():
    page = upload(open_page(), "few.npy", array(np.random.default_rng(2).normal(size=(9, 3))))
    press(page, "Use this cloud")
    assert "The key nearest in space to the query receives " in says(page)
    assert "keys nearest" not in says(page)


def test_a_mesh_is_sampled_on_its_surface():
    data = trimesh.creation.icosphere(subdivisions=2).export(file_type="ply")
    page = press(upload(open_page(n="1024"), "ball.ply", data), "Use this cloud")
    assert "All 1,024 keys" in says(page)
    mine = page.session_state["_own"].tokens(1024, 0)
    assert np.ptp(np.linalg.norm(mine.place, axis=1)) < 0.2


def test_columns_are_chosen_by_name():
    draw = np.random.default_rng(1).normal(size=(60, 5))
    table = "\n".join(["a,b,<b>c</b>,d,word", *(",".join(map(str, [*row[:4], "x"])) for row in draw)])
    page = upload(open_page(), "table.csv", table.encode())
    columns = page.multiselect[0]
    assert list(columns.options) == ["a", "b", "<b>c</b>", "d"]
    columns.set_value(["a"]).run()
    assert "Two columns or more" in says(page)
    page.multiselect[0].set_value(["a", "<b>c</b>", "d"]).run()
    press(page, "Use this cloud")
    assert page.session_state["_own"].columns == ("a", "<b>c</b>", "d")
    assert "The blue surface shows where" in says(page)
    assert page.session_state["_own"].tokens(60, 0).x.shape == (60, 3)


def test_a_file_that_cannot_be_used_changes_nothing(npy):
    page = press(upload(open_page(n="256", head="2"), "mine.npy", npy), "Use this cloud")
    upload(page, "broken.ply", b"ply\nformat ascii 1.0\nelement vertex 1000000000\n")
    assert [error.value for error in page.error] == ["This file cannot be used."]
    assert page.selectbox[0].value == "own"
    assert next(c for c in page.segmented_control if c.label == "Head").value == 2
    assert "256" in says(page)


@pytest.mark.parametrize("link", ["own", "own-01234567"])
def test_a_link_to_a_file_that_is_not_in_memory_gives_a_cloud_and_says_why(link):
    page = open_page(cloud=link, n="3000")
    assert page.selectbox[0].value == clouds.FIRST
    [note] = [caption.value for caption in page.caption if "link" in caption.value]
    assert note.startswith("This link names an uploaded file that is not in memory.")
    assert note.endswith("Shown instead: n = 4096.")
    next(c for c in page.segmented_control if c.label == "Head").set_value(2).run()
    assert not any("link" in caption.value for caption in page.caption)


def test_the_link_of_one_file_shows_no_other(npy):
    page = press(upload(open_page(n="256"), "mine.npy", npy), "Use this cloud")
    first = page.query_params["cloud"]
    press(upload(page, "other.npy", array(np.random.default_rng(1).normal(size=(600, 3)))), "Use this cloud")
    second = page.query_params["cloud"]
    page.query_params["cloud"] = first
    page.run()
    assert page.selectbox[0].value == clouds.FIRST
    assert "not in memory" in says(page)
    assert "In memory: other.npy" in [text.value for text in page.text]
    page.query_params["cloud"] = second
    page.run()
    assert page.selectbox[0].value == "own"
    assert "In use: other.npy" in [text.value for text in page.text]


def test_a_session_holds_one_file(npy):
    page = open_page(n="256")
    for number in range(3):
        data = array(np.random.default_rng(number).normal(size=(600, 3)))
        press(upload(page, f"cloud {number}.npy", data), "Use this cloud")
    assert page.session_state["_own"].upload.title == "cloud 2.npy"
    assert "_looked" not in page.session_state
    page.file_uploader[0].set_value(None).run()
    assert page.selectbox[0].value == "own"
    press(page, "Remove this cloud")
    assert "_own" not in page.session_state
    assert page.selectbox[0].value == clouds.FIRST


def test_a_browser_that_still_names_a_removed_cloud_gets_another(npy):
    page = press(upload(open_page(n="256"), "mine.npy", npy), "Use this cloud")
    del page.session_state["_own"]
    page.run()
    assert not page.exception
    assert page.selectbox[0].value == clouds.FIRST


def test_attend_to_everything_measures_both():
    page = press(open_page(n="512"), "Attend to everything")
    run = page.session_state["_run"]
    assert (run.heads, run.rows, run.running) == (scene.HEADS, 512, False)
    assert run.seconds > 0
    assert run.taken > 0
    assert run.peak > 50e6
    assert run.colours.shape == (512, 3)
    assert "Written out: **1.0 MB** of weights for each head." in says(page)
    assert "Only the first was timed, just now." in says(page)
    assert "The process took at most" in says(page)
    assert "cloud output" in [data["painted"] for data in sent(page, "figure")]


def test_memory_that_the_system_does_not_tell_is_not_shown():
    page = open_page(n="256")
    run = page.session_state["_run"]
    run.heads, run.seconds, run.peak, run.colours = 4, 0.5, 0, np.zeros((256, 3), np.float32)
    page.run()
    assert "**500.0 ms**, the projections of all tokens included.  " in says(page)
    assert "The process took at most" not in says(page)


def test_softmax_that_would_take_long_is_estimated_and_not_run(monkeypatch):
    monkeypatch.setattr(attend, "PATIENCE_SECONDS", 0.0)
    page = press(open_page(n="512"), "Attend to everything")
    run = page.session_state["_run"]
    assert run.rows == 0
    assert len(run.estimate.measured) == 4
    run.estimate = Estimate(32_400.0, 4_000_000_000_000, (512, 4096), (0.01, 0.6))
    page.run()
    told = says(page)
    assert "**about 9.0 h**, in memory that grows as n.  \nWritten out: **1.0 MB** of weights" in told
    assert "All 4 heads would take 4.0 TB." in says(page)
    assert "just now for n = 512 … 4,096, and is continued from there in proportion to n²." in says(page)


def test_softmax_that_was_stopped_says_how_far_it_came():
    page = open_page(n="256")
    run = page.session_state["_run"]
    run.estimate, run.rows, run.taken = Estimate(3.0, 10**9, (512, 4096), (0.01, 0.6)), 100, 1.5
    page.run()
    assert "Fused, which never holds all weights at once: **about 3.00 s**" in says(page)
    assert "Stopped after 100 of 256 queries, 1.50 s." in says(page)


def test_what_was_stopped_is_kept_and_goes_on(monkeypatch):
    """Stopped after two heads: those are not done again, and the colours at the end are those of a run in one go."""
    page = press(open_page(n="256"), "Attend to everything")
    whole = page.session_state["_run"]
    stopped = attend.Attended(whole.place, heads=2, seconds=0.5, peak=10**8, outputs=whole.outputs[:2])
    stopped.colours = whole.colours
    page.session_state["_run"] = stopped
    page.run()
    assert "Stopped after 2 of 4 heads." in says(page)
    heads, take = [], attend.Attended.take

    def watched(run, record):
        heads.extend([record["heads"]] if "colours" in record else [])
        take(run, record)

    monkeypatch.setattr(attend.Attended, "take", watched)
    press(page, "Go on")
    run = page.session_state["_run"]
    assert heads == [3, 4]
    assert (run.heads, run.rows, run.running) == (scene.HEADS, 256, False)
    assert run.seconds > 0.5
    np.testing.assert_array_equal(run.colours, whole.colours)


def test_work_that_another_control_interrupts_goes_on_by_itself():
    page = open_page(n="256")
    page.session_state["_run"].running = True
    page.run()
    assert not page.exception
    assert page.session_state["_run"].heads == scene.HEADS
    assert not page.session_state["_run"].running


def test_work_that_cannot_go_on_says_why_and_keeps_what_it_has(monkeypatch):
    page = press(open_page(n="256"), "Attend to everything")
    run = page.session_state["_run"]
    run.heads, run.outputs = 2, run.outputs[:2]

    def stream(*plan):
        yield {"on": "CPU, 2 threads"}
        yield {"trouble": "The system ended the process of this work: out of memory.", "exit": -9}

    monkeypatch.setattr(attend.jobs, "stream", stream)
    page.run()
    press(page, "Go on")
    assert [warning.value for warning in page.warning] == ["The system ended the process of this work: out of memory."]
    assert run.heads == 2
    assert "Stopped after 2 of 4 heads." in says(page)


def test_what_does_not_fit_is_refused_before_it_is_tried(monkeypatch):
    monkeypatch.setattr(attend.host, "available", lambda: 90 << 20)
    page = open_page(n="256")
    assert "94 MB are left on this host" in says(page)
    assert "Attend to everything" not in [button.label for button in page.button]


def test_what_does_not_fit_is_offered_smaller(monkeypatch):
    monkeypatch.setattr(attend.host, "available", lambda: 250 << 20)
    page = open_page(n="65536")
    assert "65,536 tokens of 3 numbers would take up to" in says(page)
    press(page, "Take 16,384 points instead")
    assert page.query_params["n"] in ("16384", ["16384"])
    assert "Attend to everything" in [button.label for button in page.button]
