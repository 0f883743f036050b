"""The packet node with the node under test beside it: both get each packet, and their answers are compared.

The run goes on with the answers of the node under test. Payload that the correspondent sends of its own accord is the
packet node's, since nobody can ask a foreign node for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import Protocol

from pmicheck.bench.names import HOMES, addresses
from pmicheck.conform.afterwards import TOO_OLD, Remade
from pmicheck.conform.answers import Answer, Disagreement, IsSealed, Lean, answers_in, disagreement, garbled
from pmicheck.conform.borrowed import BorrowedNonces, Promised, opened
from pmicheck.conform.damaged import ELSEWHERE, damaged
from pmicheck.conform.node import ForeignNode, OutOfTime
from pmicheck.errors import PmicheckError, WireError
from pmicheck.nodes import sealing
from pmicheck.nodes.correspondent.bindings import Bindings, Examined, home_address_to_test
from pmicheck.nodes.correspondent.correspondent_node import CorrespondentNode
from pmicheck.nodes.correspondent.update import Credential, Update
from pmicheck.nodes.node import plain_packet
from pmicheck.nodes.policy import Policy
from pmicheck.nodes.sealing import CgaIdentity
from pmicheck.wire import codec
from pmicheck.wire.constants import COOKIE_OCTETS, BindingErrorStatus
from pmicheck.wire.packet import MobilityHeader, Packet, UdpDatagram

NOWHERE = IPv6Address("2001:db8:7e57::1")
"""An address that no node of a run has: what is sent from there leaves no trace."""


class Parted(PmicheckError):
    """The two correspondents are in different states now, so the test ends."""


@dataclass(frozen=True)
class Found:
    """A difference at one packet.

    Attributes:
        damage: what was done to the packet of the run before both got it, "" if nothing.
        check: the check by which the packet node refused it, "" if it did not.
        status: that with which the node under test refused a binding update, None if it did not.
    """

    damage: str
    message: str
    check: str
    status: int | None
    lean: Lean
    ours: str
    theirs: str


class Watch(Protocol):
    """What is told of what happens at the two correspondents."""

    def met(self) -> None:
        """Both get a packet."""

    def found(self, difference: Found) -> None:
        """They differ."""

    def renewed(self, index: int) -> None:
        """The node under test has a new nonce, of this index."""


class Beside(CorrespondentNode):
    """See the module.

    Args:
        foreign: the node under test.
        watch: is told what happens.
        spared: what is not done to packets.

    Raises:
        Parted: by whatever hands it a packet, once the two are in different states.
        OutOfTime: likewise, if the node under test cannot be asked that late.
    """

    def __init__(
        self,
        address: IPv6Address,
        policy: Policy,
        seed: bytes,
        *,
        foreign: ForeignNode,
        watch: Watch,
        spared: frozenset[str] = frozenset(),
        identity: CgaIdentity | None = None,
        keeps_numbers: bool = False,
    ) -> None:
        super().__init__(address, policy, seed, identity=identity, keeps_numbers=keeps_numbers)
        self._foreign, self._watch, self._spared = foreign, watch, spared
        self._promised = Promised(seed, address.packed)
        self._borrowed = BorrowedNonces(policy, self._promised, self._current_nonce, watch.renewed)
        self._bindings = Bindings(
            address, policy, self._promised, self._note, identity, keeps_numbers, nonces=self._borrowed
        )
        self._examined: Examined | None = None
        self._complete: dict[IPv6Address, Update] = {}

    @property
    def repeats_nonces(self) -> bool:
        """Whether two nonces of the trace are one nonce of the node under test, so that a trace may not fit it."""
        return self._borrowed.repeated

    # Packets.

    def receive(self, packet: bytes, now: float, *, protected: bool = False) -> None:
        """See `Node`; a binding update comes damaged first, then as it is, then once more where that is refused."""
        pending, self._outbox = self._outbox, []
        self.advance(now)
        update = _update_in(packet)
        examined = None if update is None else self._quietly(*update, now)
        if examined is not None:
            self._try_refused(damaged(examined.update, self.policy, self.address), now)
        answers = self._meet(packet, now, "")
        if update is not None:
            self._try_refused([("sent again", packet)], now)
        self._outbox = pending + answers

    def _quietly(self, packet: Packet, message: codec.BindingUpdate, now: float) -> Examined | None:
        """What the packet node would say of an update; leaves nothing behind."""
        logged = len(self.log)
        examined = self._bindings.examine(packet, message, now)
        del self.log[logged:]
        return examined

    def conclude(self, now: float) -> None:
        """After the last step: the nonces of each binding are used again, once it is deleted and once they are old."""
        late = []
        for home_address, update in list(self._complete.items()):
            for damage, octets, later in self._afterwards(home_address, Remade(update, self.policy, self.address), now):
                if later:
                    late.append((damage, octets, now + later))
                elif damage not in self._spared:
                    self._meet(octets, now, damage)
        for damage, octets, at in late:
            if damage not in self._spared:
                self._meet(octets, at, damage)

    def _afterwards(self, home_address: IPv6Address, remade: Remade, now: float) -> Iterator[tuple[str, bytes, float]]:
        """Each packet with what it is, and how many seconds later it comes; it is made once the last one was met."""
        yield "deregistered", remade.deregistration(self._next_number(home_address)), 0.0
        yield "used nonces again", remade.again(self._next_number(home_address)), 0.0
        init = plain_packet(codec.CareOfTestInit(bytes(COOKIE_OCTETS)), ELSEWHERE, self.address)
        yield "from another address", init.to_bytes(), 0.0
        index, token = self._bindings.care_of_test(ELSEWHERE, now)
        moved = remade.elsewhere(self._next_number(home_address), ELSEWHERE, index, token)
        yield "used home nonce for another care-of address", moved, 0.0
        late = remade.elsewhere(self._next_number(home_address), ELSEWHERE, index, token)
        yield "nonces that are too old", late, TOO_OLD

    def _next_number(self, home_address: IPv6Address) -> int:
        last = self._bindings.cache.last_sequence(home_address)
        used = self._complete[home_address].message.sequence
        return max(used, used if last is None else last) + 1

    def _try_refused(self, packets: Iterable[tuple[str, bytes]], now: float) -> None:
        """Lets both meet the packets that the packet node refuses, and forgets the answers."""
        logged = len(self.log)
        for damage, octets in packets:
            if damage in self._spared:
                continue
            update = _update_in(octets)
            examined = None if update is None else self._quietly(*update, now)
            if examined is None or examined.refusal is not None:
                self._meet(octets, now, damage)
        del self.log[logged:]

    def _meet(self, octets: bytes, now: float, damage: str) -> list[bytes]:
        """Both get a packet; the answers of the node under test."""
        self._watch.met()
        name = _name_of(octets)
        theirs = self._asked(octets, now, damage, name)
        self._borrow(octets, theirs, now)
        logged, self._examined = len(self.log), None
        super().receive(octets, now)
        ours, self._outbox = self._outbox, []
        check = next((str(event.detail["check"]) for event in self.log[logged:] if event.kind == "rejected"), "")
        try:
            seen = answers_in(theirs, self._seals())
        except WireError as error:
            raise self._broken(damage, name, garbled(error), check) from error
        differs = disagreement(answers_in(ours, self._seals()), seen, accepted=not check)
        if differs is not None:
            self._tell(differs, seen, damage, name, check)
        if _update_in(octets) is not None:
            self._compare_bindings(now, damage, name, check)
        return theirs

    def _tell(self, differs: Disagreement, seen: tuple[Answer, ...], damage: str, name: str, check: str) -> None:
        """Raises Parted where one of the two has accepted what the other one has not, or may have."""
        status = next((int(answer.shown["status"]) for answer in seen if "status" in answer.shown), None)
        self._watch.found(Found(damage, name, check, status, differs.lean, differs.ours, differs.theirs))
        if differs.lean is not Lean.OTHER:
            raise Parted

    def _broken(self, damage: str, name: str, theirs: str, check: str = "") -> Parted:
        self._watch.found(Found(damage, name, check, None, Lean.BROKEN, "answers as it should", theirs))
        return Parted()

    def _asked(self, octets: bytes, now: float, damage: str = "", name: str = "a packet") -> list[bytes]:
        """The node under test gets a packet. Raises Parted if it fails."""
        try:
            self._foreign.advance(now)
            self._foreign.receive(octets, now)
            return [bytes(answer) for answer in self._foreign.packets_to_send()]
        except OutOfTime:
            raise
        except Exception as error:
            raise self._broken(damage, name, f"fails with {type(error).__name__}: {error}") from error

    def _on_binding_update(self, packet: Packet, message: codec.BindingUpdate, now: float) -> None:
        """Keeps what the checks said, for the comparison of authenticators and for what comes afterwards."""
        self._examined = examined = self._quietly(packet, message, now)
        if examined is not None and examined.refusal is None and examined.update.complete:
            update = examined.update
            if update.credential is Credential.TEMPORARY and update.token is not None:
                self._complete[update.home_address] = update
        super()._on_binding_update(packet, message, now)

    def _seals(self) -> IsSealed:
        update = None if self._examined is None else self._examined.update

        def is_sealed(header: bytes, authenticator: bytes) -> bool:
            if update is None or update.kbm is None:
                return False
            return sealing.mac(self.policy, update.kbm, update.mac_address, self.address, header) == authenticator

        return is_sealed

    # Tokens.

    def _current_nonce(self, now: float) -> int:
        """By a care-of test init, which leaves no state behind (RFC 6275 5.2.5)."""
        init = plain_packet(codec.CareOfTestInit(bytes(COOKIE_OCTETS)), NOWHERE, self.address).to_bytes()
        for message in map(_message_in, self._asked(init, now)):
            if isinstance(message, codec.CareOfTest):
                return message.nonce_index
        raise self._broken("", "CareOfTestInit", "hands out no care-of keygen token")

    def _borrow(self, octets: bytes, answers: Iterable[bytes], now: float) -> None:
        """Takes over the tokens of an answer."""
        self._promised.promise(())
        try:
            asked = Packet.from_bytes(octets)
        except WireError:
            return
        update = _update_in(octets)
        for message in map(_message_in, answers):
            home_address = home_address_to_test(self.policy, asked)
            if isinstance(message, codec.HomeTest | codec.ProxyHomeTest) and home_address is not None:
                self._borrowed.take_home(message.nonce_index, home_address, message.token, now)
            elif isinstance(message, codec.CareOfTest):
                self._borrowed.take_care_of(message.nonce_index, asked.source, message.token, now)
            elif isinstance(message, codec.BindingAcknowledgement) and update is not None:
                self._borrow_issued(asked, update[1], message, now)

    def _borrow_issued(
        self, asked: Packet, update: codec.BindingUpdate, answer: codec.BindingAcknowledgement, now: float
    ) -> None:
        permanent = codec.option_of(answer, codec.PermanentHomeKeygenTokenOption)
        handover = codec.option_of(answer, codec.HandoverHomeKeygenTokenOption)
        issued = [opened(update, option.ciphertext) for option in (permanent, handover) if option is not None]
        self._promised.promise(token for token in issued if token is not None)
        plain = codec.option_of(answer, codec.CareOfTestOption)
        secret = codec.option_of(answer, codec.EncryptedCareOfTestOption)
        indices = codec.option_of(answer, codec.NonceIndicesOption)
        token = plain.token if plain is not None else opened(update, secret.ciphertext) if secret is not None else None
        if token is None or indices is None:
            return
        alternate = codec.option_of(update, codec.AlternateCareOfAddressOption)
        care_of_address = asked.source if alternate is None else alternate.address
        self._borrowed.take_care_of(indices.care_of, care_of_address, token, now)

    # Bindings.

    def _compare_bindings(self, now: float, damage: str, name: str, check: str) -> None:
        """Raises Parted if the node under test has other bindings."""
        named = addresses()
        for home in HOMES:
            ours = self.entry(named[home])
            care_of = None if ours is None else ours.care_of_address
            differs = self._other_binding(home, named[home], care_of, now)
            if differs is not None:
                self._tell(differs, (), damage, name, check)

    def _other_binding(self, home: str, at: IPv6Address, ours: IPv6Address | None, now: float) -> Disagreement | None:
        view: Callable[[IPv6Address], IPv6Address | None] | None = getattr(self._foreign, "entry", None)
        if view is None:
            return self._other_by_payload(home, at, ours, now)
        try:
            theirs = view(at)
        except Exception as error:
            raise self._broken("", "entry", f"fails with {type(error).__name__}: {error}") from error
        if theirs == ours:
            return None
        lean = Lean.SAFER if theirs is None else Lean.WEAKER
        return Disagreement(lean, _binding(home, ours), _binding(home, theirs))

    def _other_by_payload(
        self, home: str, at: IPv6Address, ours: IPv6Address | None, now: float
    ) -> Disagreement | None:
        """RFC 6275 9.3.1: payload with a Home Address option is answered by a Binding Error without that binding."""
        if self._takes_payload(at, NOWHERE, now):
            return Disagreement(Lean.WEAKER, _binding(home, ours), f"takes payload of {home} from any address")
        places = [ours] if ours is not None else _care_of_addresses()
        for place in places:
            if self._takes_payload(at, place, now) != (place == ours):
                theirs = None if place == ours else place
                lean = Lean.SAFER if theirs is None else Lean.WEAKER
                return Disagreement(lean, _binding(home, ours), _binding(home, theirs))
        return None

    def _takes_payload(self, home_address: IPv6Address, care_of: IPv6Address, now: float) -> bool:
        packet = Packet(care_of, self.address, UdpDatagram(b""), home_address=home_address)
        answers = [_message_in(octets) for octets in self._asked(packet.to_bytes(), now, "", "payload")]
        error = codec.BindingError(BindingErrorStatus.UNKNOWN_BINDING, home_address)
        return error not in answers


def _care_of_addresses() -> list[IPv6Address]:
    named = addresses()
    return [named[name] for name in ("CoA1", "CoA2", "attacker", "bystander")]


def _binding(home: str, care_of_address: IPv6Address | None) -> str:
    return f"no binding for {home}" if care_of_address is None else f"a binding for {home} at {care_of_address}"


def _update_in(octets: bytes) -> tuple[Packet, codec.BindingUpdate] | None:
    """A binding update with its packet."""
    message = _message_in(octets)
    return (Packet.from_bytes(octets), message) if isinstance(message, codec.BindingUpdate) else None


def _message_in(octets: bytes) -> codec.Message | None:
    """The message in a packet, None if there is none that can be decoded."""
    try:
        packet = Packet.from_bytes(octets)
        if not isinstance(packet.payload, MobilityHeader):
            return None
        source, destination = packet.checksum_source, packet.checksum_destination
        return codec.decode(packet.payload.octets, source=source, destination=destination)
    except WireError:
        return None


def _name_of(octets: bytes) -> str:
    message = _message_in(octets)
    return "payload" if message is None else type(message).__name__
