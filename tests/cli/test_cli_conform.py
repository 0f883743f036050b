"""`pmicheck conform`: how it ends, and that it never passes over a node that was not tested."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pmicheck.cli.main import main
from pmicheck.verdict import ExitCode

ROOT = Path(__file__).parents[2]
STORED = ROOT / "tests" / "conform" / "traces" / "rr-mobile-no-redirection.json"
NODE = (ROOT / "docs" / "your-own-node.md").read_text().partition("```python\n")[2].partition("```")[0]


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])


def ends(node: str, name: str, *options: str, record: Path = STORED) -> int:
    """The exit code for a node whose module lies in the working directory."""
    Path(f"{name}.py").write_text(node)
    return main(["conform", *options, "--target", f"{name}:Correspondent", "--record", str(record)])


def test_a_node_that_agrees_ends_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert ends(NODE, "sound_node") == ExitCode.AS_EXPECTED
    assert "1 trace, 17 packets, no differences." in capsys.readouterr().out


def test_a_weaker_node_is_a_finding_with_both_answers(capsys: pytest.CaptureFixture[str]) -> None:
    weaker = NODE.replace("if seal(packet.payload.octets) != proof.authenticator:", "if False:")
    assert ends(weaker, "weaker_node") == ExitCode.NEW_VIOLATION
    told = " ".join(capsys.readouterr().out.split())
    assert "packet node: is silent (check 'mac') under test: BindingAcknowledgement 0" in told


def test_a_node_that_is_only_safer_neither_agrees_nor_is_a_finding() -> None:
    safer = NODE.replace("nonces in self.burnt", "any(made[0] == nonces[0] for made in self.burnt)")
    assert ends(safer, "safer_node") == ExitCode.INCONCLUSIVE


def test_walks_of_the_model_are_played_beside_the_traces(capsys: pytest.CaptureFixture[str]) -> None:
    assert ends(NODE, "sound_node", "rr-mobile", "--walks", "2") == ExitCode.AS_EXPECTED
    assert "3 traces, " in capsys.readouterr().out


def test_a_silent_node_is_a_finding() -> None:
    assert ends(NODE.replace("return out", "return []"), "silent_node") == ExitCode.NEW_VIOLATION


def test_nothing_that_was_played_is_no_agreement() -> None:
    other = ROOT / "tests" / "replay" / "traces" / "type2-no-redirection.json"
    assert ends(NODE, "sound_node", record=other) == ExitCode.NOT_TRUSTWORTHY
    assert ends(NODE, "sound_node", "type1-initial") == ExitCode.NOT_TRUSTWORTHY


def test_a_target_or_a_scenario_that_does_not_exist_is_a_usage_error() -> None:
    assert main(["conform", "--target", "nowhere", "--record", str(STORED)]) == ExitCode.USAGE
    assert main(["conform"]) == ExitCode.USAGE
    assert ends(NODE, "sound_node", "no-such-scenario") == ExitCode.USAGE
