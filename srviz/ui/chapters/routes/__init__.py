"""The n² route and the sorted route, side by side, to the same answer."""

from pathlib import Path

from srviz.ui.kit.course import Chapter
from srviz.ui.kit.words import Words

WORDS = Words(Path(__file__).parent)
CHAPTER = Chapter(1, WORDS("title"), address="Two_routes", part=WORDS("part"))
