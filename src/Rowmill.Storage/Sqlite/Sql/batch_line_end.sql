-- Takes a line (?1) of a batch (?2) out, when it is open.
DELETE FROM batch_lines
WHERE id = ?1 AND EXISTS (SELECT 1 FROM batches WHERE id = ?2 AND saved IS NOT NULL)
RETURNING n;
