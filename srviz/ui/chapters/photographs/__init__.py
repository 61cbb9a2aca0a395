"""A picture as patches: what one of them attends to, by softmax and by sliced ReLU."""

from pathlib import Path

from srviz.ui.kit.course import Chapter
from srviz.ui.kit.words import Words

WORDS = Words(Path(__file__).parent)
CHAPTER = Chapter(6, WORDS("title"), address="Photographs", part=WORDS("part"))
