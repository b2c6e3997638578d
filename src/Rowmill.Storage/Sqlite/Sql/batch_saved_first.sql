-- A batch (?1) whose record has just been stored for the first time; its lines lie from ?2 to ?3.
UPDATE batches SET
  saved = (SELECT coalesce(max(saved), 0) + 1 FROM batches),
  open_lines = (SELECT count(*) FROM batch_lines WHERE id BETWEEN ?2 AND ?3),
  open_rows = (SELECT coalesce(sum(n), 0) FROM batch_lines WHERE id BETWEEN ?2 AND ?3)
WHERE id = ?1 AND saved IS NULL;
