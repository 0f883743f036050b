"""What a reader would see of a page: colours, overflow, complaints. No test lives here."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

from pmicheck.report.pages.site import pages
from pmicheck.report.record.record import Record

FAINT = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const parse = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    const frame = element.closest(".node")?.querySelector(".frame");
    if (frame) return parse(getComputedStyle(frame).fill);
    for (let at = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return parse(getComputedStyle(document.documentElement).colorScheme === "dark" ? "#000" : "#fff");
  };
  const faint = [];
  let seen = 0;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility({ visibilityProperty: true })) continue;
    if (element.closest("title, script, svg:not(.state-graph)")) continue;
    seen += 1;
    const style = getComputedStyle(element);
    const ink = luminance(parse(element.closest("svg") ? style.fill : style.color).slice(0, 3));
    const paper = luminance(ground(element).slice(0, 3));
    const ratio = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
    if (ratio < 4.5) faint.push(`${walker.currentNode.data.trim().slice(0, 40)}: ${ratio.toFixed(2)}`);
  }
  return [seen, faint];
}"""
"""How many texts are visible, and those whose contrast with what is behind them is below 4.5. Of drawings, those of
states alone: what lies behind a text of another one is not its parent."""

UNFOLD = "() => document.querySelectorAll('details').forEach((each) => { each.open = true; })"

AWAIT = """(condition) => new Promise((resolve, reject) => {
  const until = performance.now() + 20_000;
  const look = () => {
    if (condition()) resolve();
    else if (performance.now() > until) reject(Error(`not within 20 s: ${condition}`));
    else setTimeout(look, 10);
  };
  look();
})"""

WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


def wait_until(page: Page, condition: str) -> None:
    """Wait for an expression of the page's own language. Asked for as one promise: what Playwright polls with is
    evaluated again and again, which the pages' content security policy forbids."""
    page.evaluate(f"({AWAIT})(() => {condition})")


def write_site(record: Record, directory: Path) -> Path:
    """The pages of a record as files; what else a report has is left out."""
    for name, text in pages(record):
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return directory


def faint_texts(page: Page) -> list[str]:
    """The visible texts with a contrast below 4.5, everything unfolded."""
    page.evaluate(UNFOLD)
    seen, faint = page.evaluate(FAINT)
    assert seen > 10, "nothing was looked at"
    found: list[str] = faint
    return found


def overflow(page: Page) -> int:
    """How many pixels the page is wider than the window, everything unfolded."""
    page.evaluate(UNFOLD)
    wider: int = page.evaluate(WIDER)
    return wider
