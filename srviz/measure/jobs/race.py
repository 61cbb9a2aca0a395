"""The race of the methods: the records of `srviz.measure.race`, from a plan of the same fields."""

from collections.abc import Iterator

from srviz import jobs
from srviz.measure.plan import Plan
from srviz.measure.race import race


def run(plan: jobs.Plan, attachments: jobs.Attachments) -> Iterator[jobs.Record]:
    """Race as the plan says; see `srviz.measure.race.race`. It is gone on with by a plan of what is left."""
    return race(Plan.of({name: value for name, value in plan.items() if name != "job"}))
