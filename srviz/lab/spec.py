"""What is to be trained, as data: a task, what mixes, a seed, and what differs from the usual recipe."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from srviz.lab.mixing import Mixing, mixings
from srviz.lab.task import Recipe, Task
from srviz.lab.tasks import find

MOST_SEED = 2**31 - 1


@dataclass(frozen=True)
class Spec:
    """One run. task, mixing: names. recipe: whole, so that a later change of the usual one does not change a run."""

    task: str
    mixing: str
    seed: int
    recipe: Recipe

    def __post_init__(self) -> None:
        task = find(self.task)
        if not isinstance(self.mixing, str) or self.mixing not in mixings():
            raise ValueError(f"method: expected one of {', '.join(mixings())}, got {str(self.mixing)[:60]!r}")
        if not isinstance(self.seed, int) or isinstance(self.seed, bool) or not 0 <= self.seed <= MOST_SEED:
            raise ValueError(f"seed: expected a whole number from 0 to {MOST_SEED}, got {str(self.seed)[:60]!r}")
        if (self.recipe.readout == "tokens") != task.tokens_asked:
            asked = "tokens" if task.tokens_asked else "mean or class"
            raise ValueError(f"readout: expected {asked}, as {task.title} asks, got {self.recipe.readout}")

    @classmethod
    def usual(cls, task: str, mixing: str, seed: int = 0, changes: Mapping[str, Any] | None = None) -> "Spec":
        """The task's own recipe, with the learning rate of what mixes, and some entries changed. Raises ValueError."""
        return cls(task, mixing, seed, _recipe(task, mixing).changed(changes or {}))

    @classmethod
    def of_json(cls, given: Any) -> "Spec":
        """From what `to_json` wrote, or a person: "recipe" may hold only what differs. Raises ValueError."""
        if not isinstance(given, Mapping):
            raise ValueError(f"run: expected an object with task, method, seed, got {type(given).__name__}")
        unknown = set(given) - {"task", "method", "seed", "recipe"}
        if unknown:
            raise ValueError(f"run: expected task, method, seed and recipe, got {str(min(unknown))[:60]!r}")
        recipe = given.get("recipe", {})
        if not isinstance(recipe, Mapping):
            raise ValueError(f"recipe: expected an object, got {type(recipe).__name__}")
        return cls.usual(given.get("task", ""), given.get("method", ""), given.get("seed", 0), recipe)

    def to_json(self) -> dict[str, Any]:
        """As JSON holds it."""
        return {"task": self.task, "method": self.mixing, "seed": self.seed, "recipe": asdict(self.recipe)}

    def brief(self) -> dict[str, Any]:
        """The same, of its recipe only what differs from the usual one."""
        usual = asdict(_recipe(self.task, self.mixing))
        changed = {name: value for name, value in asdict(self.recipe).items() if value != usual[name]}
        return self.to_json() | {"recipe": changed}

    @property
    def step_bytes(self) -> int:
        """Bytes that a step of this training holds at least: about twenty arrays (batch, n, width) for every layer."""
        recipe = self.recipe
        return 20 * 4 * recipe.batch * recipe.n * recipe.width * recipe.layers

    @property
    def of_task(self) -> Task:
        """The task itself."""
        return find(self.task)

    @property
    def of_mixing(self) -> Mixing:
        """What mixes."""
        return mixings()[self.mixing]


def _recipe(task: str, mixing: str) -> Recipe:
    """The usual recipe of a task for what mixes; what is unknown is refused when a run is made of it."""
    known = mixings().get(mixing) if isinstance(mixing, str) else None
    return find(task).recipe_of(known.tuned_as if known else "")
