"""Nothing here is collected by the tests of the tree, which have no zarr-python."""

import os

collect_ignore_glob = [] if os.environ.get("ZARRPY_FOREIGN") else ["*.py"]
