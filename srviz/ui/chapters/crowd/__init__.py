"""Functions of a token and its crowd: learned by several kernels, and what one head tells of a crowd."""

from pathlib import Path

from srviz.ui.kit.course import Chapter
from srviz.ui.kit.words import Words

WORDS = Words(Path(__file__).parent)
CHAPTER = Chapter(11, WORDS("title"), address="Crowd", part=WORDS("part"), kept=WORDS("kept"))
