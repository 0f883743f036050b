-- The protocol of Needham and Schroeder with an intruder: see needham_schroeder.py. What the intruder sends stands in
-- needham_schroeder_sends.m, and once more, by a ruleset for each kind of message, in needham_schroeder_typed.m.

const
  INITIATORS: 2;
  RESPONDERS: 2;
  INTRUDER: INITIATORS;
  FIXED: 0;

type
  Agent: 0 .. INITIATORS + RESPONDERS; -- initiators, the intruder, responders; a nonce is named after its owner
  Initiator: 0 .. INITIATORS - 1;
  Responder: INITIATORS + 1 .. INITIATORS + RESPONDERS;
  Caller: 0 .. INITIATORS;
  Called: INITIATORS .. INITIATORS + RESPONDERS;
  Phase: enum { idle, waits, done };
  Kind: enum { call, answer, finish };
  Message: record
    kind: Kind;
    key: Agent;
    first: Agent;
    second: Agent;
    name: Agent;
  end;

var
  phase: array[Agent] of Phase;
  peer: array[Agent] of Agent;
  heard: array[Agent] of Agent; -- the other's nonce
  full: boolean;                -- whether the network holds a message
  net: Message;
  nonce: array[Agent] of boolean; -- what the intruder knows
  calls: array[Responder] of array[Agent] of array[Caller] of boolean;
  answers: array[Initiator] of array[Agent] of array[Agent] of array[Called] of boolean;
  finishes: array[Responder] of array[Agent] of boolean;

procedure send(kind: Kind; key: Agent; first: Agent; second: Agent; name: Agent);
begin
  full := true;
  net.kind := kind;
  net.key := key;
  net.first := first;
  net.second := second;
  net.name := name;
end;

procedure take();
begin
  send(call, 0, 0, 0, 0);
  full := false;
end;

procedure learn(n: Agent); -- a nonce, and all that can be made of it
begin
  if !nonce[n] then
    nonce[n] := true;
    for r: Responder do
      finishes[r][n] := true;
      for c: Caller do
        calls[r][n][c] := true;
      end;
    end;
    for m: Agent do
      if nonce[m] then
        for i: Initiator do
          for c: Called do
            answers[i][n][m][c] := true;
            answers[i][m][n][c] := true;
          end;
        end;
      end;
    end;
  end;
end;

startstate begin
  for a: Agent do
    phase[a] := idle;
    peer[a] := 0;
    heard[a] := 0;
    nonce[a] := false;
  end;
  for n: Agent do
    for r: Responder do
      finishes[r][n] := false;
      for c: Caller do
        calls[r][n][c] := false;
      end;
    end;
    for i: Initiator do
      for m: Agent do
        for c: Called do
          answers[i][n][m][c] := false;
        end;
      end;
    end;
  end;
  take();
  learn(INTRUDER);
end;

ruleset i: Initiator do
  ruleset c: Called do
    rule "initiator calls" !full & phase[i] = idle ==> begin
      phase[i] := waits;
      peer[i] := c;
      send(call, c, i, 0, i);
    end;
  end;

  rule "initiator finishes"
    full & net.kind = answer & net.key = i & phase[i] = waits & net.first = i & (FIXED = 1 -> net.name = peer[i])
  ==> begin
    phase[i] := done;
    heard[i] := net.second;
    send(finish, peer[i], net.second, 0, 0);
  end;
end;

ruleset r: Responder do
  rule "responder answers" full & net.kind = call & net.key = r & phase[r] = idle ==> begin
    phase[r] := waits;
    peer[r] := net.name;
    heard[r] := net.first;
    send(answer, net.name, net.first, r, r);
  end;

  rule "responder is done" full & net.kind = finish & net.key = r & phase[r] = waits & net.first = r ==> begin
    phase[r] := done;
    take();
  end;
end;

rule "intruder takes" full ==> begin
  if net.key = INTRUDER then
    learn(net.first);
    if net.kind = answer then
      learn(net.second);
    end;
  else
    switch net.kind
      case call: calls[net.key][net.first][net.name] := true;
      case answer: answers[net.key][net.first][net.second][net.name] := true;
      case finish: finishes[net.key][net.first] := true;
    end;
  end;
  take();
end;
