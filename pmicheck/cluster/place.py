"""Where a run goes to work: what `--cluster` and the TLS options say. Nothing of Dask is imported for that."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from pmicheck.errors import UsageError

ALONE = 200_000_000
"""States that one worker explores alone, unless told otherwise: some 5 GB, and some minutes."""

_LOCAL = re.compile(r"local:([1-9][0-9]{0,3})")
_REMOTE = re.compile(r"(tcp|tls)://\S+:[0-9]{1,5}")


@dataclass(frozen=True)
class Place:
    """A Dask cluster.

    Attributes:
        address: `tcp://HOST:PORT` or `tls://HOST:PORT` of its scheduler, or `local:N` for N processes of our own.
        ca_file, cert, key: PEM files for TLS; all or none. With `local:N` the own processes use them too.
        alone: a space is partitioned among the workers once it has more states than this.
    """

    address: str
    ca_file: Path | None = None
    cert: Path | None = None
    key: Path | None = None
    alone: int = ALONE

    def __post_init__(self) -> None:
        """Raises UsageError for what makes no sense."""
        if not _LOCAL.fullmatch(self.address) and not _REMOTE.fullmatch(self.address):
            raise UsageError(f"--cluster {self.address}: should be local:N, tcp://HOST:PORT or tls://HOST:PORT")
        files = {"--tls-ca-file": self.ca_file, "--tls-cert": self.cert, "--tls-key": self.key}
        missing = [option for option, file in files.items() if file is None]
        if 0 < len(missing) < len(files):
            raise UsageError(f"{' and '.join(missing)}: TLS needs all of {', '.join(files)}")
        if self.address.startswith("tls:") and missing:
            raise UsageError(f"--cluster {self.address}: TLS needs {', '.join(files)}")
        if self.address.startswith("tcp:") and not missing:
            raise UsageError(f"--cluster {self.address}: with TLS the address begins with tls://")
        for option, file in files.items():
            if file is not None and not file.is_file():
                raise UsageError(f"{option} {file}: there is no such file")

    @property
    def own(self) -> int | None:
        """How many processes of our own; None for a cluster that is there already."""
        match = _LOCAL.fullmatch(self.address)
        return int(match[1]) if match else None

    @property
    def security(self) -> dict[str, str | bool]:
        """What Dask's Security is made of; nothing without TLS. All parties use the one certificate."""
        if self.ca_file is None:
            return {}
        parties = {
            f"tls_{party}_{part}": str(file)
            for party in ("scheduler", "worker", "client")
            for part, file in (("cert", self.cert), ("key", self.key))
        }
        return {"tls_ca_file": str(self.ca_file), "require_encryption": True, **parties}
