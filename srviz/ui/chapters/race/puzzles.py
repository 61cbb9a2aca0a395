"""A puzzle on the race."""

from srviz.attention.methods import ways
from srviz.ui.chapters.race import WORDS
from srviz.ui.chapters.race.run import current
from srviz.ui.kit.puzzle import State, worded

SECOND = 1.0


def slow(state: State) -> bool:
    """A call of a method whose time grows as n² was measured to take a second or more."""
    run, known = current(), ways()
    rows = run.rows.values() if run else ()
    return any(row.method in known and "²" in known[row.method].cost and (row.seconds or 0) >= SECOND for row in rows)


PUZZLES = (worded(WORDS, "slow", {}, slow, {"call": "10", "heads": "16", "upto": "16"}),)
