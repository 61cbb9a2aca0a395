"""Where the files lie that the app is made of: app.py, pages/, assets/ and .streamlit/."""

from pathlib import Path

CHECKOUT = Path(__file__).parents[1]
INSTALLED = Path(__file__).with_name("app")  # setup.py puts them there in a wheel
HOME = INSTALLED if INSTALLED.is_dir() else CHECKOUT
