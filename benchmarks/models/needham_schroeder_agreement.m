
-- Broken by Lowe's attack. Not part of what is measured.

invariant "agreement"
  forall r: Responder do
    forall i: Initiator do
      phase[r] = done & peer[r] = i & phase[i] = done -> peer[i] = r
    end
  end;
