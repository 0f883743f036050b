"""The sentences of steps of schemas 1 to 3: what a step of today has as values.

The sentences of those records never change, so neither does this module: nothing else reads words. What their words do
not say, or what makes no sense, is left out, and a replay that needs it diverges.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pmicheck.trace import Changed, Known, Said, Values

_CACHE = r"(?P<keeper>\w+)\[(?P<home>.+)\]\."
_CELLS: Mapping[str, str] = {
    "clock": "clock",
    "attachment": "(?:mobile node|node of (?P<home>.+)) (?P<words>attached to)",
    "registration": r"(?P<keeper>\w+)\.(?P<words>registration)",
    "local list": r"(?P<keeper>\w+)\.(?P<words>binding update list\[(?P<home>.+)\])",
    "wish": r"(?P<keeper>\w+)\.(?P<words>route optimisation wanted by (?P<home>.+))",
    "entry": _CACHE + "(?P<words>entry)",
    "sequence number": _CACHE + "(?P<words>sequence number)",
    "permanent tokens": _CACHE + "(?P<words>permanent tokens)",
    "handover tokens": _CACHE + "(?P<words>handover tokens)",
    "pairs issued": _CACHE + "(?P<words>pairs issued)",
    "burnt nonces": _CACHE + r"(?P<words>burnt (?P<nonce>\d+)(?:/(?P<care_of_nonce>\d+) for (?P<care_of>.+))?)",
    "place of token": _CACHE + r"(?P<words>care-of address (?:of|that used) (?P<token>PT|HT)(?P<number>\d+))",
    "newest delegation": _CACHE + "(?P<words>newest delegation)",
}
_ACTS: tuple[tuple[str, str], ...] = (
    ("move", r"(?P<who>mobile node) (?P<does>moves to (?P<target>\w+))"),
    ("move", r"node of (?P<home>.+) (?P<does>moves to (?P<target>\w+))"),
    ("end entry", r"entry of (?P<home>.*?) ends(?: at (?P<at>\w+))?"),
    ("end handover token", r"handover token of (?P<home>.*?) ends(?: at (?P<at>\w+))?"),
    ("start tests", r"\S+(?: node)? (?P<does>starts the (?:proxy home test|tests|home test))"),
    ("repeat", r"\S+(?: node)? (?P<does>repeats .*)"),
    ("refresh", r"\S+ (?P<does>refreshes with the permanent token)"),
    ("register with PT", r"mobile node (?P<does>registers with the permanent token)"),
    ("register with HT", r"\S+ (?P<does>registers with the handover token)"),
    ("deregister", r"\S+(?: node)? (?P<does>deregisters(?: with the peer)?)"),
    ("transfer context", r"\S+ (?P<does>transfers the context)"),
    ("hand over HT", r"\S+ (?P<does>hands HT to the home agent)"),
    ("ask for context", r"(?:attacker )?(?P<does>asks (?P<agent>pma1) for the handover context)"),
    ("ask for context", r"\S+ (?P<does>asks (?P<previous>\w+) for the context)"),
    ("ask home agent", r"\S+ (?P<does>asks HA2 for the binding)"),
    ("register from context", r"\S+ (?P<does>registers with the peer in the context)"),
    ("register", r"\S+ (?P<does>registers the (?P<who>mobile node|correspondent))"),
    ("forget", r"\S+ (?P<does>forgets the (?P<who>mobile node))"),
    ("send data", r"(?P<by>pma\d) (?P<does>tunnels the mobile node's data)"),
    ("send data", r"(?P<by>\w+) (?P<does>sends data to the mobile node)"),
    ("send data", r"(?P<who>mobile node|correspondent) (?P<does>sends data by its agent)"),
    ("ask for route optimisation", r"(?P<who>mobile node) (?P<does>asks for route optimisation)"),
)
_LABEL = re.compile(r" \((?P<home>.+) at (?P<at>\w+)\)$")
"""What stands behind the name of a rule or of a registration that is about another flow than the main one."""
_HOMES = {"mobile node": "HoA", "correspondent": "CN's HoA"}
_WAYS = {
    "it ": "derived",
    "read from ": "read",
    "from a test of its own": "tested",
    "handed over": "handed over",
    "came to it": "prologue",
    "public": "public",
}
_WHEN = re.compile(r"( at step \d+(?:, read at .*)?| in the prologue)$", re.DOTALL)
_NUMBERS = {
    "seq": r"\bseq (\d{1,18})\b",
    "nonce": r"\bhome nonce (\d{1,18})\b",
    "care_of_nonce": r"\bcare-of nonce (\d{1,18})\b",
    "answers": r"\banswers (\d{1,18})\b",
}
_PARTS: tuple[tuple[str, str], ...] = (
    ("home nonce ", "nonce"),
    ("HT index", "nonce"),
    ("care-of nonce ", "care_of_nonce"),
    ("care-of test init", "test"),
    ("home ", "home"),
    ("care-of ", "care_of"),
    ("seq ", "seq"),
    ("CGA of ", "key"),
    ("signature of ", "sig"),
    ("MAC[", "mac"),
    ("status ", "status"),
    ("C(", "care_of_token"),
    ("{C(", "care_of_token"),
    ("PT", "PT"),
    ("{PT", "PT"),
    ("HT", "HT"),
    ("{HT", "HT"),
    ("forged", "forged"),
    ("answers ", "answers"),
    ("authenticated by ", "proof"),
    ("cookie(", "cookie"),
    ("Home Address option ", "hao"),
    ("from ", "asker"),
    ("peer ", "peer"),
    ("private key of ", "key"),
    ("outer source ", "outer"),
    ("routing header ", "routing"),
)
"""By how a part of a term begins, which field of the message it tells; the first that fits."""
_TYPES = {
    "HoTI": "TestInit",
    "CoTI": "TestInit",
    "PHoTI": "TestInit",
    "HoT": "Test",
    "CoT": "Test",
    "PHoT": "Test",
    "BA": "Acknowledgement",
    "PBA": "Acknowledgement",
    "handover token": "HandoverToken",
    "binding cache request": "CacheRequest",
    "binding cache acknowledgement": "CacheAnswer",
    "handshake PBA": "PeerAcknowledgement",
    "context transfer request": "ContextRequest",
    "context transfer data": "ContextData",
    "data": "Data",
    "trigger": "Trigger",
}
"""The class of a message that is no update, by its name in a term."""
_FIRST = {
    "TestInit": ("address",),
    "Test": ("address", "cookie", "token"),
    "PeerAcknowledgement": ("home",),
    "CacheRequest": ("home",),
    "ContextRequest": ("home",),
    "ContextData": ("home",),
}
"""What the first parts of a term tell where nothing says so."""


def message_in(data: Values) -> dict[str, Any] | None:
    message = data.get("message")
    return message if isinstance(message, dict) else None


def _kind(data: Values) -> str:
    return "TestInit" if data.get("kind") == "test" else str((message_in(data) or {}).get("type", ""))


def act_of(action: str, rule: str, data: Values, correspondent: str) -> tuple[str, dict[str, Any], str]:
    """Key, arguments and words of what the actor does."""
    if data.get("kind") == "test":
        return "test", {name: data[name] for name in ("init", "address", "nonce") if name in data}, ""
    if "phase" in data:
        return "tick", {"phase": data["phase"]}, ""
    name, label, flow = _unlabelled(str(data.get("rule", rule)))
    for key, pattern in _ACTS if action == "start" else ():
        found = re.fullmatch(pattern, name)
        if found is not None:
            named = {**{name: value for name, value in found.groupdict().items() if value is not None}, **flow}
            does = named.pop("does", "") + label
            if "who" in named:
                named["home"] = _HOMES[named.pop("who")]
            if key in ("end entry", "end handover token"):
                named.setdefault("at", correspondent)
            return key, named, does
    return ("receive" if action != "start" else ""), {}, ""


def _unlabelled(name: str) -> tuple[str, str, dict[str, str]]:
    """The name as that of the main flow, its label, and whose traffic with whom that says."""
    label = _LABEL.search(name)
    return (name[: label.start()], label[0], label.groupdict()) if label else (name, "", {})


def said(term: str, contents: Mapping[str, Any]) -> Said:
    """A message that was sent: by its fields if some step processes it, else as far as the words go."""
    name = re.sub(r" \d+$", "", term.partition("(")[0])
    content = contents.get(term)
    if content is None:
        found = {field: re.search(pattern, term) for field, pattern in _NUMBERS.items()}
        content = {field: int(match[1]) if match else 0 for field, match in found.items()}
        content = {"type": _type_of(name), **content, **_addresses(term)} if name.endswith("BU") else _bare(name)
    return Said(name, term, content)


def _type_of(name: str) -> str:
    if name.endswith("handshake PBU"):
        return "PeerUpdate"
    return "Update" if name.endswith("BU") else _TYPES.get(name, "")


def _bare(name: str) -> dict[str, Any]:
    """What the name alone tells of a message."""
    kind = _type_of(name)
    if kind in ("TestInit", "Test"):
        return {"type": kind, "kind": name}
    return {"type": kind} if kind else {}


def _addresses(term: str) -> dict[str, str]:
    found = {
        name: re.search(rf"[(\s]{words} (.+?)[,)]", term) for name, words in (("home", "home"), ("care_of", "care-of"))
    }
    return {name: match[1] for name, match in found.items() if match}


def changed(line: str, before: str, stored: Any) -> Changed:
    cell, _, now = line.partition(": ")
    kind, of = "", {}
    unlabelled, label, flow = _unlabelled(cell)
    for name, pattern in _CELLS.items():
        found = re.fullmatch(pattern, unlabelled)
        if found is not None:
            kind = name
            of = {**{key: _number(value) for key, value in found.groupdict().items() if value}, **flow}
            break
    words = f"{of.pop('words', unlabelled)}{label}"
    if kind == "attachment":
        of = {"keeper": "mn2", **of} if "home" in of else {"keeper": "mn", "home": "HoA"}
    told = isinstance(stored, dict) and stored.get("cell") == cell and "value" in stored
    after = stored["value"] if told else _value(kind, now)
    return Changed(
        cell=cell,
        kind=kind,
        of=of,
        words=words,
        before=_value(kind, before),
        after=after,
        was=tuple(before.split(", ")) if before else (),
        now=tuple(now.split(", ")),
    )


def _value(kind: str, told: str) -> Any:
    """The value that the words tell, as far as they go; the words themselves if they are not of the kind."""
    match kind:
        case "permanent tokens" | "handover tokens":
            numbers = [] if told == "none" else [_number(each) for each in told.split(", ")]
            return numbers if all(isinstance(each, int) for each in numbers) else told
        case "entry" if found := re.fullmatch(r"(.+), (verified|unverified)", told):
            return {"care_of": found[1], "verified": found[2] == "verified"}
        case "registration" if found := re.fullmatch(
            r"(\w+), last number (\d{1,18})(?:, holds(?: PT(\d{1,18}))?(?: HT(\d{1,18}))?)?", told
        ):
            pt, ht = (0 if number is None else int(number) for number in found.group(3, 4))
            return {"stage": found[1], "seq": int(found[2]), "pt": pt, "ht": ht}
        case _:
            plain = {"none": None, "True": True, "False": False}
            return plain[told] if told in plain else _number(told)


def _number(told: str) -> int | str:
    """The number; the words themselves if they are none, or one of more digits than anybody counts to."""
    return int(told) if told.isdecimal() and len(told) <= 18 else told


def known(line: str, premises: tuple[int, ...] = ()) -> Known:
    words, _, how = line.partition(": ")
    when = _WHEN.search(how)
    told, ended = (how[: when.start()], when[0]) if when else (how, "")
    way = next((way for begins, way in _WAYS.items() if how.startswith(begins)), "own")
    return Known(_term(words), words, way, told, ended, premises)


def _term(words: str) -> list[str]:
    """The constructor of a term: all that anybody asks of it."""
    return ["sig" if words.startswith("signature of ") else words.partition("(")[0]]


def parts_of(term: str, data: Values) -> tuple[tuple[str, str], ...]:
    """What stands between the brackets of a term, cut at the commas outside of inner brackets, with its fields."""
    kind, parts = _kind(data), _split(term)
    first = _FIRST.get(kind, ())
    named = []
    for at, words in enumerate(parts):
        field = next((field for begins, field in _PARTS if words.startswith(begins)), "")
        named.append([field or (first[at] if at < len(first) else ""), words])
    if kind == "Test":
        named = [[first[at] if at < len(first) else field, words] for at, (field, words) in enumerate(named)]
    if kind == "Acknowledgement" and (message_in(data) or {}).get("care_of_token") == ["forged"]:
        token = next((at for at, (field, _) in enumerate(named) if field == "forged"), None)
        if token is not None:
            named[token][0] = "care_of_token"
    return tuple((field, words) for field, words in named)


def _split(term: str) -> list[str]:
    _, bracket, inside = term.partition("(")
    parts: list[str] = []
    depth = begin = 0
    for at, character in enumerate(inside):
        if character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
            if depth < 0:
                return [*parts, inside[begin:at].strip()]
        elif character == "," and not depth:
            parts.append(inside[begin:at].strip())
            begin = at + 1
    return [*parts, inside[begin:].strip()] if bracket else []
