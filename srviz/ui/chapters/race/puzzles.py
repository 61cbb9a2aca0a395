"""A puzzle on the race."""

from srviz.attention.methods import ways
from srviz.ui.chapters.race.run import current
from srviz.ui.kit.puzzle import Puzzle, State

SECOND = 1.0


def slow(state: State) -> bool:
    """A call of a method whose time grows as n² was measured to take a second or more."""
    run, known = current(), ways()
    rows = run.rows.values() if run else ()
    return any(row.method in known and "²" in known[row.method].cost and (row.seconds or 0) >= SECOND for row in rows)


PUZZLES = (
    Puzzle(
        "slow", "A whole second",
        "Find a number of tokens at which one call of an n² method takes a second or more on this machine. Run the "
        "race.",
        {}, slow,
        "Its time grows fourfold when n doubles. The race stops a method whose calls would take too long: say how "
        "long they may take.",
        (("Let a call take up to 10 seconds, with 16 heads and up to n = 65,536. Now run the race.",
          {"call": "10", "heads": "16", "upto": "16"}),),
        "Twice as many tokens cost four times as much. The sorted route takes little more than twice as much.",
    ),
)  # fmt: skip
