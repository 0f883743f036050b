"""How proxy binding updates and plain binding updates are put together (the draft's 3.3-3.5, RFC 4866 4.1,
RFC 6275 11.7.2)."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Address

from pmicheck.nodes import sealing
from pmicheck.nodes.policy import Policy
from pmicheck.nodes.registrant.registration import Outstanding, Registration, Step, With
from pmicheck.nodes.sealing import CgaIdentity
from pmicheck.wire import codec, keys, tokens
from pmicheck.wire.constants import LIFETIME_UNIT, SEQUENCE_MODULUS, BindingUpdateFlag
from pmicheck.wire.packet import MobilityHeader, Packet


@dataclass(frozen=True, kw_only=True)
class UpdatePlan:
    """All that goes into one binding update.

    Args:
        home_token: T, PT or HT, and home_index its name.
        care_of_token: C; eight zero octets in an early update, None in a deregistration.
        lifetime: in units of four seconds.
        identity: whose CGA Parameters and signature are added; None for none.
        asks_for_care_of_token, asks_for_correspondent_cga: the options of these names.
    """

    home_address: IPv6Address
    care_of_address: IPv6Address
    correspondent: IPv6Address
    sequence: int
    lifetime: int
    home_token: bytes
    home_index: int
    care_of_token: bytes | None
    care_of_index: int
    identity: CgaIdentity | None = None
    asks_for_care_of_token: bool = False
    asks_for_correspondent_cga: bool = False

    @property
    def kbm(self) -> bytes:
        """RFC 6275 5.2.5, RFC 4866 4.1."""
        return tokens.binding_management_key(self.home_token, self.care_of_token)

    @property
    def mac_address(self) -> IPv6Address:
        """The care-of address in the MAC; a deregistration has the home address there (RFC 6275 6.2.7)."""
        return self.home_address if self.lifetime == 0 else self.care_of_address

    def outstanding(self, step: Step, using: With, *, repeated: bool) -> Outstanding:
        """What is kept of the update until its acknowledgement comes."""
        return Outstanding(
            step=step,
            using=using,
            sequence=self.sequence,
            kbm=self.kbm,
            mac_address=self.mac_address,
            repeated=repeated,
        )


def planned(
    policy: Policy,
    registration: Registration,
    step: Step,
    held: tuple[bytes, int],
    *,
    care_of_address: IPv6Address,
    lifetime: int,
    identity: CgaIdentity | None,
    asks_for_correspondent_cga: bool,
) -> UpdatePlan:
    """The next update of a registration.

    Args:
        held: its home token and that token's index.
        lifetime: seconds to ask for, of which a deregistration has none.
    """
    care_of_token, care_of_index = registration.care_of_token(policy, step)
    return UpdatePlan(
        home_address=registration.home_address,
        care_of_address=care_of_address,
        correspondent=registration.correspondent,
        sequence=(registration.sequence + 1) % SEQUENCE_MODULUS,
        lifetime=0 if step is Step.DEREGISTRATION else lifetime // LIFETIME_UNIT,
        home_token=held[0],
        home_index=held[1],
        care_of_token=care_of_token,
        care_of_index=care_of_index,
        identity=identity,
        asks_for_care_of_token=step is Step.EARLY,
        asks_for_correspondent_cga=asks_for_correspondent_cga and policy.reading("cn_cga_on_pba") == "on",
    )


def proxy_update(policy: Policy, plan: UpdatePlan) -> Packet:
    """A proxy binding update.

    Never with a Home Address option (N157), so the home address goes elsewhere (A-04).
    """
    by_source = policy.reading("hoa_conveyance") == "source"
    conveyed: codec.Option = (
        codec.AlternateCareOfAddressOption(plan.care_of_address)
        if by_source
        else codec.MobileNodeHomeAddressOption(plan.home_address)
    )
    flags = BindingUpdateFlag.ACKNOWLEDGE | BindingUpdateFlag.PROXY_REGISTRATION
    source = plan.home_address if by_source else plan.care_of_address
    blank = Packet(source, plan.correspondent, MobilityHeader(b""))
    return _seal(policy, plan, blank, flags, [conveyed])


def plain_update(policy: Policy, plan: UpdatePlan) -> Packet:
    """A binding update of a mobile node: from its care-of address with a Home Address option, or from home
    without."""
    at_home = plan.care_of_address == plan.home_address
    blank = Packet(
        plan.care_of_address,
        plan.correspondent,
        MobilityHeader(b""),
        home_address=None if at_home else plan.home_address,
    )
    return _seal(policy, plan, blank, BindingUpdateFlag.ACKNOWLEDGE, [])


def _seal(
    policy: Policy,
    plan: UpdatePlan,
    blank: Packet,
    flags: BindingUpdateFlag,
    first: list[codec.Option],
) -> Packet:
    """Options in the order of RFC 4866 4.1: CGA, Signature, Care-of Test Init, CGA Parameters Request,
    Nonce Indices, MAC.

    What the amendments want signed stands before CGA: a delegation, and the Nonce Indices (signed_nonces).
    """
    options = list(first)
    identity = plan.identity
    indices = codec.NonceIndicesOption(plan.home_index, plan.care_of_index)
    indices_are_signed = identity is not None and policy.reading("signed_nonces") == "yes"
    if indices_are_signed:
        options.append(indices)
    if identity is not None:
        if identity.delegation is not None:
            options.append(codec.DelegationOption(identity.delegation))
        placeholder = bytes((identity.private_key.key_size + 7) // 8)
        options += [codec.CgaParametersOption(identity.cga_parameters), codec.SignatureOption(placeholder)]
    if plan.asks_for_care_of_token:
        options.append(codec.CareOfTestInitOption())
    if plan.asks_for_correspondent_cga:
        options.append(codec.CgaParametersRequestOption())
    if not indices_are_signed:
        options.append(indices)
    options.append(codec.BindingAuthorizationDataOption())
    message = codec.BindingUpdate(plan.sequence, plan.lifetime, flags, options=tuple(options))

    def sign(signed_part: bytes) -> bytes:
        assert identity is not None
        data = sealing.signed_data(policy, plan.mac_address, plan.correspondent, signed_part)
        return keys.sign(identity.private_key, data)

    octets = codec.seal(
        message,
        source=blank.checksum_source,
        destination=blank.checksum_destination,
        sign=None if identity is None else sign,
        authenticate=lambda header: sealing.mac(policy, plan.kbm, plan.mac_address, plan.correspondent, header),
    )
    return Packet(blank.source, blank.destination, MobilityHeader(octets), home_address=blank.home_address)
