"""A picture as patches: what one of them attends to, by softmax and by sliced ReLU."""

from srviz.ui.kit.course import Chapter

CHAPTER = Chapter(6, "Photographs", address="Photographs", part="Real data")
