"""docs/pre-commit-hook.sh in a repository of its own: what it lets through, what it refuses, what it looks at."""

from __future__ import annotations

from collections.abc import Callable
from subprocess import CompletedProcess

import pytest
from transcripts import ROOT, Sandbox

Commit = Callable[..., "CompletedProcess[str]"]

QUIET_AGENT = """\
name = "quiet-agent"
title = "The previous agent never deregistered"
variant = "settled"
argument = "Bounds as those of type1-settled."
prologue = [
    "pma1 starts the proxy home test",
    "pma1 transfers the context",
    "mobile node moves to CoA2",
    "pma2 registers with the handover token",
    "clock reaches 210 s",
    "clock reaches 240 s",
]
[bounds]
clock = 4
retransmissions = 1
"""
TOO_EARLY = QUIET_AGENT.replace('    "clock reaches 210 s",\n    "clock reaches 240 s",\n', "")
"""The first home token of the previous agent is still good there, which makes attacks that the other file lacks."""

OTHER_TOML = 'colour = "green"\n'
REASON = 's/^reason = ""/reason = "known"/'


@pytest.fixture
def commit(sandbox: Sandbox) -> Commit:
    """Commits files, given by name and text, in a repository that has the hook."""
    sandbox.run("git init --quiet").check_returncode()
    hook = sandbox.directory / ".git/hooks/pre-commit"
    hook.write_bytes((ROOT / "docs/pre-commit-hook.sh").read_bytes())
    hook.chmod(0o755)

    def call(files: dict[str, str], before: str = ":", **environment: str) -> CompletedProcess[str]:
        for name, text in files.items():
            (sandbox.directory / name).write_text(text, encoding="utf-8")
        identity = "git -c user.name=tester -c user.email=tester@example.org"
        return sandbox.run(
            f"git add {' '.join(files)} && {before} && {identity} commit --quiet --message words",
            GIT_CONFIG_GLOBAL="/dev/null",
            GIT_CONFIG_NOSYSTEM="1",
            **environment,
        )

    return call


def pretends(sandbox: Sandbox, code: int) -> str:
    """A `pmicheck` that says which files are scenarios, and of what else it is asked writes down the arguments and
    ends with `code`."""
    script = f'echo "$@" > "{sandbox.directory}/asked"; exit {code}'
    sandbox.program("pretended", f'[ "$1" != list ] || exec pmicheck "$@"; {script}')
    return "pretended"


def baseline_of(sandbox: Sandbox, scenario: str) -> str:
    """A baseline that argues every violation of the scenario."""
    (sandbox.directory / "known.toml").write_text(scenario, encoding="utf-8")
    script = f"""
        pmicheck verify known.toml --json known.json || true
        pmicheck baseline write --record known.json --output known-baseline.toml
        sed -i '{REASON}' known-baseline.toml
        cat known-baseline.toml >&3
    """
    sandbox.run(f"exec 3> known-text; {script}").check_returncode()
    return (sandbox.directory / "known-text").read_text(encoding="utf-8")


def commits(sandbox: Sandbox) -> int:
    return int(sandbox.run("git rev-list --all --count").stdout)


def test_a_scenario_whose_findings_are_all_known_is_committed(sandbox: Sandbox, commit: Commit) -> None:
    done = commit({"agent.toml": QUIET_AGENT, "baseline.toml": baseline_of(sandbox, QUIET_AGENT)})
    assert done.returncode == 0, done.stdout
    assert commits(sandbox) == 1


def test_a_scenario_with_a_new_finding_is_refused(sandbox: Sandbox, commit: Commit) -> None:
    known = baseline_of(sandbox, QUIET_AGENT)
    refused = commit({"agent.toml": TOO_EARLY, "baseline.toml": known})
    assert refused.returncode == 1, refused.stdout
    assert "New violations:" in refused.stdout
    assert "refused, since pmicheck ended with 1" in refused.stdout
    assert commits(sandbox) == 0


def test_what_counts_is_what_is_staged(sandbox: Sandbox, commit: Commit) -> None:
    (sandbox.directory / "fine").write_text(QUIET_AGENT, encoding="utf-8")
    files = {"agent.toml": TOO_EARLY, "baseline.toml": baseline_of(sandbox, QUIET_AGENT)}
    assert commit(files, before="cp fine agent.toml").returncode == 1


def test_a_scenario_file_with_a_mistake_is_refused_with_its_line(commit: Commit) -> None:
    refused = commit({"agent.toml": QUIET_AGENT.replace("retransmissions = 1", "retransmissions = 9")})
    assert refused.returncode == 1
    assert "agent.toml:15: bound 'retransmissions' is 9, but must be" in refused.stdout


@pytest.mark.parametrize("code", [1, 2, 4, 5, 70, 130])
def test_every_other_ending_is_refused_too(code: int, sandbox: Sandbox, commit: Commit) -> None:
    refused = commit({"agent.toml": QUIET_AGENT}, PMICHECK=pretends(sandbox, code))
    assert refused.returncode == 1
    assert f"ended with {code}" in refused.stdout
    assert commits(sandbox) == 0


def test_a_limit_stops_no_commit_but_is_said(sandbox: Sandbox, commit: Commit) -> None:
    done = commit({"agent.toml": QUIET_AGENT}, PMICHECK=pretends(sandbox, 3))
    assert done.returncode == 0
    assert "CI decides" in done.stdout
    assert commits(sandbox) == 1


def test_a_commit_that_touches_no_scenario_decides_nothing(sandbox: Sandbox, commit: Commit) -> None:
    done = commit({"colour.toml": OTHER_TOML, "notes.txt": "variant = none\n"}, PMICHECK=pretends(sandbox, 1))
    assert done.returncode == 0
    assert not (sandbox.directory / "asked").exists()


def test_only_the_scenarios_of_the_commit_are_decided(sandbox: Sandbox, commit: Commit) -> None:
    commit({"first.toml": QUIET_AGENT}, PMICHECK=pretends(sandbox, 0))
    commit({"second-file.toml": TOO_EARLY}, PMICHECK=pretends(sandbox, 0))
    assert (sandbox.directory / "asked").read_text() == "verify ./second-file.toml --max-seconds 60\n"


def test_the_staged_baseline_is_used_if_there_is_one(sandbox: Sandbox, commit: Commit) -> None:
    files = {"agent.toml": QUIET_AGENT, "baseline.toml": "# nothing known\n"}
    commit(files, PMICHECK=pretends(sandbox, 0), PMICHECK_HOOK_SECONDS="5")
    asked = (sandbox.directory / "asked").read_text()
    assert asked == "verify ./agent.toml --baseline baseline.toml --max-seconds 5\n"


@pytest.mark.parametrize(
    "text",
    [
        'name = "wide"\ntitle = "t"\nwidens = "type1-initial"\nargument = "a"\n[bounds]\nrefreshes = 1\n',
        QUIET_AGENT.replace("variant =", "varient ="),
        QUIET_AGENT.replace("variant =", '"variant" ='),
        QUIET_AGENT + "clock = = 1\n",
    ],
)
def test_every_scenario_file_is_found_however_it_is_written(sandbox: Sandbox, commit: Commit, text: str) -> None:
    assert commit({"agent.toml": text}, PMICHECK=pretends(sandbox, 1)).returncode == 1
