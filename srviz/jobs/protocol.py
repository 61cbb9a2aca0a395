"""What a job and who asks for it say to each other, wherever the job runs."""

import base64
import math
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

Plan = Mapping[str, Any]  # what JSON can hold; plan["job"] is the name of a job in the registry
Record = dict[str, Any]  # what JSON can hold
TROUBLE = "trouble"  # the key of the last record of a job that could not go on: a sentence for people
LAST = 19  # of `Limits.nice`: runs only while nothing else wants to
PROCESS_BYTES = 170 << 20  # of a process with torch in it, before it has done anything; 147 were measured on Linux
OPTIMIZER_BYTES = 230 << 20  # of one with an optimizer, for which torch imports its compiler; 213 were measured
ITEM_BYTES = {"float32": 4, "float64": 8, "int64": 8, "bytes": 1}  # of one entry of each kind of array


@dataclass(frozen=True)
class Packed:
    """An array that crosses between processes.

    kind: a key of `ITEM_BYTES`, which names the type of an entry in numpy and in torch; "bytes" for what is no array.
    shape: of the array. data: its entries in C order, as this machine's processor holds them.
    """

    kind: str
    shape: tuple[int, ...]
    data: bytes | memoryview

    def __post_init__(self) -> None:
        if self.kind not in ITEM_BYTES:
            raise ValueError(f"kind: expected one of {', '.join(ITEM_BYTES)}, got {self.kind!r}")
        expected = ITEM_BYTES[self.kind] * math.prod(self.shape)
        if len(self.data) != expected:
            raise ValueError(f"data: expected {expected} bytes for the shape {self.shape}, got {len(self.data)}")

    @classmethod
    def of_bytes(cls, data: bytes) -> "Packed":
        """Bytes that are no array."""
        return cls("bytes", (len(data),), data)

    def to_json(self) -> dict[str, Any]:
        """As a part of a record, the entries in base64."""
        return {"kind": self.kind, "shape": list(self.shape), "base64": base64.b64encode(self.data).decode("ascii")}

    @classmethod
    def of_json(cls, given: Mapping[str, Any]) -> "Packed":
        """From a part of a record."""
        return cls(given["kind"], tuple(given["shape"]), base64.b64decode(given["base64"]))


Attachments = Mapping[str, Packed]


@dataclass(frozen=True)
class Limits:
    """What a job may take.

    memory_bytes: the most it may hold beyond what its process holds before it begins, and never more than the host has
    left; None for no limit. threads: what the libraries in its process find in their environment. nice: how far other
    processes come first, 0 to `LAST` as the system counts it; at `LAST` this one runs only while no other wants to.
    reused: whether a process that has done another job may do this one, and stay for a next one.
    """

    memory_bytes: int | None = None
    threads: int = 1
    nice: int = 0
    reused: bool = True


Handle = TypeVar("Handle")


class Runner(Protocol[Handle]):
    """A place where jobs run. A handle stands for one job there."""

    def submit(self, plan: Plan, attachments: Attachments, limits: Limits) -> Handle:
        """Begin, or take a place in the line of that place; returns at once.

        Raises MemoryError with a sentence for people where there is too little memory to begin.
        """
        ...

    def records(self, handle: Handle) -> Generator[Record | None, None, None]:
        """What the job says, as it says it, and None at least every 0.1 s while it says nothing.

        Ends when the job is over. Where it could not go on, the last record holds a sentence under `TROUBLE`, and
        under "exit" its exit code where its process ended; what came before stands.
        """
        ...

    def stop(self, handle: Handle) -> None:
        """End the job at once. Nothing happens where it is over."""
        ...
