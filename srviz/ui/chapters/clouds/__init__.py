"""One query among up to a million points in space: which keys count, and by how much."""

from pathlib import Path

from srviz.ui.kit.course import Chapter
from srviz.ui.kit.words import Words

WORDS = Words(Path(__file__).parent)
CHAPTER = Chapter(5, WORDS("title"), address="Point_clouds", part=WORDS("part"))
