/* Dining philosophers: see philosophers.py. */

#ifndef N
#define N 14
#endif

#define LEFT _pid
#define RIGHT ((_pid + 1) % N)

bit taken[N];

active [N] proctype philosopher()
{
  do
  :: d_step { !taken[LEFT] -> taken[LEFT] = 1 };
     d_step { !taken[RIGHT] -> taken[RIGHT] = 1 };
     taken[LEFT] = 0;
     taken[RIGHT] = 0
  od
}
