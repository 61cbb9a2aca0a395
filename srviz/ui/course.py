"""The course: one list from which the sidebar and previous/next are made."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Chapter:
    """One page. script: from the app's root. part: the heading above it in the sidebar."""

    script: str
    title: str
    part: str = ""


COURSE = (
    Chapter("app.py", "The scalar line"),
    Chapter("pages/1_Two_routes.py", "Two routes, one answer", "Learn"),
    Chapter("pages/2_Kernels.py", "Kernels", "Learn"),
    Chapter("pages/3_Slices.py", "Slices", "Learn"),
    Chapter("pages/4_Beside_softmax.py", "Beside softmax", "Learn"),
    Chapter("pages/5_Point_clouds.py", "Point clouds", "Real data"),
    Chapter("pages/6_Photographs.py", "Photographs", "Real data"),
    Chapter("pages/7_Words.py", "Your own sentence", "Real data"),
    Chapter("pages/8_Race.py", "Race", "Race"),
)


def neighbours(script: str) -> tuple[Chapter | None, Chapter | None]:
    """The chapters before and after this one."""
    place = [chapter.script for chapter in COURSE].index(script)
    before = COURSE[place - 1] if place else None
    after = COURSE[place + 1] if place + 1 < len(COURSE) else None
    return before, after
