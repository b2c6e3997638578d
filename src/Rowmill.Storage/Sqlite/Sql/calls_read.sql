-- ?1 job, ?2 after this call, ?3 run or null, ?4 a row's 16 bytes or null, ?5 at most so many, ?6 true for settled calls only
SELECT
  c.id, c.run, c.token, c.question, c.route, c.at, c.reserved_input, c.reserved_cached, c.reserved_output, c.max_usd, c.keys,
  CASE WHEN s.id IS NOT NULL THEN -1 ELSE c.in_doubt END AS doubt,
  s.at, s.failure, s.http_status, s.good_rows, s.input, s.cached_input, s.output, s.usd, s.latency, s.request_id, s.note, s.evidence, s.mended,
  c.batch, c.line
FROM calls c
LEFT JOIN settlements s ON s.id = c.id
WHERE c.job = ?1
  AND c.id > ?2
  AND (?3 IS NULL OR c.run = ?3)
  AND (?4 IS NULL OR instr(c.keys, ?4) > 0)
  AND (NOT ?6 OR s.id IS NOT NULL)
ORDER BY c.id
LIMIT ?5;
