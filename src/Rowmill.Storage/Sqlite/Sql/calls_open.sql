-- Calls of the job (?1) after the last sweep (?2) that runs other than ?3 left open.
SELECT c.id
FROM calls c
WHERE c.job = ?1
  AND c.id > ?2
  AND c.run <> ?3
  AND c.in_doubt = 0
  AND NOT EXISTS (SELECT 1 FROM settlements s WHERE s.id = c.id);
