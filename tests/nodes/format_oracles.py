"""What others say of packets: octets written down by hand, and what tshark finds in a capture. No test lives here."""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from xml.etree import ElementTree

from pmicheck.wire import pcap
from pmicheck.wire.constants import BindingAcknowledgementFlag, BindingUpdateFlag
from pmicheck.wire.dissection import LOST, Piece, dissect
from pmicheck.wire.fields import Format, Row

SHIPPED = Path(__file__).parents[2] / "reports" / "findings"

FIELDS = {
    "ipv6.version": "Version, Traffic Class, Flow Label",
    "ipv6.plen": "Payload Length",
    "ipv6.nxt": "Next Header",
    "ipv6.hlim": "Hop Limit",
    "ipv6.src": "Source Address",
    "ipv6.dst": "Destination Address",
    "ipv6.dstopts.nxt": "Next Header",
    "ipv6.dstopts.len": "Hdr Ext Len",
    "ipv6.opt.mipv6.home_address": "Home Address",
    "ipv6.routing.nxt": "Next Header",
    "ipv6.routing.len": "Hdr Ext Len",
    "ipv6.routing.type": "Routing Type",
    "ipv6.routing.segleft": "Segments Left",
    "ipv6.routing.mipv6.reserved": "Reserved",
    "ipv6.routing.mipv6.home_address": "Home Address",
    "udp.srcport": "Source Port",
    "udp.dstport": "Destination Port",
    "udp.length": "Length",
    "udp.checksum": "Checksum",
    "udp.payload": "data octets",
    "mip6.proto": "Payload Proto",
    "mip6.hlen": "Header Len",
    "mip6.mhtype": "MH Type",
    "mip6.reserved": "Reserved",
    "mip6.csum": "Checksum",
    "mip6.hoti.cookie": "Home Init Cookie",
    "mip6.coti.cookie": "Care-of Init Cookie",
    "mip6.hot.nindex": "Home Nonce Index",
    "mip6.hot.cookie": "Home Init Cookie",
    "mip6.hot.token": "Keygen Token",  # of a Care-of Test, too
    "mip6.cot.nindex": "Care-of Nonce Index",
    "mip6.cot.cookie": "Care-of Init Cookie",
    "mip6.bu.seqnr": "Sequence #",
    "mip6.bu.lifetime": "Lifetime",
    "mip6.ba.status": "Status",
    "mip6.ba.seqnr": "Sequence #",
    "mip6.ba.lifetime": "Lifetime",
    "mip6.be.status": "Status",
    "mip6.be.haddr": "Home Address",
    "mip6.bra.interval": "Refresh Interval",
    "mip6.acoa.acoa": "Alternate Care-of Address",
    "mip6.ni.hni": "Home Nonce Index",
    "mip6.ni.cni": "Care-of Nonce Index",
    "mip6.bad.auth": "Authenticator",
    "mip6.mnid.subtype": "Subtype",
    "mip6.mnid.identifier": "Identifier",
    "mip6.sign.sign": "Signature",
    "mip6.phkt.phkt": "Permanent Home Keygen Token",
    "mip6.mocot.co_keygen_tok": "Care-of Keygen Token",
    "mip6.em.data": "Data",
    "mip6.ipv4ha.preflen": "Prefix-len, P, Reserved",
    "mip6.ipv4ha.ha": "IPv4 home address",
}
"""Names of tshark, and the end of the name that the table has for the same field."""
TWO_SHORT = ("mip6.sign.sign", "mip6.phkt.phkt", "mip6.mocot.co_keygen_tok", "mip6.cgar.cga_par")
"""Of these tshark 4 shows two octets less than it says that the option has."""
BITS = {"ipv6.version": 28, "mip6.ipv4ha.preflen": 10}
"""Fields of tshark that are the highest bits of one of the table: how many bits follow."""
FLAGS = {
    "mip6.bu.a_flag": BindingUpdateFlag.ACKNOWLEDGE,
    "mip6.bu.h_flag": BindingUpdateFlag.HOME_REGISTRATION,
    "mip6.bu.l_flag": BindingUpdateFlag.LINK_LOCAL_COMPATIBILITY,
    "mip6.bu.k_flag": BindingUpdateFlag.KEY_MANAGEMENT,
    "mip6.bu.m_flag": BindingUpdateFlag.MAP_REGISTRATION,
    "mip6.nemo.bu.r_flag": BindingUpdateFlag.MOBILE_ROUTER,
    "mip6.bu.p_flag": BindingUpdateFlag.PROXY_REGISTRATION,
    "mip6.ba.k_flag": BindingAcknowledgementFlag.KEY_MANAGEMENT,
    "mip6.nemo.ba.r_flag": BindingAcknowledgementFlag.MOBILE_ROUTER,
    "mip6.ba.p_flag": BindingAcknowledgementFlag.PROXY_REGISTRATION,
}
WHOLE = {
    "ipv6.opt": "",
    "mip6.options.pad1": "padding",
    "mip6.options.padn": "padding",
    "mip6.options.bra": "Binding Refresh Advice option",
    "mip6.options.acoa": "Alternate Care-of Address option",
    "mip6.options.ni": "Nonce Indices option",
    "mip6.options.bad_auth": "Binding Authorization Data option",
    "mip6.options.mnid": "Mobile Node Identifier option",
    "mip6.options.cgapr": "CGA Parameters Request option",
    "mip6.options.cgar": "CGA Parameters option",
    "mip6.options.sign": "Signature option",
    "mip6.options.phkt": "Permanent Home Keygen Token option",
    "mip6.options.coti": "Care-of Test Init option",
    "mip6.options.cot": "Care-of Test option",
    "mip6.options.em": "Experimental option",
    "mip6.options.ipv4ha": "IPv4 Home Address option",
}
"""Whole options, Type and Length with them; "" for one that the dissector does not name."""
OPAQUE = ("mip6.unknown_type_data", "mip6.cgar.cga_par")
"""What tshark shows as one run of octets; so it does with options that it calls unknown."""


@dataclass(frozen=True)
class Told:
    """A field as tshark tells of it: `start` and `size` in octets of the packet, `shown` its value in words."""

    name: str
    start: int
    size: int
    shown: str
    octets: str

    @property
    def end(self) -> int:
        return self.start + self.size


def shipped() -> list[bytes]:
    """Every packet in the captures of the shipped findings, once."""
    packets: dict[bytes, None] = {}
    for path in sorted(SHIPPED.glob("*.pcap")):
        data, at = path.read_bytes(), 24
        while at < len(data):
            (size,) = struct.unpack_from("<I", data, at + 8)
            packets[data[at + 16 : at + 16 + size]] = None
            at += 16 + size
    return list(packets)


def tshark(packets: Sequence[bytes], path: Path) -> list[list[Told]]:
    """What tshark finds in each packet, all of them in one capture."""
    pcap.write(path, ((1.0, octets) for octets in packets))
    command = ["tshark", "-r", str(path), "-T", "pdml"]
    told = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    return [list(_fields(packet)) for packet in ElementTree.fromstring(told)]


def _fields(packet: ElementTree.Element) -> Iterator[Told]:
    for each in packet.iter("field"):
        found = each.attrib
        if "pos" in found:
            yield Told(
                found["name"], int(found["pos"]), int(found["size"]), found.get("show", ""), found.get("value", "")
            )


def disagreements(octets: bytes, found: Sequence[Told]) -> list[str]:
    """Where the table and tshark differ about a packet, and fields of the table that tshark does not confirm."""
    pieces = dissect(octets)
    starts = {piece.start: piece for piece in pieces}
    ends = {piece.end for piece in pieces}
    confirmed, opaque, wrong = set[int](), list[Told](), list[str]()
    for told in found:
        if told.name in (*FIELDS, *FLAGS, *WHOLE, "mip6.mobility_opt"):
            piece = starts.get(told.start)
            if piece is None or not _agree(piece, told, ends):
                wrong.append(f"{told}: {piece and piece.row.name}")
            confirmed.add(told.start)
        elif told.name in OPAQUE or told.shown.startswith("Unknown (0x"):
            whole = replace(told, size=told.size + 2 * (told.name in TWO_SHORT))
            opaque.append(whole)
            if whole.start not in starts or whole.end not in ends:
                wrong.append(f"{told}: no field begins or ends there")
    for piece in pieces:
        hidden = piece.row.name != LOST and any(told.start <= piece.start and piece.end <= told.end for told in opaque)
        if piece.start not in confirmed and not hidden and piece.row.name != "Reserved":
            wrong.append(f"{piece.format.title}, {piece.row.name}, at {piece.start}: tshark finds no such field")
    return wrong


def _agree(piece: Piece, told: Told, ends: set[int]) -> bool:
    value = piece.value
    if told.name in FLAGS:
        return told.size == len(piece.octets) and bool(value & FLAGS[told.name]) == (told.shown == "1")
    if told.name == "mip6.mobility_opt":
        return piece.row.name == "Type, Length" and piece.format.number == int(told.shown)
    if told.name in WHOLE:
        return piece.format.title == (WHOLE[told.name] or piece.format.title) and told.end in ends
    if not piece.row.name.endswith(FIELDS[told.name]):
        return False
    if told.name in BITS:
        return str(value >> BITS[told.name]) == told.shown
    size = len(piece.octets) - 2 * (told.name in TWO_SHORT)
    words = isinstance(value, IPv4Address | IPv6Address) or (isinstance(value, int) and told.shown.isdigit())
    same_words = not words or f"{value}" == told.shown
    return same_words and told.size == size and told.octets == piece.octets[:size].hex()


@contextmanager
def altered(format: Format, rows: tuple[Row, ...]) -> Iterator[None]:
    """The table with other rows for a format."""
    kept = format.rows
    object.__setattr__(format, "rows", rows)
    try:
        yield
    finally:
        object.__setattr__(format, "rows", kept)
