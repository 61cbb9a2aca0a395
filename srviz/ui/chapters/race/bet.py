"""The bet: how the times of two methods grow with n, as a visitor thinks before they are measured."""

from itertools import pairwise
from typing import Any

from srviz.attention import METHODS
from srviz.attention.methods import ways
from srviz.ui.chapters.race import WORDS
from srviz.ui.kit import url

PLACES = (6, 10, 14, 18)  # n of a bet, powers of two
BET_AT = tuple(1 << k for k in PLACES)
BETS = {name: way.bet for name, way in ways().items() if way.bet}  # at first in proportion to n
SLOW, FAST = BETS  # the two that a bet is about
CROSSINGS = (  # where a bet says that sorting overtakes: a choice for each place, and none
    WORDS("asked.upTo", at=BET_AT[0]),
    *(WORDS("asked.between", below=below, at=at) for below, at in pairwise(BET_AT)),
    WORDS("asked.nowhere"),
)
ASKED = WORDS("asked.text")


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
