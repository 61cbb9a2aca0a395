"""`python -m srviz.lab`."""

import sys

from srviz.lab.cli import main

if __name__ == "__main__":
    sys.exit(main())
