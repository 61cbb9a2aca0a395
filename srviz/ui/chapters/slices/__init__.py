"""A slice turns tokens into numbers: what it keeps, what it confuses, and what many of them keep."""

from pathlib import Path

from srviz.ui.kit.course import Chapter
from srviz.ui.kit.words import Words

WORDS = Words(Path(__file__).parent)
CHAPTER = Chapter(3, WORDS("title"), address="Slices", part=WORDS("part"))
