"""Tests of what errors of buckets say to do."""

import pytest

from zarrpy.errors import StoreError
from zarrpy.stores import ObjectStore
from zarrpy.stores.object_errors import hint_of, translated


def test_an_option_that_nobody_knows_says_where_options_are():
    """With its name."""
    with pytest.raises(StoreError, match=r"'acces_key' .* -> see the options"):
        ObjectStore("s3://bucket/a", acces_key="x")


def test_an_endpoint_that_does_not_answer_is_named_as_the_cause():
    """Where credentials were looked for and not found, that is the cause, not the connection."""
    text = "Error performing GET http://127.0.0.1:9/a - HTTP error: error sending request"

    error = translated(Exception(text), "get", "a")

    assert "http://127.0.0.1:9/a" in str(error)
    assert "correct endpoint=" in str(error)
    assert "credentials" in (hint_of("PUT http://169.254.169.254/ - error sending request") or "")
    assert hint_of("another cause") is None


def test_what_the_service_says_comes_first():
    """Not the document that it says it in."""
    text = (
        "Client error with status code: 404 Not Found: <?xml version='1.0'?><Error>"
        "<Code>NoSuchBucket</Code><Message>The specified bucket\n does not exist</Message></Error>"
    )

    error = translated(FileNotFoundError(text), "get", "a")

    said = "the service answers 404 NoSuchBucket: The specified bucket does not exist"
    assert said in str(error)
    assert "create the bucket, or correct its name" in str(error)


def test_a_service_that_says_nothing_but_a_code_is_understood():
    """As Ceph does, and the XML around it is not shown."""
    text = (
        'Error performing GET http://h/b/a - status code: 404 Not Found: <?xml version="1.0" '
        'encoding="UTF-8"?><Error><Code>NoSuchBucket</Code><BucketName>b</BucketName></Error>'
    )

    said = str(translated(FileNotFoundError(text), "get", "a"))

    assert "the service answers 404 NoSuchBucket -> create the bucket" in said
    assert "xml" not in said


def test_what_may_be_secret_in_an_address_is_not_shown():
    """What is no address is, whatever signs are in it."""
    text = 'GET http://h/a?sig=secret in 1 ms: <?xml version="1.0"?><p>late</p>'

    said = str(translated(Exception(text), "get", "a"))

    assert "secret" not in said
    assert '<?xml version="1.0"?><p>late</p>' in said


@pytest.mark.parametrize(
    ("code", "option"),
    [("InvalidAccessKeyId", "access_key_id="), ("SignatureDoesNotMatch", "secret_access_key=")],
)
def test_a_wrong_credential_is_named_by_its_option(code, option):
    """As people give them."""
    text = f"status code: 403 Forbidden: <Error><Code>{code}</Code><Message>No.</Message></Error>"

    assert option in str(translated(PermissionError(text), "get", "a"))
