"""What `--cluster` and its TLS options accept."""

from __future__ import annotations

from pathlib import Path

import pytest

from pmicheck.cluster.place import Place
from pmicheck.errors import UsageError


@pytest.mark.parametrize("address", ["local:1", "local:64", "tcp://10.0.0.1:8786", "tcp://[::1]:8786", "tcp://box:1"])
def test_addresses(address: str) -> None:
    assert Place(address).security == {}


@pytest.mark.parametrize(
    "address", ["", "local", "local:", "local:0", "local:x", "box:8786", "http://box:1", "tcp://box"]
)
def test_no_addresses(address: str) -> None:
    with pytest.raises(UsageError, match=r"should be local:N, tcp://HOST:PORT or tls://HOST:PORT"):
        Place(address)


def test_tls_takes_three_files_that_exist(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("ca.pem", "cert.pem", "key.pem")]
    with pytest.raises(UsageError, match=r"TLS needs --tls-ca-file, --tls-cert, --tls-key"):
        Place("tls://box:1")
    with pytest.raises(UsageError, match=r"--tls-cert and --tls-key: TLS needs all of"):
        Place("tls://box:1", files[0])
    with pytest.raises(UsageError, match=r"--tls-ca-file .*ca.pem: there is no such file"):
        Place("tls://box:1", *files)
    for file in files:
        file.touch()
    with pytest.raises(UsageError, match=r"with TLS the address begins with tls://"):
        Place("tcp://box:1", *files)
    security = Place("tls://box:1", *files).security
    assert security["require_encryption"] is True
    assert security["tls_client_key"] == str(files[2])
