/* Clients and servers over lossy lines, for three clients: see clients_servers.py. */

#define CLIENTS 3
#ifndef SERVERS
#define SERVERS 3
#endif
#ifndef LIMIT
#define LIMIT 2
#endif

chan request[CLIENTS] = [1] of { bit };
chan reply[CLIENTS] = [1] of { bit };
byte busy;

active [CLIENTS] proctype client()
{
  bit number;
  do
  :: request[_pid]!number;
     do
     :: request[_pid]!number
     :: d_step { reply[_pid]?eval(number) -> number = 1 - number }; break
     od
  od
}

#define TAKE(c) d_step { busy < LIMIT && nempty(request[c]) -> request[c]?number; caller = c; busy++ }

active [SERVERS] proctype server()
{
  byte caller;
  bit number;
  do
  :: if
     :: TAKE(0)
     :: TAKE(1)
     :: TAKE(2)
     fi;
     d_step { nfull(reply[caller]) -> reply[caller]!number; number = 0; caller = 0; busy-- }
  od
}

active proctype losses()
{
  do
  :: request[0]?_ :: reply[0]?_
  :: request[1]?_ :: reply[1]?_
  :: request[2]?_ :: reply[2]?_
  od
}
