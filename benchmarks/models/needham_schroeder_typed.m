
-- The intruder sends what he knows: a ruleset for each kind of message, over the values that its fields can have.

ruleset n: Agent; r: Responder; c: Caller do
  rule "intruder calls" !full & calls[r][n][c] ==> begin
    send(call, r, n, 0, c);
  end;
end;

ruleset n: Agent; m: Agent; i: Initiator; c: Called do
  rule "intruder answers" !full & answers[i][n][m][c] ==> begin
    send(answer, i, n, m, c);
  end;
end;

ruleset n: Agent; r: Responder do
  rule "intruder finishes" !full & finishes[r][n] ==> begin
    send(finish, r, n, 0, 0);
  end;
end;
