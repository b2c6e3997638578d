insert into usage (owner, window, measure, span, capacity, quota, used, at)
values ($owner, $window, $measure, $span, $capacity, $quota, $used, $at)
on conflict (owner, window) do update set
  measure = excluded.measure, span = excluded.span, capacity = excluded.capacity, quota = excluded.quota,
  used = excluded.used, at = excluded.at
