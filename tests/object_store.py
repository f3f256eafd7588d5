"""An object store on loopback: moto's stand-in for S3, with one bucket that is empty at first."""

from __future__ import annotations

import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest

BUCKET = "pictures"


def _reset(address: str) -> None:
    request = urllib.request.Request(f"{address}/moto-api/reset", method="POST")
    urllib.request.urlopen(request).close()


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """Give the address of an S3 server that many tests share."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        yield "http://{}:{}".format(*server.get_host_and_port())
    finally:
        server.stop()


@pytest.fixture
def s3(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Log in at a server with one empty bucket, "pictures"; give what puts objects into it."""
    import boto3
    from s3fs import S3FileSystem

    _reset(s3_server)
    for name, value in {
        "AWS_ENDPOINT_URL": s3_server,
        "AWS_ACCESS_KEY_ID": "reader",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "none",
        "AWS_SHARED_CREDENTIALS_FILE": "none",
    }.items():
        monkeypatch.setenv(name, value)
    S3FileSystem.clear_instance_cache()
    client = boto3.session.Session().client("s3")
    client.create_bucket(Bucket=BUCKET)

    def put(**objects: bytes) -> None:
        for key, content in objects.items():
            client.put_object(Bucket=BUCKET, Key=key, Body=content)

    return put
