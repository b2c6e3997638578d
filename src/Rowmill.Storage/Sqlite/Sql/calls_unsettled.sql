-- The same of calls without a settlement, found without passing over the others. Parameters as in calls_read, but
-- ?6 true to include what may be open, ?7 the job's name
SELECT
  c.id, c.run, c.token, c.question, c.route, c.at, c.reserved_input, c.reserved_cached, c.reserved_output, c.max_usd, c.keys,
  CASE WHEN s.id IS NOT NULL THEN -1 ELSE c.in_doubt END AS doubt,
  s.at, s.failure, s.http_status, s.good_rows, s.input, s.cached_input, s.output, s.usd, s.latency, s.request_id, s.note, s.evidence, s.mended,
  c.batch, c.line
FROM calls c
LEFT JOIN settlements s ON s.id = c.id
WHERE c.id IN (
    SELECT id FROM calls WHERE job = ?1 AND in_doubt > 0
    UNION ALL
    SELECT o.id FROM calls o
    WHERE ?6
      AND o.id > max(?2, coalesce((SELECT swept FROM leases WHERE job = ?7), 0))
      AND o.job = ?1
      AND o.in_doubt = 0
      AND NOT EXISTS (SELECT 1 FROM settlements e WHERE e.id = o.id))
  AND s.id IS NULL
  AND c.id > ?2
  AND (?3 IS NULL OR c.run = ?3)
  AND (?4 IS NULL OR instr(c.keys, ?4) > 0)
ORDER BY c.id
LIMIT ?5;
