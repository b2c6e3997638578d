insert or replace into usage
  (owner, window, measure, span, capacity, quota, used, at, days, told, told_at, calendar,
   burst, burst_at, burst_order, burst_grows, set_order, lag_order)
values
  ($owner, $window, $measure, $span, $capacity, $quota, $used, $at, $days, $told, $told_at, $calendar,
   $burst, $burst_at, $burst_order, $burst_grows, $set_order, $lag_order)
