"""Install the servers that tests of stores need and pip does not bring: `make test-services`.

On Debian, as root.  Elsewhere it says what is missing, and the tests fail for the same reason.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.services.databases.servers import SERVERS as DATABASES
from tests.services.objects.servers import SERVERS as OBJECTS

SERVERS = DATABASES | OBJECTS


def main() -> None:
    """Install what is missing, and say what still is."""
    missing = {name: lack for name, server in SERVERS.items() if (lack := server.lack())}
    packages = [package for name in missing for package in SERVERS[name].packages]
    if packages and shutil.which("apt-get") and os.geteuid() == 0:
        quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-q"], check=True, env=quiet)
        command = ["apt-get", "install", "-q", "-y", "--no-install-recommends", *packages]
        subprocess.run(command, check=True, env=quiet)
    for name, server in SERVERS.items():
        print(f"{name}: {server.lack() or 'there'}")


if __name__ == "__main__":
    main()
