"""The reasons for the formula: what would go wrong without each of its parts."""

from srviz.ui.kit.course import Chapter

CHAPTER = Chapter(12, "Why it is made so", address="Why", part="Learn", after=2)
