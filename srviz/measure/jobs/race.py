"""The race of the methods: the records of `srviz.measure.race`, from a plan of the same fields."""

from collections.abc import Iterator

from srviz.jobs import Attachments, Plan, Record
from srviz.measure import race


def run(plan: Plan, attachments: Attachments) -> Iterator[Record]:
    """Race as the plan says; see `srviz.measure.race.race`. It is gone on with by a plan of what is left."""
    return race.race(race.Plan.of({name: value for name, value in plan.items() if name != "job"}))
