"""Servers of objects as fixtures."""

from tests.services.fixtures import running
from tests.services.objects.servers import SERVERS

azurite = running(SERVERS["azurite"])
radosgw = running(SERVERS["radosgw"])
nginx = running(SERVERS["nginx"])
