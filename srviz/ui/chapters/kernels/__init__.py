"""The weight of a pair is a curve of one number: draw it, and see its map and its sums."""

from pathlib import Path

from srviz.ui.kit.course import Chapter
from srviz.ui.kit.words import Words

WORDS = Words(Path(__file__).parent)
CHAPTER = Chapter(2, WORDS("title"), address="Kernels", part=WORDS("part"))
