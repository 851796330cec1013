"""``python -m zarrpy``: the same as the command ``zarrpy``."""

import sys

from zarrpy.cli import main

if __name__ == "__main__":
    sys.exit(main())
