"""`python -m srviz` is the command `srviz`."""

import sys

from srviz.cli import main

if __name__ == "__main__":
    sys.exit(main())
