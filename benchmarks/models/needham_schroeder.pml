/* The protocol of Needham and Schroeder with an intruder, for up to two initiators and two responders: see
   needham_schroeder.py. Agent 0 is the intruder, initiators come next, responders last; _pid is the agent. */

#ifndef INITIATORS
#define INITIATORS 2
#endif
#ifndef RESPONDERS
#define RESPONDERS 2
#endif

#define INTRUDER 0
#define AGENTS (1 + INITIATORS + RESPONDERS)
#define RESPONDER(r) (INITIATORS + (r)) /* r from 1 */
#define CALLED(k) ((k) > 0 -> RESPONDER(k) : INTRUDER)

mtype = { CALL, ANSWER, FINISH };

chan net = [1] of { mtype, byte, byte, byte, byte }; /* kind, key, first nonce, second nonce, name */

/* What the intruder knows: nonces by their owners, and messages by their nonces, a bit for each key and name. At first
   it is his own nonce (number 0) and what he makes of it. */
#define CALL_BIT(r, caller) (1 << (((r) - 1) * (INITIATORS + 1) + (caller)))
#define ANSWER_BIT(initiator, k) (1 << (((initiator) - 1) * (RESPONDERS + 1) + (k)))
#define FINISH_BIT(r) (1 << ((r) - 1))
#define ALL 255

bit nonce[AGENTS] = { 1, 0 };
byte calls[AGENTS] = { ALL, 0 };
byte finishes[AGENTS] = { ALL, 0 };
byte answers[AGENTS * AGENTS] = { ALL, 0 };

inline learn(n)
{
  if
  :: nonce[n] -> skip
  :: else ->
     nonce[n] = 1;
     calls[n] = ALL;
     finishes[n] = ALL;
     for (other : 0 .. AGENTS - 1) {
       if
       :: nonce[other] ->
          answers[n * AGENTS + other] = ALL;
          answers[other * AGENTS + n] = ALL
       :: else -> skip
       fi
     }
  fi
}

#ifdef NESTED /* ask once whether the network is free, then choose what to send: something is always known */
#define FREE true
#define SENDS :: atomic { empty(net) -> if EACH_MESSAGE fi }
#else
#define FREE empty(net)
#define SENDS EACH_MESSAGE
#endif

#define SEND_CALL(r, first, caller) \
  :: d_step { \
       r <= RESPONDERS && first < AGENTS && caller <= INITIATORS && FREE && (calls[first] & CALL_BIT(r, caller)) -> \
       net!CALL(RESPONDER(r), first, 0, caller) \
     }
#define SEND_FINISH(r, first) \
  :: d_step { \
       r <= RESPONDERS && first < AGENTS && FREE && (finishes[first] & FINISH_BIT(r)) -> \
       net!FINISH(RESPONDER(r), first, 0, 0) \
     }
#define SEND_ANSWER(initiator, first, second, k) \
  :: d_step { \
       initiator <= INITIATORS && first < AGENTS && second < AGENTS && k <= RESPONDERS && FREE && \
       (answers[(first) * AGENTS + (second)] & ANSWER_BIT(initiator, k)) -> \
       net!ANSWER(initiator, first, second, CALLED(k)) \
     }
#define SEND_ANSWERS(first, second) \
  SEND_ANSWER(1, first, second, 0) SEND_ANSWER(1, first, second, 1) SEND_ANSWER(1, first, second, 2) \
  SEND_ANSWER(2, first, second, 0) SEND_ANSWER(2, first, second, 1) SEND_ANSWER(2, first, second, 2)
#define SEND(first) \
  SEND_CALL(1, first, 0) SEND_CALL(1, first, 1) SEND_CALL(1, first, 2) \
  SEND_CALL(2, first, 0) SEND_CALL(2, first, 1) SEND_CALL(2, first, 2) \
  SEND_FINISH(1, first) SEND_FINISH(2, first) \
  SEND_ANSWERS(first, 0) SEND_ANSWERS(first, 1) SEND_ANSWERS(first, 2) SEND_ANSWERS(first, 3) SEND_ANSWERS(first, 4)
#define EACH_MESSAGE SEND(0) SEND(1) SEND(2) SEND(3) SEND(4)

active proctype intruder()
{
  byte key, first, second, name, other;
  do
  :: d_step {
       net?CALL(key, first, _, name) ->
       if
       :: key == INTRUDER -> learn(first)
       :: else -> calls[first] = calls[first] | CALL_BIT(key - INITIATORS, name)
       fi;
       key = 0; first = 0; name = 0; other = 0
     }
  :: d_step {
       net?ANSWER(key, first, second, name) ->
       if
       :: key == INTRUDER -> learn(first); learn(second)
       :: else ->
          name = (name == INTRUDER -> 0 : name - INITIATORS);
          answers[first * AGENTS + second] = answers[first * AGENTS + second] | ANSWER_BIT(key, name)
       fi;
       key = 0; first = 0; second = 0; name = 0; other = 0
     }
  :: d_step {
       net?FINISH(key, first, _, _) ->
       if
       :: key == INTRUDER -> learn(first)
       :: else -> finishes[first] = finishes[first] | FINISH_BIT(key - INITIATORS)
       fi;
       key = 0; first = 0; other = 0
     }
  SENDS
  od
}

#define CALL_TO(k) d_step { k <= RESPONDERS && empty(net) -> peer = CALLED(k); net!CALL(peer, _pid, 0, _pid) }

active [INITIATORS] proctype initiator()
{
  byte peer, heard;
  if
  :: CALL_TO(0)
  :: CALL_TO(1)
  :: CALL_TO(2)
  fi;
#ifdef FIXED
  d_step { net?ANSWER(eval(_pid), eval(_pid), heard, eval(peer)) -> net!FINISH(peer, heard, 0, 0) };
#else
  d_step { net?ANSWER(eval(_pid), eval(_pid), heard, _) -> net!FINISH(peer, heard, 0, 0) };
#endif
end:
  false
}

active [RESPONDERS] proctype responder()
{
  byte peer, heard;
  d_step { net?CALL(eval(_pid), heard, _, peer) -> net!ANSWER(peer, heard, _pid, _pid) };
  net?FINISH(eval(_pid), eval(_pid), _, _);
end:
  false
}

#ifdef AGREEMENT /* broken by Lowe's attack; not part of what is measured */
#define R RESPONDER(1)
never
{
  do
  :: assert(!(responder[R]@end && responder[R]:peer == 1 && initiator[1]@end && initiator[1]:peer != R))
  od
}
#endif
