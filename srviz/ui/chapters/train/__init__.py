"""Two models learn the same task before the visitor's eyes."""

from srviz.ui.kit.course import Chapter

CHAPTER = Chapter(9, "Train it", address="Train", part="Train", kept="a training, if one was run here")
