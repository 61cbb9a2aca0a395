"""The reasons for the formula: what would go wrong without each of its parts."""

from pathlib import Path

from srviz.ui.kit.course import Chapter
from srviz.ui.kit.words import Words

WORDS = Words(Path(__file__).parent)
CHAPTER = Chapter(12, WORDS("title"), address="Why", part=WORDS("part"), after=2)
