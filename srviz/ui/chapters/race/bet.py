"""The bet: how the times of two methods grow with n, as a visitor thinks before they are measured."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from srviz.attention import METHODS
from srviz.attention.method import Way
from srviz.attention.methods import ways
from srviz.ui.chapters.race import WORDS
from srviz.ui.kit import url

PLACES = (6, 10, 14, 18)  # n of a bet, powers of two
BET_AT = tuple(1 << k for k in PLACES)
CROSSINGS = (  # where a bet says that sorting overtakes: a choice for each place, and none
    WORDS("asked.upTo", at=BET_AT[0]),
    *(WORDS("asked.between", below=below, at=at) for below, at in pairwise(BET_AT)),
    WORDS("asked.nowhere"),
)
ASKED = WORDS("asked.text")


def asked(known: Mapping[str, Way]) -> tuple[str, str]:
    """The two that the bet is about: of the ways that one can bet on, the first in n² and the first that is faster.

    The page asks from which n on sorting is faster, which is a question about two lines, however many could be bet on.
    """
    growths = {name: way.growth for name, way in known.items() if way.bet}
    slow = next(name for name, growth in growths.items() if growth == 2)
    return slow, next(name for name, growth in growths.items() if growth < growths[slow])


SLOW, FAST = asked(ways())
BETS = {name: ways()[name].bet for name in (SLOW, FAST)}  # at first in proportion to n


def crossing(state: url.State | dict[str, Any]) -> int | None:
    """Which of `CROSSINGS` the lines of a bet say; None as long as nobody has moved them."""
    if all(tuple(state[name]) == tuple(bet) for name, bet in BETS.items()):
        return None
    faster = [fast < slow for slow, fast in zip(state[SLOW], state[FAST], strict=True)]
    return faster.index(True) if True in faster else len(BET_AT)


def whole(values: dict[str, Any]) -> dict[str, Any]:
    """A bet has a number at each of its places."""
    return {
        name: (*values[name], *bet)[: len(bet)] if len(values[name]) == len(bet) else bet for name, bet in BETS.items()
    }


def in_a_sentence(name: str) -> str:
    """The name of the method that is raced in this way, as it stands within a sentence."""
    label = next(method.label for method in METHODS.values() if name in {way.name for way in method.raced})
    return label[:1].lower() + label[1:]
