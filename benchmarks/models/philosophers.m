-- Dining philosophers: see philosophers.py.

const
  N: 14;

type
  Seat: 0 .. N - 1;
  Phase: enum { thinks, holds_left, eats, holds_right };

var
  phase: array[Seat] of Phase;
  taken: array[Seat] of boolean; -- fork i lies to the left of seat i

startstate begin
  for i: Seat do
    phase[i] := thinks;
    taken[i] := false;
  end;
end;

ruleset i: Seat do
  alias right: (i + 1) % N do

    rule "take left" phase[i] = thinks & !taken[i] ==> begin
      phase[i] := holds_left;
      taken[i] := true;
    end;

    rule "take right" phase[i] = holds_left & !taken[right] ==> begin
      phase[i] := eats;
      taken[right] := true;
    end;

    rule "put left" phase[i] = eats ==> begin
      phase[i] := holds_right;
      taken[i] := false;
    end;

    rule "put right" phase[i] = holds_right ==> begin
      phase[i] := thinks;
      taken[right] := false;
    end;

  end;
end;
