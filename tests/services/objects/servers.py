"""Servers of objects that tests start for themselves, and a plain web server.

As with those of databases each is started once, and an address in the environment stands for one
that runs already: ``ZARRPY_AZURITE_URL``, ``ZARRPY_RADOSGW_URL``, ``ZARRPY_GCS_EMULATOR_URL``.
"""

from __future__ import annotations

import base64
import email.utils
import hashlib
import hmac
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from peers import environments

from tests.services.databases.servers import Server, free_port, listens, started

HOST = "127.0.0.1"
#: What every Azurite has, as its documents say.
AZURITE_ACCOUNT = "devstoreaccount1"
AZURITE_KEY = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)
#: Of the user that is made for radosgw.
KEYS = {"access_key_id": "zarrpykey", "secret_access_key": "zarrpysecret"}


def lacks_environment(name: str) -> str | None:
    """Make an environment of the peers, or say why there is none."""
    try:
        environments.ensure(name)
    except environments.EnvironmentMissingError as error:
        return str(error)
    return None


def opened(request: urllib.request.Request) -> None:
    """Make a request past all proxies."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    opener.open(request, timeout=30).close()


# ---------------------------------------------------------------------------------- Azurite


@contextmanager
def azurite() -> Iterator[str]:
    """Start Azurite, with a container of the name ``bucket``; gives the endpoint."""
    node = shutil.which("node") or "node"
    environments.ensure("azurite")
    program = environments.ENVIRONMENTS["azurite"].directory / "node_modules/azurite"
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="zarrpy-azurite-") as folder:
        command = [node, str(program / "dist/src/blob/main.js"), "--blobHost", HOST]
        command += ["--blobPort", str(port), "--skipApiVersionCheck", "--disableTelemetry"]
        command += ["--silent", "--location", folder]
        with started(command, lambda: listens(port)):
            endpoint = f"http://{HOST}:{port}/{AZURITE_ACCOUNT}"
            make_container(endpoint, "bucket")
            yield endpoint


def make_container(endpoint: str, name: str) -> None:
    """Make a container, by a request that is signed as the service's documents say."""
    headers = {"x-ms-date": email.utils.formatdate(usegmt=True), "x-ms-version": "2021-08-06"}
    kind = "application/octet-stream"  # without one there would be another one
    lines = [
        "PUT",
        *[""] * 4,
        kind,
        *[""] * 6,
        *(f"{name}:{value}" for name, value in sorted(headers.items())),
    ]
    lines += [f"/{AZURITE_ACCOUNT}/{AZURITE_ACCOUNT}/{name}", "restype:container"]
    text = "\n".join(lines).encode()
    digest = hmac.new(base64.b64decode(AZURITE_KEY), text, hashlib.sha256).digest()
    headers["Authorization"] = f"SharedKey {AZURITE_ACCOUNT}:{base64.b64encode(digest).decode()}"
    headers["Content-Type"] = kind
    url = f"{endpoint}/{name}?restype=container"
    opened(urllib.request.Request(url, method="PUT", headers=headers, data=b""))


# ---------------------------------------------------------------------------------- radosgw


def lacks_radosgw() -> str | None:
    """Look for the programs of Ceph."""
    missing = [name for name in ("radosgw", "ceph-mon", "ceph-osd") if shutil.which(name) is None]
    if missing:
        return f"{missing[0]} is missing: apt-get install {missing[0]}, or make test-services"
    return lacks_environment("moto")  # has boto3, to make a bucket


FSID = "00000000-1111-2222-3333-444444444444"
CEPH = """
[global]
fsid = {fsid}
mon_host = [v2:{host}:{mon}/0]
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
ms_bind_msgr1 = false
ms_bind_msgr2 = true
public_network = 127.0.0.0/8
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 8
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
mon_data = {folder}/mon
run_dir = {folder}
log_file = {folder}/$name.log
pid_file = {folder}/$name.pid
admin_socket = {folder}/$name.asok
[osd.0]
osd_objectstore = memstore
memstore_device_bytes = 2147483648
osd_data = {folder}/osd
[client.rgw]
ms_mon_client_mode = crc
rgw_frontends = beast endpoint={host}:{port} tcp_nodelay=1
rgw_dns_name = {host}
"""


@contextmanager
def radosgw() -> Iterator[str]:
    """Start a Ceph of one process each, without a disk; gives the address of its gateway for S3."""
    with tempfile.TemporaryDirectory(prefix="zarrpy-ceph-") as folder, ExitStack() as stack:
        ports = {"mon": free_port(), "port": free_port()}
        conf = Path(folder, "ceph.conf")
        conf.write_text(CEPH.format(folder=folder, fsid=FSID, host=HOST, **ports))
        for name in ("mon", "osd"):
            Path(folder, name).mkdir()

        def ceph(program: str, *words: str, seconds: int = 60) -> str:
            command = [program, "-c", str(conf), *words]
            return subprocess.run(
                command, check=True, capture_output=True, text=True, timeout=seconds
            ).stdout

        monmap = str(Path(folder, "monmap"))
        address = f"[v2:{HOST}:{ports['mon']}/0]"
        ceph("monmaptool", "--create", "--fsid", FSID, "--addv", "a", address, monmap)
        ceph("ceph-mon", "--mkfs", "-i", "a", "--monmap", monmap)
        command = ["ceph-mon", "-c", str(conf), "-i", "a", "-f"]
        stack.enter_context(started(command, lambda: listens(ports["mon"])))
        ceph("ceph", "osd", "new", "00000000-1111-2222-3333-555555555555")
        ceph(
            *("ceph-osd", "-i", "0", "--mkfs"),
            *("--osd-uuid", "00000000-1111-2222-3333-555555555555"),
        )
        up = lambda: '"num_up_osds": 1' in ceph("ceph", "osd", "stat", "-f", "json-pretty")  # noqa: E731
        stack.enter_context(started(["ceph-osd", "-c", str(conf), "-i", "0", "-f"], up))
        words = ["user", "create", "--uid=zarrpy", "--display-name=zarrpy"]
        words += [f"--access-key={KEYS['access_key_id']}", f"--secret={KEYS['secret_access_key']}"]
        ceph("radosgw-admin", "-n", "client.rgw", *words, seconds=120)
        command = ["radosgw", "-c", str(conf), "-n", "client.rgw", "-f"]
        stack.enter_context(started(command, lambda: listens(ports["port"])))
        endpoint = f"http://{HOST}:{ports['port']}"
        make_bucket(endpoint)
        yield endpoint


def make_bucket(endpoint: str) -> None:
    """Make a bucket by boto3, as clients for objects do not."""
    code = (
        "import boto3, sys\n"
        "boto3.client('s3', endpoint_url=sys.argv[1], region_name='us-east-1', "
        "aws_access_key_id=sys.argv[2], aws_secret_access_key=sys.argv[3])"
        ".create_bucket(Bucket='bucket')"
    )
    command = [environments.ensure("moto"), "-c", code, endpoint, *KEYS.values()]
    env = environments.variables() | {"NO_PROXY": HOST, "no_proxy": HOST}
    subprocess.run([str(word) for word in command], check=True, capture_output=True, env=env)


# ------------------------------------------------------------------------- Google's, emulated


@contextmanager
def gcs() -> Iterator[str]:
    """Start the emulator of Google's storage, with a bucket of the name ``bucket``."""
    port = free_port()
    python = environments.ensure("gcs")
    command = [str(python), "-m", "gcp_storage_emulator", "start", "--host", HOST, "--in-memory"]
    command += ["--port", str(port), "--default-bucket", "bucket"]
    with started(command, lambda: listens(port)):
        yield f"http://{HOST}:{port}"


# ------------------------------------------------------------------------------------ nginx

NGINX = """
daemon off;
pid {folder}/pid;
worker_processes 2;
error_log {folder}/error.log;
{user}
events {{ worker_connections 512; }}
http {{
    log_format plain '$request_method $uri $status $http_range $connection';
    access_log {folder}/access.log plain;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_requests 100000;
    server {{
        listen {host}:{port};
        root {folder}/site;
    }}
}}
"""


def lacks_nginx() -> str | None:
    """Look for the web server."""
    if shutil.which("nginx") is None:
        return "nginx is missing: apt-get install nginx-light, or make test-services"
    return None


@contextmanager
def nginx() -> Iterator[str]:
    """Start nginx; gives its address and its folder with ``site`` and ``access.log``."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="zarrpy-nginx-") as folder:
        Path(folder, "site").mkdir()
        user = "user root;" if os.geteuid() == 0 else ""
        conf = Path(folder, "nginx.conf")
        conf.write_text(NGINX.format(folder=folder, host=HOST, port=port, user=user))
        command = ["nginx", "-c", str(conf), "-p", folder, "-e", f"{folder}/error.log"]
        with started(command, lambda: listens(port)):
            yield f"http://{HOST}:{port} {folder}"


SERVERS = {
    server.name: server
    for server in (
        Server("azurite", "ZARRPY_AZURITE_URL", lambda: lacks_environment("azurite"), azurite, ()),
        Server(
            "radosgw",
            "ZARRPY_RADOSGW_URL",
            lacks_radosgw,
            radosgw,
            ("radosgw", "ceph-mon", "ceph-osd"),
        ),
        Server("gcs", "ZARRPY_GCS_EMULATOR_URL", lambda: lacks_environment("gcs"), gcs),
        Server("nginx", "ZARRPY_NGINX_URL", lacks_nginx, nginx, ("nginx-light",)),
    )
}
