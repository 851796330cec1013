"""S3 as moto serves it, but changes come one after the other: python moto_server.py HOST PORT.

Moto compares a value and replaces it in two steps, between which another thread may do so too. A
service of S3 does both at once, and that is what clients rely on who compare and swap.
"""

import os
import sys
import threading

from moto.server import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import run_simple

host, port = sys.argv[1], int(sys.argv[2])
os.environ["MOTO_PORT"] = str(port)
served = DomainDispatcherApplication(create_backend_app)
changing = threading.Lock()


def serve(environ, start_response):
    """Answer a request; one that changes something alone."""
    if environ["REQUEST_METHOD"] in ("GET", "HEAD"):
        return served(environ, start_response)
    with changing:
        return list(served(environ, start_response))


run_simple(host, port, serve, threaded=True, request_handler=MotoRequestHandler)
