"""The end of the course: what it was, when to use it, what it cannot do, what it costs, and what was answered."""

from pathlib import Path

from srviz.ui.kit.course import Chapter
from srviz.ui.kit.words import Words

WORDS = Words(Path(__file__).parent)
CHAPTER = Chapter(14, WORDS("title"), address="In_short", part=WORDS("part"), asks=False)
