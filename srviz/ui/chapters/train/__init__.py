"""Two models learn the same task before the visitor's eyes."""

from pathlib import Path

from srviz.ui.kit.course import Chapter
from srviz.ui.kit.words import Words

WORDS = Words(Path(__file__).parent)
CHAPTER = Chapter(9, WORDS("title"), address="Train", part=WORDS("part"), kept=WORDS("kept"))
