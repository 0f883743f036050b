"""What a report may replace or remove: what its manifest lists, as it was written, and nothing behind a link."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import record_samples as samples

from pmicheck.errors import OutputError
from pmicheck.report import directory as report_directory
from pmicheck.report.directory import write_reports
from pmicheck.report.manifest import MANIFEST, MARK, inspect
from pmicheck.verdict import Verdict

VIOLATED = samples.result("home-path", "no-redirection", Verdict.VIOLATED)
OTHER = samples.result("off-path", "binding-freshness", Verdict.VIOLATED)
STEM = "findings/type1-initial-home-path-no-redirection"


@pytest.fixture
def report(tmp_path: Path) -> Path:
    write_reports(samples.record(VIOLATED), tmp_path / "report")
    return tmp_path / "report"


def contents(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def refused(directory: Path, said: str) -> None:
    before = contents(directory)
    with pytest.raises(OutputError, match=said):
        write_reports(samples.record(OTHER), directory)
    assert contents(directory) == before


def test_the_manifest_lists_every_file_but_the_record_with_its_digest(report: Path) -> None:
    first, *lines = (report / MANIFEST).read_text().splitlines()
    assert first == MARK
    listed = dict(reversed(line.split("  ")) for line in lines)
    written = {name: hashlib.sha256(octets).hexdigest() for name, octets in contents(report).items()}
    assert listed == {name: digest for name, digest in written.items() if name not in (MANIFEST, "record.json")}


@pytest.mark.parametrize(
    "name", ["index.html", "findings.md", "assets/pmicheck.css", f"{STEM}.json", "graphs/a.svg.gz"]
)
def test_a_file_that_pmicheck_did_not_write_is_not_overwritten(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("mine")
    refused(tmp_path, "would be overwritten, but pmicheck did not write it")


def test_a_page_that_somebody_changed_is_not_overwritten(report: Path) -> None:
    (report / "index.html").write_text("my own words")
    refused(report, r"index\.html: has changed since pmicheck wrote it")


def test_a_list_without_the_mark_removes_nothing(report: Path) -> None:
    _, rest = (report / MANIFEST).read_text().split("\n", 1)
    (report / MANIFEST).write_text(rest)
    refused(report, "did not write it")


@pytest.mark.parametrize("name", ["../outside.txt", "findings/../../outside.txt", "notes.md"])
def test_what_no_report_has_is_not_removed_though_the_list_names_it(report: Path, name: str) -> None:
    (report / name).resolve().write_text("mine")
    with (report / MANIFEST).open("a") as listed:
        listed.write(f"{hashlib.sha256(b'mine').hexdigest()}  {name}\n")
    write_reports(samples.record(OTHER), report)
    assert (report / name).resolve().read_text() == "mine"


@pytest.mark.parametrize("name", ["findings", "index.html", MANIFEST, "record.json"])
def test_no_link_is_followed(report: Path, tmp_path: Path, name: str) -> None:
    (report / name).rename(tmp_path / "elsewhere")
    (report / name).symlink_to(tmp_path / "elsewhere")
    before = contents(tmp_path)
    refused(report, "is a link where a report has a file or directory of its own")
    assert contents(tmp_path) == before


def test_a_record_stays_that_no_report_goes_with_unless_its_run_was_interrupted(tmp_path: Path) -> None:
    from msgspec.structs import replace

    from pmicheck.report.record.record import save

    save(samples.record(VIOLATED), tmp_path / "record.json")
    refused(tmp_path, r"record\.json: would be overwritten")
    save(replace(samples.record(VIOLATED), partial=True), tmp_path / "record.json")
    write_reports(samples.record(OTHER), tmp_path)


def test_a_run_that_ends_while_it_writes_leaves_what_the_next_one_can_replace(
    report: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, left = report_directory.write_rendered, iter(range(5))

    def write(path: Path, content: str | bytes) -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt
        real(path, content)

    monkeypatch.setattr(report_directory, "write_rendered", write)
    with pytest.raises(KeyboardInterrupt):
        write_reports(samples.record(OTHER), report)
    monkeypatch.undo()
    inspect(report)
    write_reports(samples.record(OTHER), report)
    assert not list((report / "findings").glob("*home-path*"))


def test_the_review_of_the_draft_is_pmichecks_own() -> None:
    listed = inspect(Path(__file__).parents[2] / "reports", own_record=True).digests
    assert len(listed) > 1000
