"""How many steps a model needs until every answer is right: the runs of a plan, one after the other, into one file."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from srviz.lab import contexts
from srviz.lab.look import silent
from srviz.lab.results import where, write
from srviz.lab.spec import Spec
from srviz.lab.tasks import apart
from srviz.lab.train import Diverged, Training, one_thread

FORMAT = "srviz until 1"
EVERY = 10  # steps between two looks at the answers


def until(spec: Spec) -> dict[str, Any]:
    """Train on one thread until every answer is right, at most to the end of the recipe.

    {"run", "until": the step, None where it was never reached, "steps": that were done, "seconds", "right": the share
    of right answers at the end, "heads", "silent": how many there are, and how many of them are silent at the end}, and
    for contexts "distance", the smallest between two of them. A run whose loss is no number any more has no answers
    then: {"diverged": at which step, "right": 0}, and nothing of its heads.
    """
    found: int | None = None
    with one_thread():
        training = Training(spec)
        try:
            for step in training.run():
                if step.number % EVERY == 0 and training.test().accuracy == 1:
                    found = step.number
                    break
            with training.diverging():
                heads, still = silent(training.model, training.data.test(spec.recipe.n))
            ended = {"right": round(training.test().accuracy, 4), "heads": heads, "silent": still}
        except Diverged as error:
            ended = {"right": 0.0, "diverged": error.step}
        result = {"run": spec.to_json(), "until": found, "steps": training.done, **ended}
        result["seconds"] = round(training.seconds, 2)
        if isinstance(training.data, apart.Crowds):
            result["distance"] = contexts.smallest(training.data.contexts)
        return result


def record(
    specs: Sequence[Spec], path: Path, command: str, note: str = "", tell: Callable[[str], object] = print
) -> None:
    """Do what is missing of these runs in a file, which is written anew, as a whole, after each of them.

    Raises ValueError, with a sentence, where the file is another one.
    """
    done = {Spec.of_json(one["run"]): one for one in read(path)["runs"]} if path.exists() else {}
    for number, spec in enumerate(specs, 1):
        if spec in done:
            continue
        done[spec] = until(spec)
        runs = [done[one] for one in specs if one in done]
        held = {"format": FORMAT, "command": command, "note": note, "where": where(), "runs": runs}
        write(path, f"{json.dumps(held)}\n".encode())
        said = done[spec]["until"]
        tell(f"{number} of {len(specs)}: {spec.task} {spec.mixing} seed {spec.seed}: {said or 'never'}")


def read(path: Path) -> Mapping[str, Any]:
    """Such a file. Raises ValueError, with a sentence, for another one."""
    try:
        held = json.loads(path.read_text("utf-8"))
        good = held["format"] == FORMAT and isinstance(held["runs"], list)
    except (ValueError, KeyError, TypeError, RecursionError):
        good = False
    if not good:
        raise ValueError(f"{path.name}: expected what `python -m srviz.lab until` wrote")
    found: Mapping[str, Any] = held
    return found
