"""`pmicheck verify --cluster`, as a user runs it."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from pmicheck.cli import main as cli
from pmicheck.cluster import connection as connections
from pmicheck.cluster.own import processes
from pmicheck.cluster.place import Place
from pmicheck.errors import LimitReached
from pmicheck.report.record.record import Record
from pmicheck.verify import analysis
from pmicheck.verify.matrix import Request

CELL = ("type1-initial", "--attacker", "home-path")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with processes(2, {}) as scheduler:
        yield scheduler


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "pmicheck", *arguments]


def verify(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command("verify", *arguments), capture_output=True, text=True, timeout=120, check=False)


def stored(path: Path) -> Any:
    """A record without the command line, and without times, which differ from run to run."""
    record = json.loads(path.read_text())
    for name in ("command", "seconds", "stages"):
        del record[name]
    for each in record["results"]:
        del each["seconds"]
    for each in record["explorations"]:
        del each["stages"]
    return record


@pytest.mark.parametrize("alone", ["5000", "1000000"])
def test_the_record_is_that_of_a_local_run(address: str, alone: str, tmp_path: Path) -> None:
    here, there = tmp_path / "here.json", tmp_path / "there.json"
    ours = verify(*CELL, "--json", str(here))
    theirs = verify(*CELL, "--json", str(there), "--cluster", address, "--alone", alone)
    assert theirs.returncode == ours.returncode
    assert stored(there) == stored(here)


def test_a_search_that_comes_to_nothing_leaves_what_one_worker_found(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: object, **__: object) -> None:
        raise LimitReached("3 searches have lost a worker")

    monkeypatch.setattr(connections.Partitioned, "explore", lost)
    request = Request(("type1-initial",), ("home-path",), cluster=Place(address, alone=5000))
    told: list[str] = []
    record = analysis.verify(request, command=[], progress=told.append)
    assert told[0] == "3 searches have lost a worker; decided as far as one worker came"
    assert {result.verdict.value for result in record.results} == {"violated", "holds-to-bound", "holds"}
    assert [(found.states, found.complete) for found in record.explorations] == [(5000, False)]


def test_a_scheduler_that_goes_away_leaves_what_was_decided() -> None:
    with contextlib.ExitStack() as stack:
        scheduler = stack.enter_context(processes(1, {}))
        request = Request(("type1-initial",), ("off-path", "home-path"), cluster=Place(scheduler))
        kept: list[Record] = []
        with pytest.raises(LimitReached, match=f"--cluster {scheduler}: the scheduler is gone"):
            analysis.verify(request, command=[], progress=lambda _: stack.close(), partial=kept.append)
    assert [found.attacker for found in kept[0].explorations] == ["off-path"]


def test_a_limit_of_the_users_own_is_not_searched_beyond(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections.Partitioned, "explore", pytest.fail)
    assert cli.main(["verify", *CELL, "--cluster", address, "--max-states", "500"]) == cli.main(
        ["verify", *CELL, "--max-states", "500"]
    )


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """An authority that signed itself, and a certificate of 127.0.0.1 with its key."""
    directory = tmp_path_factory.mktemp("tls")
    paths = directory / "ca.pem", directory / "cert.pem", directory / "key.pem"
    authority, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    paths[0].write_bytes(certificate(authority, authority, "authority"))
    paths[1].write_bytes(certificate(own, authority, "worker"))
    pem = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    paths[2].write_bytes(own.private_bytes(*pem))
    return paths


def certificate(own: ec.EllipticCurvePrivateKey, issuer: ec.EllipticCurvePrivateKey, name: str) -> bytes:
    def named(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder(named("authority"), named(name), own.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - datetime.timedelta(days=1))
    builder = builder.not_valid_after(now + datetime.timedelta(days=1))
    builder = builder.add_extension(x509.BasicConstraints(ca=own is issuer, path_length=None), critical=True)
    where = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = builder.add_extension(where, critical=False).sign(issuer, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM)


def test_connections_are_encrypted_if_tls_is_asked_for(files: tuple[Path, Path, Path]) -> None:
    options = [f"--tls-{part}={file}" for part, file in zip(("ca-file", "cert", "key"), files, strict=True)]
    with processes(2, Place("local:2", *files).security) as encrypted:
        assert encrypted.startswith("tls://")
        found = verify("type1-initial", "--attacker", "off-path", "--cluster", encrypted, "--alone", "500", *options)
        assert (found.returncode, found.stderr.count("1,144 states to depth 22")) == (0, 1)
        refused = verify(*CELL, "--cluster", encrypted.replace("tls", "tcp"))
    assert refused.returncode == 2
    assert refused.stderr.endswith("no Dask scheduler answers there.\n")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--cluster", "here"], "--cluster here: should be local:N, tcp://HOST:PORT or tls://HOST:PORT."),
        (["--cluster", "local:2", "--workers", "2"], "choose one of --workers and --cluster."),
        (["--tls-cert", "x.pem"], "TLS is for a cluster: name one with --cluster."),
    ],
)
def test_options_that_make_no_sense(options: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["verify", *CELL, *options]) == 2
    assert capsys.readouterr().err == f"pmicheck: {sentence}\n"


def test_without_dask_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(sys.modules, "pmicheck.cluster.connection")
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert cli.main(["verify", *CELL, "--cluster", "local:2"]) == 2
    assert capsys.readouterr().err.endswith("pip install 'pmicheck[cluster]' brings them.\n")


def test_dask_and_numpy_are_imported_for_a_cluster_only() -> None:
    imports = "import sys, pmicheck.verify.analysis, pmicheck.cli.main"
    code = f"{imports}; print({{'distributed', 'dask', 'numpy'}} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


@pytest.mark.parametrize(("end", "seconds"), [(signal.SIGINT, 10.0), (signal.SIGKILL, 30.0)])
def test_no_process_is_left_when_the_run_is_ended(end: signal.Signals, seconds: float, tmp_path: Path) -> None:
    """As a terminal does it: Ctrl-C goes to the whole group of processes."""
    running = subprocess.Popen(
        command("verify", "rr-mobile", "--attacker", "dolev-yao", "--cluster", "local:2"),
        start_new_session=True,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    )
    others = [*all_of(running, at_least=4)]
    began = time.monotonic()
    os.killpg(running.pid, end)
    _, said = running.communicate(timeout=seconds)
    if end is signal.SIGINT:
        assert (running.returncode, said) == (130, "pmicheck: interrupted.\n")
    _, left = psutil.wait_procs(others, timeout=seconds)
    assert left == []
    assert time.monotonic() - began < seconds


def all_of(running: subprocess.Popen[str], at_least: int) -> list[psutil.Process]:
    """The processes that a process has begun, once there are so many."""
    while True:
        children = psutil.Process(running.pid).children(recursive=True)
        if len(children) >= at_least:
            return children
        time.sleep(0.1)
