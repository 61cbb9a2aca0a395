"""One token in two crowds has to go to two places: what attention by one number a token can tell apart."""

from srviz.ui.kit.course import Chapter

CHAPTER = Chapter(10, "Tell them apart", address="Apart", part="Train", kept="the fits, if some were made here")
