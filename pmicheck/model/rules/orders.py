"""Which statements of the draft order which rule of sections 3, 5 and 7 (protocol-facts section 5)."""

from __future__ import annotations

HOME_TEST = ("N023", "N033", "N035", "N036", "N043", "N044", "N049")
REFRESH = ("N011", "N060", "N088", "N089", "N092")
DEREGISTER = ("N071", "N140")
NEXT_AGENT = ("N017", "N032", "N061", "N062", "N065", "N073", "N076")
TOKEN_THROUGH_HOME_AGENT = ("N070",)

FORWARD_TEST_INIT = ("N049", "N136", "N137")
ANSWER_TEST = ("N024", "N041", "N157", "N158", "N167")
INTERCEPT = ("N036", "N125", "N132")
HOME_TEST_ARRIVES = ("N026", "N037", "N038", "N039", "N042", "N050", "N051", "N059")
ACKNOWLEDGEMENT_ARRIVES = ("N028", "N029", "N055", "N080", "N082", "N084", "N086", "N094")

PEER_LEARNT = ("N133", "N134", "N135")
"""Of a PHoT, where the correspondent is of type 2."""
PEER_REGISTERED = ("N138", "N139")

CONTEXT = ("N016", "N040", "N045", "N046", "N047", "N068", "N082", "N144", "N145")
ENTRY_ENDS = ("N015", "N160")

UPDATES = {
    "early": (
        "3.3",
        (
            *("N002", "N025", "N027", "N031", "N052", "N053", "N054", "N057", "N058", "N059", "N061", "N064", "N066"),
            *("N067", "N074", "N077", "N078", "N079", "N157", "N158"),
        ),
    ),
    "complete": (
        "3.5",
        (
            *("N010", "N012", "N014", "N030", "N056", "N075", "N081", "N083", "N085", "N087", "N090", "N091", "N092"),
            *("N093", "N095", "N098", "N159", "N172", "N174"),
        ),
    ),
    "deregistration": ("7", ("N072", "N160")),
}
"""What a correspondent does with the three updates: (section, statements)."""
