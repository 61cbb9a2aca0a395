"""The visitor's own sentence: every weight drawn on the words."""

from pathlib import Path

from srviz.ui.kit.course import Chapter
from srviz.ui.kit.words import Words

WORDS = Words(Path(__file__).parent)
CHAPTER = Chapter(7, WORDS("title"), address="Words", part=WORDS("part"))
