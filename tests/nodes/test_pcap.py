"""Capture files, read back by octets and by tshark, a dissector written by others."""

from __future__ import annotations

import os
import struct
import subprocess
from ipaddress import IPv6Address
from pathlib import Path

import pytest

from pmicheck.errors import OutputError
from pmicheck.wire import cga, codec, keys, pcap, signature, tokens
from pmicheck.wire.constants import BindingAcknowledgementFlag, BindingUpdateFlag, Status
from pmicheck.wire.packet import MobilityHeader, Packet, UdpDatagram

AGENT = IPv6Address("2001:db8:4::1")
CARE_OF = IPv6Address("2001:db8:2::1")
CORRESPONDENT = IPv6Address("2001:db8:3::1")
HOME, PARAMETERS = cga.generate(
    keys.der_public_key("mobile_node"), bytes.fromhex("20010db800010000"), 0, modifier=bytes(16)
)
COOKIE, TOKEN, KBM = b"cookie!!", b"a token!", bytes(20)
CIPHERTEXT = tokens.encrypt_token(keys.der_public_key("mobile_node"), TOKEN, b"seed")


def mobility(message: codec.KnownMessage, **headers: IPv6Address) -> Packet:
    """A message between care-of address and correspondent, sealed, in a packet."""
    back = isinstance(message, codec.BindingAcknowledgement | codec.HomeTest | codec.CareOfTest | codec.ProxyHomeTest)
    source, destination = (CORRESPONDENT, CARE_OF) if back else (CARE_OF, CORRESPONDENT)
    empty = Packet(source, destination, MobilityHeader(b""), 64, headers.get("home"), headers.get("routing"))
    key = keys.private_key("mobile_node")
    has_signature = codec.option_of(message, codec.SignatureOption) is not None
    has_mac = codec.option_of(message, codec.BindingAuthorizationDataOption) is not None
    octets = codec.seal(
        message,
        source=empty.checksum_source,
        destination=empty.checksum_destination,
        sign=(lambda part: signature.sign(key, CARE_OF, CORRESPONDENT, part)) if has_signature else None,
        authenticate=((lambda header: tokens.authenticator(KBM, CARE_OF, CORRESPONDENT, header)) if has_mac else None),
    )
    return Packet(source, destination, MobilityHeader(octets), 64, empty.home_address, empty.routing_home_address)


def every_packet() -> list[Packet]:
    mac = codec.BindingAuthorizationDataOption()
    proxy = BindingUpdateFlag.ACKNOWLEDGE | BindingUpdateFlag.PROXY_REGISTRATION
    update = codec.BindingUpdate(
        7,
        100,
        proxy,
        options=(
            codec.MobileNodeHomeAddressOption(HOME),
            codec.AlternateCareOfAddressOption(CARE_OF),
            codec.CgaParametersOption(PARAMETERS + bytes(100)),
            codec.SignatureOption(),
            codec.CareOfTestInitOption(),
            codec.CgaParametersRequestOption(),
            codec.NonceIndicesOption(3, 0),
            mac,
        ),
    )
    acknowledgement = codec.BindingAcknowledgement(
        Status.ACCEPTED,
        7,
        100,
        BindingAcknowledgementFlag.PROXY_REGISTRATION,
        options=(
            codec.PermanentHomeKeygenTokenOption(CIPHERTEXT),
            codec.HandoverHomeKeygenTokenOption(CIPHERTEXT),
            codec.CareOfTestOption(TOKEN),
            codec.EncryptedCareOfTestOption(CIPHERTEXT),
            codec.BindingRefreshAdviceOption(10),
            mac,
        ),
    )
    home_test_init = mobility(codec.HomeTestInit(COOKIE))
    return [
        mobility(codec.BindingRefreshRequest()),
        home_test_init,
        mobility(codec.CareOfTestInit(COOKIE)),
        mobility(codec.HomeTest(3, COOKIE, TOKEN)),
        mobility(codec.CareOfTest(4, COOKIE, TOKEN)),
        mobility(update),
        mobility(codec.BindingUpdate(8, 0, options=(codec.NonceIndicesOption(3, 0), mac)), home=HOME),
        mobility(codec.BindingUpdate(9, 1)),
        mobility(acknowledgement, routing=HOME),
        mobility(codec.BindingError(1, HOME)),
        mobility(codec.ProxyHomeTestInit(COOKIE, CARE_OF)),
        mobility(codec.ProxyHomeTest(3, COOKIE, TOKEN, AGENT)),
        Packet(CARE_OF, AGENT, home_test_init),
        Packet(CARE_OF, CORRESPONDENT, Packet(HOME, CORRESPONDENT, UdpDatagram(bytes(100)))),
        Packet(CORRESPONDENT, CARE_OF, UdpDatagram(bytes(99)), routing_home_address=HOME),
        Packet(CARE_OF, CORRESPONDENT, UdpDatagram(bytes(99)), home_address=HOME),
    ]


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("capture") / "every.pcap"
    pcap.write(path, [(1000 + number / 8, packet.to_bytes()) for number, packet in enumerate(every_packet())])
    return path


def tshark(path: Path, *arguments: str) -> str:
    command = ["tshark", "-r", str(path), "-o", "udp.check_checksum:TRUE", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


def test_tshark_finds_nothing_malformed_and_every_udp_checksum_right(capture: Path) -> None:
    text = tshark(capture, "-V")
    assert text.count("Frame Length:") == len(every_packet())
    assert text.count("Checksum Status: Good") == 3, "tshark checks UDP, but no Mobility Header"
    for trouble in ("Malformed", "incorrect", "Bad", "truncated", "Expert Info (Error"):
        assert trouble not in text


@pytest.mark.parametrize(
    "name",
    [
        "Binding Refresh Request",
        "Home Test Init",
        "Care-of Test Init",
        "Home Test",
        "Care-of Test",
        "Binding Update",
        "Binding Acknowledgement",
        "Binding Error",
    ],
)
def test_tshark_recognises_the_messages_of_rfc_6275(capture: Path, name: str) -> None:
    assert f"Mobility Header Type: {name} (" in tshark(capture, "-V")


def test_tshark_reads_the_same_numbers(capture: Path) -> None:
    update = tshark(capture, "-Y", "frame.number == 6", "-V")
    for line in (
        "Sequence number: 7",
        "Lifetime: 100 (400 seconds)",
        "Proxy Registration (P) flag: Proxy Registration",
        f"Alternate care-of address: {CARE_OF}",
        "Nonce Indices",
        "Authorization Data",
        "CGA Parameters Request",
        "Signature",
        "Care-of Test Init",
    ):
        assert line in update


def test_tshark_sees_the_home_address_option_and_the_type_2_routing_header(capture: Path) -> None:
    assert str(HOME) in tshark(capture, "-Y", "frame.number == 7", "-T", "fields", "-e", "ipv6.opt.mipv6.home_address")
    assert str(HOME) in tshark(
        capture, "-Y", "frame.number == 9", "-T", "fields", "-e", "ipv6.routing.mipv6.home_address"
    )


def test_tshark_sees_the_packet_inside_a_tunnel(capture: Path) -> None:
    destinations = tshark(capture, "-Y", "frame.number == 14", "-T", "fields", "-e", "ipv6.src")
    assert destinations.strip() == f"{CARE_OF},{HOME}"


def test_a_capture_has_the_classic_layout_with_microseconds(tmp_path: Path) -> None:
    path = tmp_path / "two.pcap"
    pcap.write(path, [(1.5, b"first"), (1_700_000_000.000001, b"")])
    data = path.read_bytes()
    assert struct.unpack_from("<IHHiIII", data) == (0xA1B2C3D4, 2, 4, 0, 0, 262_144, 229)
    assert data[24:] == (
        struct.pack("<IIII", 1, 500_000, 5, 5) + b"first" + struct.pack("<IIII", 1_700_000_000, 1, 0, 0)
    )


def test_a_time_just_below_a_second_does_not_become_a_million_microseconds(tmp_path: Path) -> None:
    pcap.write(tmp_path / "a.pcap", [(1.9999999, b"")])
    assert struct.unpack_from("<II", (tmp_path / "a.pcap").read_bytes(), 24) == (2, 0)


def test_the_same_packets_give_the_same_file(tmp_path: Path) -> None:
    for name in ("a.pcap", "b.pcap"):
        pcap.write(tmp_path / name, [(1.25, packet.to_bytes()) for packet in every_packet()])
    assert (tmp_path / "a.pcap").read_bytes() == (tmp_path / "b.pcap").read_bytes()


def test_an_older_capture_is_replaced_and_nothing_else_left(tmp_path: Path) -> None:
    pcap.write(tmp_path / "a.pcap", [(1, b"old")])
    pcap.write(tmp_path / "a.pcap", [(1, b"new")])
    assert (tmp_path / "a.pcap").read_bytes().endswith(b"new")
    assert os.listdir(tmp_path) == ["a.pcap"]


def test_a_directory_that_is_not_there_is_an_output_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"the capture .*a\.pcap cannot be written: No such file"):
        pcap.write(tmp_path / "missing" / "a.pcap", [])


def test_a_name_that_is_a_directory_is_an_output_error_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.pcap").mkdir()
    with pytest.raises(OutputError):
        pcap.write(tmp_path / "a.pcap", [])
    assert os.listdir(tmp_path) == ["a.pcap"]


def test_a_full_disk_is_an_output_error_and_the_older_capture_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, data: bytes) -> int:
        path.touch()
        raise OSError(28, "No space left on device")

    pcap.write(tmp_path / "a.pcap", [(1, b"old")])
    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OutputError, match="No space left on device"):
        pcap.write(tmp_path / "a.pcap", [(1, b"new")])
    assert os.listdir(tmp_path) == ["a.pcap"]
    assert (tmp_path / "a.pcap").read_bytes().endswith(b"old")


@pytest.mark.parametrize("seconds", [-1, -0.001, 2**32])
def test_a_time_that_does_not_fit_is_refused(tmp_path: Path, seconds: float) -> None:
    with pytest.raises(ValueError, match="a time in a capture must lie between 0 and 4294967295 seconds"):
        pcap.write(tmp_path / "a.pcap", [(seconds, b"")])
