"""From the URL of a bucket, and options, to a client of its service."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from zarrpy.errors import MissingDependencyError, StoreError
from zarrpy.stores.object_errors import hint_of

if TYPE_CHECKING:
    from collections.abc import Hashable

#: Classes of the client by the schemes of URLs.
SCHEMES = {
    "s3": "S3Store",
    "s3a": "S3Store",
    "gs": "GCSStore",
    "gcs": "GCSStore",
    "az": "AzureStore",
    "azure": "AzureStore",
    "abfs": "AzureStore",
    "abfss": "AzureStore",
    "adl": "AzureStore",
}
_SCHEME_OF = {"S3Store": "s3", "GCSStore": "gs", "AzureStore": "az"}
#: Where each keeps the name of what its URLs begin with.
_BUCKET = {"S3Store": "bucket", "GCSStore": "bucket", "AzureStore": "container_name"}

#: Options by the names that other libraries have for them.
_RENAMED = {
    "anonymous": "skip_signature",
    "anon": "skip_signature",
    "key": "access_key_id",
    "secret": "secret_access_key",
    "session_token": "token",
    "endpoint_url": "endpoint",
    "region_name": "region",
    "sas_token": "sas_key",
    "credentials": "application_credentials",
}
#: Options of connections, not of services.
_OF_CLIENT = frozenset(
    (
        *("allow_http", "allow_invalid_certificates", "connect_timeout", "read_timeout"),
        *("default_headers", "http1_only", "http2_only", "pool_idle_timeout", "user_agent"),
        *("pool_max_idle_per_host", "proxy_url", "proxy_ca_certificate", "proxy_excludes"),
        *("randomize_addresses", "root_certificate"),
    )
)


@dataclass(eq=False)
class Place:
    """A bucket as all stores of this process know it that reach the same one.

    Attributes
    ----------
    name : hashable
    exchanges : bool or None
        Whether a value is replaced only where it is what was read before; None: not known yet.
    suffixes : bool
        Whether the last bytes of a value can be read without knowing its size.
    """

    name: Hashable
    exchanges: bool | None = None
    suffixes: bool = True
    __weakref__: Any = field(init=False, repr=False)


_places: WeakValueDictionary[Hashable, Place] = WeakValueDictionary()


def place_of(client: Any) -> Place:
    """Give the place that a client reaches."""
    kind = type(client).__name__
    if kind not in _BUCKET:
        prefix = getattr(client, "url", None) or getattr(client, "prefix", None)
        if prefix:
            return _places.setdefault((kind, str(prefix)), Place((kind, str(prefix))))
        # as long as the place is known, something has the client, so nothing else its number
        return _places.setdefault((kind, id(client)), Place((kind, os.urandom(16).hex())))
    config = dict(client.config)
    endpoint = config.get("endpoint")
    name: Hashable = (kind, config.get(_BUCKET[kind]), config.get("account_name"), endpoint)
    # the services themselves are known to do so; what stands in for them is tried
    itself = not endpoint and not config.get("base_url") and not config.get("use_emulator")
    return _places.setdefault(name, Place(name, exchanges=True if itself else None))


def url_of(client: Any) -> str:
    """Name what a client reaches as a URL, without credentials."""
    kind = type(client).__name__
    prefix = str(getattr(client, "prefix", None) or "").strip("/")
    if kind not in _BUCKET:
        return str(getattr(client, "url", "") or prefix or kind)
    bucket = dict(client.config).get(_BUCKET[kind])
    return f"{_SCHEME_OF[kind]}://{bucket}" + (f"/{prefix}" if prefix else "")


def is_url(text: str) -> bool:
    """Whether a text is the URL of an object store."""
    scheme, colon, _ = text.partition("://")
    return bool(colon) and scheme.lower() in SCHEMES


def connected(
    url: str, options: dict[str, Any], *, timeout: float | None, retries: int | None
) -> Any:
    """Make the client of the service behind a URL.

    Raises
    ------
    MissingDependencyError
        When obstore is not installed.
    StoreError
        When the URL names no bucket, or an option is not known.
    """
    kind, given = _parsed(url)
    classes = required().store
    client: dict[str, Any] = {**options.pop("client_options", {})}
    retry: dict[str, Any] = {**options.pop("retry_config", {})}
    provider = options.pop("credential_provider", None)
    for name, value in _flattened(options).items():
        (client if name in _OF_CLIENT else given)[name] = value
    if timeout is not None:
        client["timeout"] = timedelta(seconds=timeout)
    if retries is not None:
        retry["max_retries"] = retries
    endpoint = str(given.get("endpoint") or _endpoint_of(kind))
    if endpoint and "://" not in endpoint:
        raise StoreError(
            f"the endpoint {endpoint!r} has no protocol",
            store=url,
            operation="open",
            hint=f"endpoint='https://{endpoint}', or http:// where it goes without encryption",
        )
    if endpoint.startswith("http://"):
        client.setdefault("allow_http", True)  # who writes that means it
    if provider is not None:
        given["credential_provider"] = provider
    try:
        return getattr(classes, kind)(
            **given, client_options=client or None, retry_config=retry or None
        )
    except Exception as error:
        words = str(error).partition("\n\n")[0]
        raise StoreError(words, store=url, operation="open", hint=hint_of(words)) from error


def _endpoint_of(kind: str) -> str:
    """Where the environment says that a service is."""
    names = {"S3Store": ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")}
    return next((os.environ[name] for name in names.get(kind, ()) if name in os.environ), "")


def required() -> Any:
    """Import obstore, or say how to get it."""
    try:
        import obstore.store
    except ImportError as error:
        raise MissingDependencyError(
            "object stores need the package obstore",
            extra="cloud",
            command="pip install 'zarrpy[cloud]'",
        ) from error
    return obstore


def _parsed(url: str) -> tuple[str, dict[str, Any]]:
    """Cut a URL into the class of its client and what that is told."""
    scheme, _, rest = url.partition("://")
    kind = SCHEMES[scheme.lower()]
    bucket, _, prefix = rest.partition("/")
    found: dict[str, Any] = {}
    if kind == "AzureStore" and "@" in bucket:  # container@account.dfs.core.windows.net
        bucket, _, host = bucket.partition("@")
        found["account_name"] = host.partition(".")[0]
    if not bucket:
        raise StoreError(f"{url!r} names no bucket -> {scheme}://bucket/path")
    found[_BUCKET[kind]] = bucket
    if prefix.strip("/"):
        found["prefix"] = prefix.strip("/")
    return kind, found


def _flattened(options: dict[str, Any]) -> dict[str, Any]:
    """Call options by the names of the client; those of fsspec's file systems will do as well."""
    nested = options.pop("client_kwargs", None) or {}
    found: dict[str, Any] = {}
    for name, value in {**nested, **options}.items():
        if name == "token" and value in ("anon", None):  # as gcsfs writes it
            found["skip_signature"] = value == "anon"
        elif value is not None:
            found[_RENAMED.get(name, name)] = (
                os.fspath(value) if hasattr(value, "__fspath__") else value
            )
    return found
