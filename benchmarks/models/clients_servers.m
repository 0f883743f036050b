-- Clients and servers over lossy lines: see clients_servers.py.

const
  CLIENTS: 3;
  SERVERS: 3;
  LIMIT: 2;

type
  Client: 0 .. CLIENTS - 1;
  Server: 0 .. SERVERS - 1;
  Number: 0 .. 1;
  Slot: enum { empty, zero, one };

var
  waits: array[Client] of boolean;
  number: array[Client] of Number;
  request: array[Client] of Slot;
  reply: array[Client] of Slot;
  job: array[Server] of Slot;      -- the number that is being served, if any
  caller: array[Server] of Client; -- 0 while there is none
  busy: 0 .. LIMIT;

startstate begin
  for c: Client do
    waits[c] := false;
    number[c] := 0;
    request[c] := empty;
    reply[c] := empty;
  end;
  for s: Server do
    job[s] := empty;
    caller[s] := 0;
  end;
  busy := 0;
end;

ruleset c: Client do

  rule "ask" !waits[c] & request[c] = empty ==> begin
    waits[c] := true;
    request[c] := number[c] = 0 ? zero : one;
  end;

  rule "ask again" waits[c] & request[c] = empty ==> begin
    request[c] := number[c] = 0 ? zero : one;
  end;

  rule "accept" waits[c] & reply[c] = (number[c] = 0 ? zero : one) ==> begin
    waits[c] := false;
    number[c] := 1 - number[c];
    reply[c] := empty;
  end;

  rule "lose request" request[c] != empty ==> begin
    request[c] := empty;
  end;

  rule "lose reply" reply[c] != empty ==> begin
    reply[c] := empty;
  end;

  ruleset s: Server do
    rule "serve" request[c] != empty & job[s] = empty & busy < LIMIT ==> begin
      job[s] := request[c];
      caller[s] := c;
      request[c] := empty;
      busy := busy + 1;
    end;
  end;

end;

ruleset s: Server do
  rule "answer" job[s] != empty & reply[caller[s]] = empty ==> begin
    reply[caller[s]] := job[s];
    job[s] := empty;
    caller[s] := 0;
    busy := busy - 1;
  end;
end;
