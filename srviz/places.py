"""Where the files of the app lie: those that came with it, and those it makes for itself."""

from pathlib import Path

HOME = Path(__file__).parents[1]  # the folder of app.py, pages/ and assets/
