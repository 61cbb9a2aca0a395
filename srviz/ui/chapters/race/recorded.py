"""The runs in assets/recorded, which the chart shows behind those of a visitor."""

import logging

import streamlit as st

from srviz import places
from srviz.measure.bench import read
from srviz.measure.plan import Row
from srviz.ui.chapters.race import WORDS
from srviz.ui.chapters.race.result import in_threads

MOST_BYTES = 2_000_000  # of a recorded run


@st.cache_resource(max_entries=1, show_spinner=False)
def recorded() -> list[tuple[str, list[Row]]]:
    """The runs in assets/recorded: (provenance in a line, rows). A file that is none is left out, and logged."""
    found = []
    for file in sorted(places.RECORDED.glob("*.json"))[:8]:
        try:
            if file.stat().st_size > MOST_BYTES:
                raise ValueError(f"more than {MOST_BYTES:,} bytes")
            run = read(file.read_text("utf-8"))
        except (OSError, ValueError) as error:
            logging.getLogger(__name__).warning("%s: %s", file.name, error)
            continue
        row, where = next(iter(run.rows.values())), run.provenance
        title = WORDS(
            "recorded", device=where.get("device"), cores=where.get("cores"), threads=in_threads(row.threads),
            date=where.get("date"), heads=row.heads, d=row.d, dtype=row.dtype,
        )  # fmt: skip
        found.append((title, list(run.rows.values())))
    return found
