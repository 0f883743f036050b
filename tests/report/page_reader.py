"""Reads the pages of a report as a browser would: elements, texts, addresses. No test lives here."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import unquote

VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
INLINE = {"a", "abbr", "code", "span", "strong", "b", "i", "wbr"}
"""What does not part a text from what stands before and after it."""


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    parent: Element | None = None
    children: list[Element | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All text in it, blanks put together."""
        return " ".join("".join(self._texts()).split())

    def _texts(self) -> list[str]:
        texts = [text for child in self.children for text in ([child] if isinstance(child, str) else child._texts())]
        return texts if self.tag in INLINE else [" ", *texts, " "]

    def all(self, tag: str = "", name: str = "") -> list[Element]:
        """The elements within it of this tag and class."""
        found = []
        for child in self.children:
            if isinstance(child, Element):
                fits = (not tag or child.tag == tag) and (not name or name in child.classes)
                found += [child] if fits else []
                found += child.all(tag, name)
        return found

    def one(self, tag: str = "", name: str = "") -> Element:
        (found,) = self.all(tag, name)
        return found

    def with_id(self, id: str) -> Element:
        (found,) = [each for each in self.all() if each.attributes.get("id") == id]
        return found

    @property
    def classes(self) -> list[str]:
        return self.attributes.get("class", "").split()


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = self.here = Element("", {})

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs}, self.here)
        assert len(element.attributes) == len(attrs), f"an attribute stands twice in {self.get_starttag_text()}"
        self.here.children.append(element)
        if tag not in VOID and not (self.get_starttag_text() or "").endswith("/>"):
            self.here = element

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        assert tag == self.here.tag, f"</{tag}> ends <{self.here.tag}>"
        assert self.here.parent is not None
        self.here = self.here.parent

    def handle_data(self, data: str) -> None:
        self.here.children.append(data)


def read(html: str) -> Element:
    """The tree of a page. Fails where an element is not ended in order."""
    parser = _Parser()
    parser.feed(html)
    parser.close()
    assert parser.here is parser.root, f"<{parser.here.tag}> is not ended"
    return parser.root


def target(page: str, address: str) -> tuple[str, str]:
    """The file (from the report's directory) and fragment that an address in a page leads to."""
    path, _, fragment = address.partition("#")
    folder = page.split("/")[:-1]
    for part in unquote(path).split("/"):
        if part == "..":
            assert folder, f"{address} in {page} leads out of the report"
            folder.pop()
        elif part:
            folder.append(part)
    return ("/".join(folder) if path else page), unquote(fragment)
