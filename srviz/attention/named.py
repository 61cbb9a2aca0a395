"""Tables of records by their names, in which no record hides another."""

from collections.abc import Iterable
from typing import Protocol, TypeVar


class Named(Protocol):
    """What has a name for programs and a label for people."""

    @property
    def name(self) -> str:
        """For programs."""

    @property
    def label(self) -> str:
        """For people."""


Record = TypeVar("Record", bound=Named)


def by_name(records: Iterable[Record]) -> dict[str, Record]:
    """Records by their names, in their order. Raises ValueError where two of them have one name, or one label."""
    found: dict[str, Record] = {}
    for record in records:
        for what, own in (("name", record.name), ("label", record.label)):
            if any(getattr(other, what) == own for other in found.values()):
                raise ValueError(f"{what}: expected one that no other record has, got {own!r} twice")
        found[record.name] = record
    return found
