"""Clients that call servers over lines which hold one message and may lose it.

A client numbers its requests 0 and 1 in turn and repeats one until the reply with that number is there. A server takes
any request that waits, as long as fewer than `limit` servers are at work, and replies when the line is free. It does
not know a repeated request from a new one, so late replies are under way too.
"""

from __future__ import annotations

from benchmarks.building import Builder
from pmicheck.grounding.system import TransitionSystem

EMPTY = None
NUMBERS = (0, 1)


def clients_servers(clients: int, servers: int, limit: int) -> TransitionSystem:
    rules = ("ask", "ask again", "accept", "lose request", "lose reply", "serve", "answer")
    build = Builder(f"clients-servers-{clients}-{servers}-{limit}", rules)
    phases = [build.field(f"client {c}", ((w, n) for w in (False, True) for n in NUMBERS)) for c in range(clients)]
    requests = [build.field(f"request {c}", (EMPTY, *NUMBERS)) for c in range(clients)]
    replies = [build.field(f"reply {c}", (EMPTY, *NUMBERS)) for c in range(clients)]
    jobs = (None, *((c, n) for c in range(clients) for n in NUMBERS))
    works = [build.field(f"server {s}", jobs) for s in range(servers)]
    busy = build.field("busy", range(limit + 1))
    for c, (phase, request, reply) in enumerate(zip(phases, requests, replies, strict=True)):
        for n in NUMBERS:
            build.step("ask", {phase: (False, n), request: EMPTY}, {phase: (True, n), request: n})
            build.step("ask again", {phase: (True, n), request: EMPTY}, {request: n})
            build.step("accept", {phase: (True, n), reply: n}, {phase: (False, 1 - n), reply: EMPTY})
            build.step("lose request", {request: n}, {request: EMPTY})
            build.step("lose reply", {reply: n}, {reply: EMPTY})
            for work in works:
                for k in range(limit):
                    idle = {work: None, busy: k}
                    at_work = {work: (c, n), busy: k + 1}
                    build.step("serve", {request: n, **idle}, {request: EMPTY, **at_work})
                    build.step("answer", {reply: EMPTY, **at_work}, {reply: n, **idle})
    return build.system()
