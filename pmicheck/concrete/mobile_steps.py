"""What a mobile node that speaks for itself does of its own accord: rules of RFC 6275 and RFC 4866 as calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmicheck.concrete.stage import CN
from pmicheck.nodes.mobile.enhanced_mobile_node import EnhancedMobileNode

if TYPE_CHECKING:
    from pmicheck.concrete.execution import Run


def act_as_mobile_node(run: Run, act: str) -> None:
    """Does what the mobile node does of its own accord; moving is the stage's.

    Raises:
        Divergence: the act is not known, or the node has no permanent token to do it with.
    """
    node, correspondent = run.stage.mn, run.stage.addresses[CN]
    assert node is not None
    match act:
        case "start tests":
            node.start_tests(correspondent, run.now)
        case "repeat":
            node.retransmit(correspondent, run.now)
        case "register with PT" | "deregister" if isinstance(node, EnhancedMobileNode):
            registration = node.registration(correspondent)
            if registration is None or registration.permanent is None:
                raise run.divergence("mn holds no permanent token")
            node.register_with_permanent_token(correspondent, run.now)
        case _:
            raise run.divergence(f"mn has no act {act!r}")
