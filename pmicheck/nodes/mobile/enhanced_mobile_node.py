"""An RFC 4866 mobile node: it proves its home address by the key that made it and by a permanent token.

First contact goes home test, early update, complete update; the second and third are signed. The permanent
token that they bring takes the place of home test and signature in every later exchange (RFC 4866 3, 4.1).
"""

from __future__ import annotations

from ipaddress import IPv6Address

from pmicheck.nodes.mobile.mobile_node import MobileNode
from pmicheck.nodes.policy import Policy
from pmicheck.nodes.registrant import answer_check
from pmicheck.nodes.registrant.answer_check import Answer
from pmicheck.nodes.registrant.registration import Registration, Step, With
from pmicheck.nodes.sealing import CgaIdentity
from pmicheck.wire import codec
from pmicheck.wire.constants import LIFETIME_UNIT, MAX_CGA_BINDING_LIFETIME, MAX_RO_FAILURE, Status


class EnhancedMobileNode(MobileNode):
    """A mobile node that speaks for itself by RFC 4866; none of the draft's messages and options.

    Args:
        address: its home address, where it is until it moves.
        identity: its key pair and the CGA Parameters that make `address` from it.
        lifetime: seconds to ask for.
    """

    def __init__(
        self,
        address: IPv6Address,
        home_agent: IPv6Address,
        policy: Policy,
        seed: bytes,
        *,
        identity: CgaIdentity,
        lifetime: int = MAX_CGA_BINDING_LIFETIME,
    ) -> None:
        super().__init__(address, home_agent, policy, seed, lifetime=lifetime)
        self._identity = identity

    # Stimuli.

    def move(self, care_of_address: IPv6Address, correspondent: IPv6Address, now: float) -> None:
        """A new care-of address and a registration of it at once, by PT if there is one.

        The home agent has to be told by the caller.
        """
        self.attach(care_of_address, correspondent)
        self.register_with_permanent_token(correspondent, now)

    def start_tests(self, correspondent: IPv6Address, now: float) -> None:
        """The home test; the rest follows when it is answered, and a care-of test is part of that (RFC 4866
        4.1)."""
        registration = self._begin(correspondent)
        registration.temporary = None
        self._start_home_test(registration, now)

    def register_with_permanent_token(self, correspondent: IPv6Address, now: float) -> None:
        """Early update by PT, then a complete one; at home a deregistration (RFC 4866 4.1).

        Without a permanent token, or with one that is used up (RFC 4866 4.9), it begins with a home test.
        """
        registration = self._begin(correspondent)
        registration.temporary = None
        step = Step.DEREGISTRATION if registration.leaving else Step.EARLY
        self._send_update(registration, step, With.PERMANENT, now)

    def return_home(self, correspondent: IPv6Address, now: float) -> None:
        """Back home: a deregistration by PT, or without one by a home test and a signature (RFC 6275
        11.5.5, RFC 4866 4.1)."""
        self.attach(None, correspondent)
        self.register_with_permanent_token(correspondent, now)

    def retransmit(self, correspondent: IPv6Address, now: float) -> None:
        """What has not been answered, again: a new cookie, or a greater sequence number (RFC 6275 11.8)."""
        registration = self._registration(correspondent)
        outstanding = registration.outstanding
        if registration.cookie is not None:
            self._start_home_test(registration, now)
        elif outstanding is not None:
            self._send_update(registration, outstanding.step, outstanding.using, now)

    # Sending.

    def _go_on(self, registration: Registration, now: float) -> None:
        """What follows a home test."""
        step = Step.DEREGISTRATION if registration.leaving else Step.EARLY
        self._send_update(registration, step, With.TEMPORARY, now)

    def _send_update(
        self, registration: Registration, step: Step, using: With, now: float, *, repeated: bool = False
    ) -> None:
        """Goes back to the early update if C is too old, and to the home test if there is no home token."""
        if using is With.PERMANENT:
            self._give_up_permanent_token(registration, now)
        if step is Step.COMPLETE and (registration.care_of is None or not registration.care_of.is_usable(now)):
            step = Step.EARLY
        super()._send_update(registration, step, using, now, repeated=repeated)
        if using is With.PERMANENT and registration.outstanding is not None:
            registration.numbers_with_permanent_token += 1

    def _give_up_permanent_token(self, registration: Registration, now: float) -> None:
        """Forgets a token that is used up (RFC 4866 4.9), or that is not answered.

        If an answer with a new token was lost, the correspondent knows the old one no more, and what does not
        fit its token it meets with silence (RFC 6275 9.5.1). So the number of attempts has a limit.
        """
        if registration.permanent is None:
            return
        used_up = registration.permanent_is_used_up(self.policy)
        if used_up or registration.unanswered > MAX_RO_FAILURE:
            registration.permanent = None
            kind = "permanent-token-used-up" if used_up else "permanent-token-unanswered"
            self._note(now, kind, correspondent=registration.correspondent)

    def _signs_as(self, using: With) -> CgaIdentity | None:
        """Proof of the key goes with T in every update, and never with PT (RFC 4866 4.1; status 150)."""
        return self._identity if using is With.TEMPORARY else None

    # Acknowledgements.

    def _restart(self, answer: Answer, now: float) -> None:
        """RFC 6275 11.7.3: a stale care-of nonce costs another early update, a stale home nonce a home test."""
        registration = answer.registration
        if answer.message.status != Status.EXPIRED_CARE_OF_NONCE_INDEX:
            registration.temporary = None
        step = Step.DEREGISTRATION if registration.leaving else Step.EARLY
        self._send_update(registration, step, answer.outstanding.using, now)

    def _on_refusal(self, answer: Answer, now: float) -> None:
        """Status 147 means that PT is gone, so the home test takes its place (RFC 4866 5.7); else it stops.

        An answer without a MAC may be anybody's, so a genuine one is still listened for after it.
        """
        registration, status, proven = answer.registration, answer.message.status, answer.is_authenticated
        unavailable = status == Status.PERMANENT_HOME_KEYGEN_TOKEN_UNAVAILABLE
        gone = unavailable and answer.outstanding.using is With.PERMANENT
        if proven or gone:
            registration.outstanding = None
        kind = "permanent-token-gone" if gone else "refused"
        self._note(now, kind, source=registration.correspondent, status=status, authenticated=proven)
        if gone:
            registration.permanent = None
            self._start_home_test(registration, now)

    def _on_acceptance(self, answer: Answer, now: float) -> None:
        """Stores PT (RFC 4866 4.4, 4.8); with C comes the complete update at once.

        After a deregistration PT is worth nothing.
        """
        registration, outstanding = answer.registration, answer.outstanding
        brought = codec.option_of(answer.message, codec.PermanentHomeKeygenTokenOption)
        if brought is not None and not self._take_permanent_token(answer, brought, now):
            return
        if outstanding.step is Step.EARLY:
            # RFC 4866 4.4: beside a new PT the complete update is signed, whatever the early one was.
            using = outstanding.using if brought is None else With.TEMPORARY
            self._on_early_acceptance(registration, answer.message, using, now)
            return
        if outstanding.step is Step.DEREGISTRATION:
            registration.permanent = registration.temporary = None
        super()._on_acceptance(answer, now)

    def _take_permanent_token(self, answer: Answer, brought: codec.PermanentHomeKeygenTokenOption, now: float) -> bool:
        """False if the correspondent was asked to sign and has not (RFC 4866 4.4); an older token is void."""
        registration = answer.registration
        asked = answer.outstanding.using is With.TEMPORARY and self.policy.reading("cn_cga_on_pba") == "on"
        if asked and not answer_check.correspondent_is_proven(self.policy, answer):
            self._reject(now, "binding-acknowledgement", "correspondent-cga", source=registration.correspondent)
            return False
        registration.permanent = answer_check.uncovered(self.policy, self._identity.private_key, brought.ciphertext)
        registration.numbers_with_permanent_token = 0
        self._note(now, "accepted-tokens", source=registration.correspondent)
        return True

    def _on_early_acceptance(
        self, registration: Registration, message: codec.BindingAcknowledgement, using: With, now: float
    ) -> None:
        """C in clear, with the index of its nonce beside it (RFC 4866 4.4; E-13)."""
        token = answer_check.care_of_token_in(message, None, now)
        if token is None:
            self._reject(now, "binding-acknowledgement", "care-of-token", source=registration.correspondent)
            return
        registration.care_of = token
        registration.expires_at = now + message.lifetime * LIFETIME_UNIT
        self._note(now, "accepted-binding-acknowledgement", source=registration.correspondent, step=Step.EARLY.value)
        self._send_update(registration, Step.COMPLETE, using, now)
