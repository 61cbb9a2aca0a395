"""A bet on how time grows with n, and the race that settles it."""

from pathlib import Path

from srviz.ui.kit.course import Chapter
from srviz.ui.kit.words import Words

WORDS = Words(Path(__file__).parent)
CHAPTER = Chapter(8, WORDS("title"), address="Race", part=WORDS("part"), kept=WORDS("kept"))
