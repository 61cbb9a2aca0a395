"""Places for which one waits in a line: first come, first served, and one at a time for each owner."""

from collections.abc import Hashable
from dataclasses import dataclass
from threading import Condition


@dataclass(eq=False)
class Ticket:
    """A place in the line, or one of the places for which the others wait where `served` is set."""

    owner: Hashable | None
    served: bool = False


class Turns:
    """So many places as may be taken at once.

    An owner takes one place at a time. The others of this owner that wait are passed by meanwhile, and come to the end
    of the line when the place is given back, so that nobody else waits for more than one of them, and each has a turn.
    """

    def __init__(self, places: int) -> None:
        self._free = places
        self._line: list[Ticket] = []  # those with a place among them
        self._changed = Condition()

    def join(self, owner: Hashable | None = None) -> Ticket:
        """Take a place, or the end of the line where none is free. owner: None where it is not known."""
        ticket = Ticket(owner)
        with self._changed:
            self._line.append(ticket)
            self._serve()
        return ticket

    def wait(self, ticket: Ticket, seconds: float) -> bool:
        """Wait at most so long; return whether the ticket has a place now."""
        with self._changed:
            return self._changed.wait_for(lambda: ticket.served, seconds)

    def leave(self, ticket: Ticket) -> None:
        """Give the place back, or leave the line."""
        with self._changed:
            self._line.remove(ticket)
            if ticket.served:
                self._free += 1
                if ticket.owner is not None:
                    self._line.sort(key=lambda other: other.owner == ticket.owner)  # its others go to the end, in order
            self._serve()

    def _serve(self) -> None:
        """Give the places that are free to the first of the line whose owners have none."""
        owners = {ticket.owner for ticket in self._line if ticket.served}
        for ticket in self._line:
            if self._free and not ticket.served and (ticket.owner is None or ticket.owner not in owners):
                ticket.served = True
                owners.add(ticket.owner)
                self._free -= 1
        self._changed.notify_all()
