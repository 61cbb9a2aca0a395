"""A class opens the link at the same moment, on a server that has shown nothing yet, and asks for it twice more."""

import asyncio
from collections import Counter

from srviz.ui.chapters import COURSE
from tests.visitor import apart, visiting

EACH = 3  # visitors of a page


async def visitor(address, page):
    """Open a page, and ask for it again without a word on what its controls say, which no browser does: what went
    wrong, and how many elements came at first.
    """
    async with visiting(address) as one:
        answers = [await one.open(page)]
        for _ in range(2):
            one.states.clear()
            answers.append(await one.ask())
    return [f"{page}: {text}" for answer in answers for text in answer.exceptions], answers[0].elements


def test_everybody_comes_at_once(fresh_server):
    """Modules are half imported by one session while another one's page runs."""
    address, _ = fresh_server
    pages = [chapter.address for chapter in COURSE]

    async def meet():
        return await asyncio.gather(*(visitor(address, page) for page in pages * EACH))

    found = apart(meet())
    assert not Counter(text for wrong, _ in found for text in wrong)
    assert min(elements for _, elements in found) > 20
