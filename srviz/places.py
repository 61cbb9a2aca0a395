"""Where the files lie that the app is made of, app.py, pages/, assets/ and .streamlit/, and where it may write."""

import os
from pathlib import Path

CHECKOUT = Path(__file__).parents[1]
INSTALLED = Path(__file__).with_name("app")  # setup.py puts them there in a wheel
HOME = INSTALLED if INSTALLED.is_dir() else CHECKOUT
RECORDED = HOME / "assets" / "recorded"
TRAINED = HOME / "assets" / "trained"


def sweeps() -> Path:
    """The folder in the user's cache into which the lab writes the results of sweeps, and where its page finds them."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "srviz" / "sweeps"
