"""The same tokens through every method, side by side and linked."""

from pathlib import Path

from srviz.ui.kit.course import Chapter
from srviz.ui.kit.words import Words

WORDS = Words(Path(__file__).parent)
CHAPTER = Chapter(4, WORDS("title"), address="Beside_softmax", part=WORDS("part"))
