"""`pmicheck` with the fake analysis: what the tests start as a process."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "report"))

import fake_analysis
import fake_gather

for replaced in ("analysis", "catalogue", "results"):
    sys.modules[f"pmicheck.verify.{replaced}"] = fake_analysis
sys.modules["pmicheck.review.gather"] = fake_gather

from pmicheck.cli.main import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
