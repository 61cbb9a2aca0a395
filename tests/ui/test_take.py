"""What is taken away of a figure: every program says the numbers that the page says."""

import ast
import json
import re
import subprocess
import sys
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import torch
from PIL import Image

from srviz.attention.methods import ways
from srviz.inputs import files
from srviz.inputs.pictures import read_picture
from srviz.lab import Spec, Training
from srviz.lab.tasks import apart as family
from srviz.measure import bench
from srviz.measure.plan import Plan, Row
from srviz.ui.chapters import COURSE
from srviz.ui.chapters.clouds import own, scene
from srviz.ui.chapters.clouds import take as clouds_take
from srviz.ui.chapters.photographs import photographs
from srviz.ui.chapters.photographs import take as photographs_take
from srviz.ui.chapters.words import take as words_take
from srviz.ui.kit import program

ROOT = Path(__file__).parents[2]
PACKAGE = "srviz.ui.chapters"
RUNNER = """
import contextlib, io, json, sys
sys.path.insert(0, sys.argv[1])
found = []
for source, names in json.load(sys.stdin):
    space = {"__name__": "__main__"}
    with contextlib.redirect_stdout(io.StringIO()) as said:
        exec(compile(source, "program", "exec"), space)
    values = {name: space.get(name) for name in names}
    values = {name: x.tolist() if hasattr(x, "tolist") else x for name, x in values.items()}
    found.append([values, said.getvalue()])
json.dump(found, sys.stdout)
"""


# -I reads no variable of the environment, so it would not know where byte-code is kept, and compile all of torch
CLEAN = [sys.executable, "-I", *(["-X", f"pycache_prefix={sys.pycache_prefix}"] if sys.pycache_prefix else [])]


def run(programs, folder=None):
    """Run programs in a clean process, in a folder, or one of their own: their variables of some names, and what they
    print.
    """
    command = [*CLEAN, "-W", "error", "-c", RUNNER, str(ROOT)]
    with TemporaryDirectory() as own:  # a program may leave files
        done = subprocess.run(
            command, input=json.dumps(programs), capture_output=True, text=True, timeout=300, cwd=folder or own
        )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def parameters(chapter):
    modules = (
        import_module(f"{PACKAGE}.{chapter}.{path.stem}")
        for path in sorted((ROOT / "srviz/ui/chapters" / chapter).glob("*.py"))
    )
    return [parameter for module in modules for parameter in getattr(module, "PARAMETERS", ())]


def state_of(chapter, query):
    return {p.name: p.read(query[p.name])[0] if p.name in query else p.default for p in parameters(chapter)}


def figures():
    for chapter in COURSE:
        if find_spec(f"{PACKAGE}.{chapter.name}.take"):
            for figure in import_module(f"{PACKAGE}.{chapter.name}.take").FIGURES:
                yield pytest.param(chapter.name, figure, id=f"{chapter.name}-{figure.name}")


def states(chapter, figure):
    """The state of a page as it opens, and of another link; of what is recorded, those for which there is something."""
    both = [state_of(chapter, {}), *([state_of(chapter, figure.second)] if figure.second else [])]
    found = [state for state in both if figure.there(state)]
    assert found, figure.name
    yield from found


def column_of(name, values):
    """What a program has for a column: a variable of its name, or a column of a matrix: x2 is the second of x."""
    if values.get(name) is not None:
        return np.asarray(values[name], dtype=float)
    stem, digits = re.fullmatch(r"(.*?)(\d*)", name).groups()
    assert digits, f"the program has no {name}"
    assert values.get(stem) is not None, f"the program has no {stem}"
    return np.asarray(values[stem], dtype=float)[..., int(digits) - 1]


def same(found, column, name, digits=2e-5):
    """Every row's number; one that belongs to a query or to a key comes again in each of its rows."""
    found = found.ravel()
    times, rest = divmod(len(column), max(found.size, 1))
    assert not rest, f"{name}: {found.size} numbers for {len(column)} rows"
    ways = (np.repeat(found, times), np.tile(found, times))
    off = min(float(np.abs(np.nan_to_num(way - column, nan=0.0)).max(initial=0)) for way in ways)
    assert off <= digits * max(1.0, float(np.nanmax(np.abs(column), initial=0))), f"{name} differs by {off}"


SCRIPTED = [one for one in figures() if one.values[1].script and not one.values[1].checked]


def programs_of(chapter, figure):
    """For each state and variant: the columns of the page, and its program."""
    for state in states(chapter, figure):
        columns = {name: np.asarray(column) for name, column in figure.numbers(state).items()}
        for variant in figure.variants:
            yield columns, figure.script(state).text(variant, "http://localhost:8501/Page?a=1")


def decimals(columns):
    return [name for name, column in columns.items() if column.dtype.kind == "f"]


@pytest.fixture(scope="module")
def done():
    """What every program of every page says: all of them in one clean process."""
    cases = [(one.id, *case) for one in SCRIPTED for case in programs_of(*one.values)]
    names = [[*decimals(columns), *(re.sub(r"\d+$", "", x) for x in decimals(columns))] for _, columns, _ in cases]
    found = run([(source, asked) for (_, _, source), asked in zip(cases, names, strict=True)])
    results = {}
    for (name, columns, source), (values, said) in zip(cases, found, strict=True):
        results.setdefault(name, []).append((columns, source, values, said))
    return results


@pytest.mark.parametrize("name", [one.id for one in SCRIPTED])
def test_every_program_says_what_the_page_says(name, done):
    for columns, source, values, said in done[name]:
        assert len(source.splitlines()) <= program.MOST_LINES, source
        assert all(len(line) <= 125 for line in source.splitlines()), source
        assert said
        assert decimals(columns)
        assert len({len(column) for column in columns.values()}) == 1
        for column in decimals(columns):
            same(column_of(column, values), columns[column].astype(float), column)


def test_a_program_runs_by_itself_and_a_notebook_holds_both(tmp_path):
    _, figure = SCRIPTED[0].values
    script = figure.script(state_of("line", {}))
    file = tmp_path / "program.py"
    file.write_text(script.text("numpy"), "utf-8")
    said = subprocess.run([*CLEAN, file], capture_output=True, text=True, timeout=60, check=True)
    assert said.stdout.startswith("  query   output")
    book = json.loads(program.notebook(script, figure.caption(state_of("line", {}))))
    code = ["".join(cell["source"]) for cell in book["cells"] if cell["cell_type"] == "code"]
    assert "\n".join(code).split() == "".join(script.text(variant) for variant in program.VARIANTS).split()


def checked(figure, state, variant, digits=2e-5):
    """Run one program of a figure whose numbers were measured, and compare what it computes of them."""
    columns = figure.checked(state)
    source = figure.script(state).text(variant)
    assert len(source.splitlines()) <= program.MOST_LINES
    [(values, said)] = run([(source, [*columns, *(re.sub(r"\d+$", "", name) for name in columns)])])
    assert said
    for name, column in columns.items():
        same(column_of(name, values), np.asarray(column, dtype=float), name, digits)


def test_what_a_sweep_of_this_machine_came_to_is_read_again(monkeypatch, tmp_path):
    from srviz import places
    from srviz.ui.chapters.train import recorded

    monkeypatch.setattr(places, "sweeps", lambda: tmp_path)
    for seconds in (False, True):
        lines = (places.RECORDED / "lab" / recorded.RECORDED).read_text("utf-8").splitlines(keepends=True)
        mine = [line for line in lines if '"task": "patches"' in line and '"method": "none"' not in line][:12]
        (tmp_path / "mine.jsonl").write_text("".join(mine), "utf-8")
        state = {"task": "patches", "sweep": "mine.jsonl"} | ({"along": "seconds"} if seconds else {})
        for figure in recorded._figures("sweep mine.jsonl"):
            columns = {name: np.asarray(column) for name, column in figure.numbers(state).items()}
            assert 0 < len(columns["line"]) < len(figure.numbers({"task": "patches"})["line"])
            source = figure.script(state).text("numpy")
            assert "places.sweeps()" in source
            source = source.replace("places.sweeps()", f"__import__('pathlib').Path({str(tmp_path)!r})")
            [(values, said)] = run([(source, decimals(columns))])
            assert said
            for name in decimals(columns):
                same(column_of(name, values), columns[name], name)


def test_a_race_is_read_again_and_run_again(monkeypatch):
    from srviz.ui.chapters.race import memory, take

    race = bench.Run(Plan(methods=("softmax", "relu"), most=1024), {"device": "here"}, over=True)
    how = (1, 4, 32, "float32", "cpu", 2, "s, t, v")  # the shape of the usual plan
    for n in (64, 128, 256, 512, 1024):
        for method, seconds in (("softmax", 1e-9 * n * n), ("relu", 1e-7 * n)):
            race.rows[method, "forward", n] = Row(method, "forward", n, *how, seconds=seconds)
    state = state_of("race", {})
    assert not take.RACE.there(state)
    monkeypatch.setattr(take, "current", lambda: race)
    assert take.RACE.there(state)
    checked(take.RACE, state, "numpy")
    source = (
        take.RACE.script(state)
        .text("torch")
        .replace("largest, batch, heads, d = 1024", "largest, batch, heads, d = 128")
    )
    [(_, said)] = run([(source, [])])
    assert said.count("softmax") == 2  # n = 64 and 128
    assert len(take.RACE.numbers(state)["seconds"]) == 10
    assert not take.MEMORY.there(state)  # nothing was large enough to be seen
    for (method, _, n), row in race.rows.items():
        race.rows[method, "forward", n] = replace(row, peak=4_000_000 + (8 * n * n if method == "softmax" else 900 * n))
    monkeypatch.setattr(memory, "current", lambda: race)
    assert take.MEMORY.there(state)
    checked(take.MEMORY, state, "numpy")
    every = bench.Run(Plan(methods=tuple(ways()), most=1 << 20), over=True)
    for n in (1 << k for k in range(6, 21)):
        for method in ways():
            every.rows[method, "forward", n] = Row(method, "forward", n, *how, seconds=1e-7 * n, peak=123_456 * n)
    with monkeypatch.context() as patch:
        patch.setattr(memory, "current", lambda: every)
        checked(take.MEMORY, state, "numpy")
    numbers = take.MEMORY.numbers(state)
    assert numbers["bytes"][-1] == 4_000_000 + 900 * 1024
    assert numbers["bytes_of_values"][-1] == 4 * 4 * 32 * 1024
    assert json.loads(take.RACE.files(state)[0].make())


def test_a_training_is_done_again_to_the_bit(monkeypatch):
    from srviz.ui.chapters.train import take
    from srviz.ui.chapters.train.run import Watched
    from srviz.ui.kit.training import Lane

    specs = tuple(Spec.usual("solids", method, 1, {"steps": 2, "batch": 4, "n": 32}) for method in ("relu", "softmax"))
    watched = Watched(lanes=[Lane(spec) for spec in specs], bet=0.0, running=False)
    for lane in watched.lanes:
        training = Training(lane.spec)
        lane.losses = [step.loss for step in training.run()]
        lane.weights = training.weights()
    monkeypatch.setattr(take, "current", lambda: watched)
    state = state_of("train", {"task": "solids"})
    checked(take.TRAINING, state, "torch")
    assert [file.name for file in take.TRAINING.files(state)] == [
        "training.json",
        "solids-relu.safetensors",
        "solids-softmax.safetensors",
    ]
    assert take.TRAINING.files(state)[2].make() == watched.lanes[1].weights
    assert len(take.TRAINING.numbers(state)["loss"]) == 4


def test_fits_are_made_again(monkeypatch):
    from srviz.ui.chapters.beside import take

    monkeypatch.setattr(take, "STEPS", 3)
    monkeypatch.setattr(take, "METHODS", {"softmax": None, "relu": None})
    checked(take.FITS, state_of("beside", {"input": "clusters"}), "torch", 1e-4)  # recorded to four digits


PLY = """ply
format ascii 1.0
element vertex {n}
property float x
property float y
property float z
end_header
{points}
"""


def test_what_was_uploaded_is_read_from_a_file(tmp_path, monkeypatch):
    """No file's name and no long text gets into a program: it says where it looks for them."""
    points = np.random.default_rng(0).normal(size=(40, 3)).round(3)
    ply = PLY.format(n=len(points), points="\n".join(" ".join(map(str, point)) for point in points)).encode()
    (tmp_path / "cloud.ply").write_bytes(ply)
    pixels = np.random.default_rng(1).integers(0, 255, (64, 96, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "picture.png")
    text = "a long text, 'with \"all\" marks' \\\\ {and} more. " * 40
    (tmp_path / "text.txt").write_text(text, "utf-8")
    wide = "a,b,c,d,e\n" + "\n".join(",".join(map(str, row)) for row in np.c_[points, points[:, :2] ** 2].round(3))
    (tmp_path / "cloud.csv").write_text(wide, "utf-8")
    clouds_read = {name: own.OwnCloud(files.read(name, data), None, "file") for name, data in (
        ("cloud.ply", ply), ("cloud.csv", wide.encode()),
    )}  # fmt: skip
    for name in ("scene", "answer"):  # of a file of one's own they are kept in the session, of which there is none
        monkeypatch.setattr(scene, name, getattr(scene, f"_make_{name}"))
    picture = photographs.OwnPicture("file", "digest", read_picture((tmp_path / "picture.png").read_bytes()))
    monkeypatch.setattr(photographs_take, "_own", lambda state: picture)
    cloud = state_of("clouds", {"query": "3"}) | {"cloud": own.NAME, "n": 40}
    cases = (
        ("cloud.ply", clouds_take.CLOUD, cloud),
        ("cloud.csv", clouds_take.CLOUD, cloud),  # five coordinates, which no trained model fits
        ("cloud.csv", clouds_take.CLOUD, cloud | {"b": 1.3, "slice": "linear"}),
        ("", photographs_take.PATCHES, state_of("photographs", {"picture": "own", "side": "16"})),
        ("", words_take.SENTENCE, state_of("words", {"seed": "3"}) | {"text": text, "heads": "untrained"}),
    )
    programs = []
    for name, figure, state in cases:
        monkeypatch.setattr(own, "current", lambda name=name: clouds_read.get(name))
        columns = {name: np.asarray(column) for name, column in figure.numbers(state).items()}
        for variant in figure.variants:
            source = figure.script(state).text(variant).replace("cloud.ply", name or "cloud.ply")
            assert len(source.splitlines()) <= program.MOST_LINES
            assert ('"kind": "trained"' in source) == (state["heads"] == "trained" and name != "cloud.csv"), source
            programs.append((columns, source))
    found = run([(source, [*decimals(columns), "x"]) for columns, source in programs], tmp_path)
    for (columns, _), (values, _) in zip(programs, found, strict=True):
        for name in decimals(columns):
            same(column_of(name, values), columns[name].astype(float), name)


def test_a_program_says_which_heads_the_page_really_shows():
    """Where no model fits the tokens the heads are untrained, whatever was chosen."""
    for chapter, query, kind in (
        ("photographs", {}, "trained"),
        ("photographs", {"picture": "digit"}, "untrained"),
        ("words", {}, "trained"),
        ("words", {"unit": "words"}, "untrained"),
        ("beside", {"input": "moons", "heads": "trained"}, "trained"),
        ("beside", {"input": "copy", "heads": "trained"}, "untrained"),
        ("clouds", {"n": "256"}, "trained"),
        ("clouds", {"n": "256", "cloud": "iris"}, "untrained"),
    ):
        figure = import_module(f"{PACKAGE}.{chapter}.take").FIGURES[0]
        script = figure.script(state_of(chapter, query))
        assert script.values["shown"]["kind"] == kind, (chapter, query)


LONG = 'A sentence of one\'s own, which is "long" and goes on. ' * 17
MOVED = {k: (0.1 * k, -0.1 * k) for k in range(12)}


@pytest.mark.parametrize(
    ("chapter", "given"),
    [
        ("beside", {"input": "sentence", "text": LONG}),
        ("kernels", {"input": "sentence", "text": LONG}),
        ("words", {"text": "ひ" * 900}),
        ("crowd", {"target": "own", "f": " + ".join(["mean(sin(y) * 0.25)"] * 6)}),
        ("apart", {"moved": family.written(MOVED), "aimed": family.written(MOVED)}),
    ],
)
def test_no_line_of_a_program_is_too_long(chapter, given, monkeypatch):
    for figure in import_module(f"{PACKAGE}.{chapter}.take").FIGURES:
        if not figure.script or figure.checked:
            continue
        state = state_of(chapter, {}) | given
        for variant in figure.variants:
            source = figure.script(state).text(variant)
            assert all(len(line) <= 125 for line in source.splitlines()), source
            with monkeypatch.context() as patch:
                patch.setattr(program, "folded", lambda lines: lines)
                whole = figure.script(state).text(variant)
            assert ast.dump(ast.parse(source)) == ast.dump(ast.parse(whole))


def test_fitted_models_are_among_the_numbers_of_their_crowds(monkeypatch):
    from srviz.lab.jobs.apart import packed
    from srviz.ui.chapters.apart import apart, take
    from srviz.ui.chapters.apart.run import ContextFits

    state = state_of("apart", {"sequences": "2", "by": "relu_softmax"})
    fits = ContextFits()
    monkeypatch.setattr(take, "current", lambda: fits)
    specs = apart.specs_of(state, apart.task_of(state))
    fits.begin(specs)
    assert not any("fitted" in name for name in take.CROWDS.numbers(state))
    columns = take.CROWDS.numbers(state)
    shape = (3, 2, len(columns["x1"]) // 2, 2)  # after the embedding and two layers
    reached = np.random.default_rng(0).normal(size=shape)
    fits.lanes[0].told.append({"step": 5, "look": {"places": packed(torch.from_numpy(reached)), "silent": []}})
    columns = take.CROWDS.numbers(state)
    assert [name for name in columns if "fitted" in name] == ["relu_fitted1", "relu_fitted2"]
    for k in range(2):
        np.testing.assert_allclose(columns[f"relu_fitted{k + 1}"], reached[-1, ..., k].ravel(), atol=6e-4)


def test_models_of_a_function_are_tested_again_with_more_tokens(monkeypatch):
    from srviz.lab.records import at_sizes
    from srviz.ui.chapters.crowd import sizes
    from srviz.ui.chapters.crowd.run import Lane, Learning

    small = {"steps": 2, "batch": 4, "n": 16, "width": 8, "heads": 2}
    specs = tuple(Spec.usual("crowd:mean(c)", method, 1, small) for method in ("relu", "mean"))
    run_ = Learning(lanes=[Lane(spec) for spec in specs], watched={}, bet="none")
    state = state_of("crowd", {})
    monkeypatch.setattr(sizes, "current", lambda: run_)
    assert not sizes.SIZES.there(state)
    training = Training(specs[1])
    for _ in training.run():
        pass
    run_.lanes[1].sizes = {int(n): found["metric"] for n, found in at_sizes(training).items()}  # the other one diverged
    assert sizes.SIZES.there(state)
    checked(sizes.SIZES, state, "torch")
    assert set(sizes.SIZES.numbers(state)["model"]) == {"mean"}
    assert "4,096" in sizes.SIZES.caption(state)


def test_attention_to_everything_is_computed_again(monkeypatch):
    """By the library's layer, where the page's job goes through the heads one by one."""
    from srviz.measure.everything import everything
    from srviz.ui.chapters.clouds.attend import Attended

    setting = scene.CloudSetting("torus", 300, 5, 0.1, 0.0)
    place = scene.Place(setting, "linear", "cpu")
    attended = Attended(place)
    monkeypatch.setattr(scene, "MOST_DRAWN", 100)
    monkeypatch.setattr(scene, "scene", scene._make_scene)
    monkeypatch.setattr(clouds_take, "attended", lambda: attended)
    state = state_of("clouds", {})
    assert not clouds_take.ATTENDED.there(state)
    shown = scene.scene(*place)
    shape = {"heads": scene.HEADS, "head_dim": scene.HEAD_DIM, "method": "relu", "projection": "linear"}
    kept = torch.from_numpy(shown.drawn)
    stages = everything(torch.from_numpy(shown.tokens.x), **shape, seed=setting.seed, kept=kept)
    attended.outputs = [stage.y.numpy() for stage in stages if stage.y is not None][:3]  # stopped before the last head
    assert clouds_take.ATTENDED.there(state)
    checked(clouds_take.ATTENDED, state, "torch")
    assert list(clouds_take.ATTENDED.numbers(state))[-1] == f"y{3 * scene.HEAD_DIM}"
