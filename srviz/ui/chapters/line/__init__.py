"""The front door: attention on a line."""

from pathlib import Path

from srviz.ui.kit.course import Chapter
from srviz.ui.kit.words import Words

WORDS = Words(Path(__file__).parent)
CHAPTER = Chapter(0, WORDS("title"), address="", part="", asks=False)
