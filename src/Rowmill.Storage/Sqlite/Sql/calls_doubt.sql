-- What the calls of the job (?1) in doubt may have cost, and their rows. Cleared and settled ones are in doubt no more.
SELECT c.max_usd, c.keys
FROM calls c
WHERE c.job = ?1
  AND c.in_doubt = 1
  AND NOT EXISTS (SELECT 1 FROM settlements s WHERE s.id = c.id);
