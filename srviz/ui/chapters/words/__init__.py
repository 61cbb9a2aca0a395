"""The visitor's own sentence: every weight drawn on the words."""

from srviz.ui.kit.course import Chapter

CHAPTER = Chapter(7, "Your own sentence", address="Words", part="Real data")
