update owner set
  charged = $charged, given_back = $given_back, mark = $mark, mark_at = $mark_at, earlier = $earlier,
  hold_until = $hold_until, hold_reason = $hold_reason, hold_order = $hold_order, probe_until = $probe_until, probe = $probe
where id = $id
