"""The same tokens through every method, side by side and linked."""

from srviz.ui.kit.course import Chapter

CHAPTER = Chapter(4, "Beside softmax", address="Beside_softmax", part="Learn")
