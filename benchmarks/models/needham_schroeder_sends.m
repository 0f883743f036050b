
-- The intruder sends what he knows: one ruleset over all fields that a message has.

function knows(kind: Kind; key: Agent; first: Agent; second: Agent; name: Agent): boolean;
begin
  switch kind
    case call: return key > INTRUDER & second = 0 & name <= INTRUDER & calls[key][first][name];
    case answer: return key < INTRUDER & name >= INTRUDER & answers[key][first][second][name];
    case finish: return key > INTRUDER & second = 0 & name = 0 & finishes[key][first];
  end;
  return false;
end;

ruleset kind: Kind; key: Agent; first: Agent; second: Agent; name: Agent do
  rule "intruder sends" !full & knows(kind, key, first, second, name) ==> begin
    send(kind, key, first, second, name);
  end;
end;
