"""What a benchmark is asked for and what it answers: its plan and its rows, as they are and as JSON holds them."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import torch

from srviz.attention.engines import use
from srviz.attention.methods import ways

DIRECTIONS = ("forward", "backward")
DTYPES = ("float32", "bfloat16", "float16", "float64")
FLOOR = "floor"


@dataclass(frozen=True)
class Plan:
    """What is raced. least, most: n, in doublings. seconds: the longest that one call may take. memory: bytes that
    may be taken at most, None for what the host or the device has. ended: (method, direction) of what runs no more.
    engine: the one that computes the sliced methods; empty for the one that is chosen by itself.
    """

    methods: tuple[str, ...] = field(default_factory=lambda: tuple(ways()))
    directions: tuple[str, ...] = ("forward",)
    least: int = 64
    most: int = 1 << 18
    batch: int = 1
    heads: int = 4
    d: int = 32
    dtype: str = "float32"
    device: str = "cpu"
    threads: int = 1
    seconds: float = 1.0
    memory: int | None = None
    ended: tuple[tuple[str, str], ...] = ()
    engine: str = ""

    def using(self) -> contextlib.AbstractContextManager[object]:
        """The engine of the plan is in use."""
        return use(self.engine) if self.engine else contextlib.nullcontext()

    def lanes(self) -> list[tuple[str, str]]:
        """(method, direction) of all that run."""
        lanes = [(method, direction) for direction in self.directions for method in self.methods]
        return [lane for lane in lanes if lane not in self.ended]

    def sizes(self) -> list[int]:
        """The n of all points."""
        return [self.least << k for k in range(max(0, self.most // self.least).bit_length())]

    def command(self) -> str:
        """The command that runs this plan."""
        names = ("least", "most", "batch", "heads", "d", "dtype", "device", "threads")
        words = [f"--methods {','.join(self.methods)}", f"--directions {','.join(self.directions)}"]
        words += [*(f"--{name} {getattr(self, name)}" for name in names), f"--seconds {self.seconds:g}"]
        words += [f"--memory {self.memory}"] if self.memory is not None else []
        words += [f"--engine {self.engine}"] if self.engine else []
        return f"python -m srviz.measure.bench {' '.join(words)}"

    @property
    def itemsize(self) -> int:
        """The bytes of one number."""
        return int(getattr(torch, self.dtype).itemsize)

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "Plan":
        """A plan from what JSON holds of `asdict` of it. Raises ValueError where it has no such field."""

        def deep(x: Any) -> Any:
            return tuple(map(deep, x)) if isinstance(x, list) else x

        known = {f.name for f in fields(cls)}
        if not set(given) <= known:
            raise ValueError(f"plan: expected some of {', '.join(sorted(known))}, got {', '.join(sorted(given))}")
        return cls(**{name: deep(x) for name, x in given.items()})


@dataclass(frozen=True)
class Row:
    """One point, or where a method ended and why. Seconds are those of one call: median, quartiles, least and most of
    the samples, each the mean of so many calls; left_out: samples that were disturbed. peak: bytes beyond the inputs;
    returned: of them, what the call returns. All None where the method was stopped; expected: what a call was then
    thought to take. engine: as the plan has it. replayed: the median where a CUDA graph replays the call, while the
    other seconds are of calls that Python makes; not_replayed: why there is none on a device with such graphs.
    """

    method: str
    direction: str
    n: int
    batch: int
    heads: int
    d: int
    dtype: str
    device: str
    threads: int
    inputs: str
    seconds: float | None = None
    lower: float | None = None
    upper: float | None = None
    least: float | None = None
    most: float | None = None
    samples: int | None = None
    left_out: int | None = None
    calls: int | None = None
    peak: int | None = None
    peak_how: str = ""
    returned: int | None = None
    stopped: str = ""
    expected: float | None = None
    engine: str = ""
    replayed: float | None = None
    not_replayed: str = ""

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> "Row":
        """A row from JSON. Raises ValueError where a field is missing, unknown, or not a sane value of its kind."""
        kinds = {f.name: getattr(f.type, "__name__", str(f.type)) for f in fields(cls)}
        given = {"engine": "", "replayed": None, "not_replayed": ""} | dict(given)  # older runs do not have these
        if set(given) != set(kinds):
            raise ValueError(f"row: expected the fields {', '.join(kinds)}, got {', '.join(map(str, given))}")
        for name, value in given.items():
            if not _sane(value, kinds[name]):
                raise ValueError(f"row: expected {kinds[name]} for {name}, got {str(value)[:40]}")
        if given["method"] not in (*ways(), FLOOR) or given["direction"] not in DIRECTIONS:
            raise ValueError(f"row: unknown method or direction {given['method'][:40]}, {given['direction'][:40]}")
        if (given["seconds"] is None) != bool(given["stopped"]) or (given["seconds"] is None) != (
            given["lower"] is None
        ):
            raise ValueError("row: expected either times or why it was stopped")
        return cls(**given)


def _sane(value: object, kind: str) -> bool:
    if value is None:
        return "None" in kind
    if kind.startswith("str"):
        return isinstance(value, str) and len(value) <= 300
    if isinstance(value, bool) or not isinstance(value, int if kind.startswith("int") else int | float):
        return False
    return 0 <= value < 1e18 and (not kind.startswith("float") or value > 0)
