-- $number is null for a new claim.
insert or replace into claim
  (number, owner, waits, requests, tokens, input_tokens, output_tokens, at, expires, host, pid, started,
   expected, ordinal, before, given_back)
values
  ($number, $owner, $waits, $requests, $tokens, $input_tokens, $output_tokens, $at, $expires, $host, $pid, $started,
   $expected, $ordinal, $before, $given_back)
