"""All puzzles of the course, and which of them are solved."""

from pathlib import Path

from srviz.ui.kit.course import Chapter
from srviz.ui.kit.words import Words

WORDS = Words(Path(__file__).parent)
CHAPTER = Chapter(13, WORDS("title"), address="Puzzles", part=WORDS("part"))
