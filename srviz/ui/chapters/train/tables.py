"""Tables of what is recorded: the learning rates that were tried, and trained models at other numbers of tokens."""

from collections.abc import Sequence
from statistics import mean

from srviz.lab import Task
from srviz.lab.mixing import mixings
from srviz.lab.summary import RunGroup, best_lines
from srviz.numbers import decimal
from srviz.ui.chapters.train import WORDS


def rates(found: Sequence[RunGroup]) -> list[dict[str, str]]:
    """A row for each method and a column for each learning rate, in the cells the metric; the best of a row is bold."""
    best = {mixing: line for (_, mixing), line in best_lines(found).items()}
    columns = sorted({line.recipe.rate for line in found})
    cells = {(line.mixing, line.recipe.rate): _cell(line, best.get(line.mixing) is line) for line in found}
    return [
        {WORDS("recorded.method"): mixings()[mixing].label}
        | {f"{rate:g}": cells.get((mixing, rate), WORDS("recorded.untried")) for rate in columns}
        for mixing in dict.fromkeys(line.mixing for line in found)
    ]


def _cell(line: RunGroup, best: bool) -> str:
    if not line.values:
        return WORDS("recorded.diverged")
    text = decimal(line.mean, ".3f")
    return f"**{text}**" if best else text


def sizes(found: Sequence[RunGroup], task: Task) -> list[dict[str, str]]:
    """A row for each method and a column for each number of tokens, in the cells the mean of the metric over the seeds.

    The column of the tokens that the models learned from is marked. Nothing where no other number was tested.
    """
    tested = {line.mixing: [result["sizes"] for result in line.results if "sizes" in result] for line in found}
    columns = [n for n in task.sizes if any(str(n) in sizes for seeds in tested.values() for sizes in seeds)]
    if len(columns) < 2:
        return []

    def cell(seeds: Sequence[dict[str, dict[str, float]]], n: int) -> str:
        values = [seed[str(n)]["metric"] for seed in seeds if str(n) in seed]
        return decimal(mean(values), ".3f") if values else WORDS("recorded.untried")

    return [
        {WORDS("recorded.method"): mixings()[mixing].label}
        | {WORDS(f"recorded.tokens.{'own' if n == task.recipe.n else 'other'}", n=n): cell(seeds, n) for n in columns}
        for mixing, seeds in tested.items()
    ]
