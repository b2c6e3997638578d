-- What each call of the job (?1) cost, at its most where that is not known; and what each of its batches that was sent, or may have been, costs at its
-- most, of which as much counts as lines of it are open. Summed by the caller: SQLite's sums are binary.
SELECT CASE WHEN s.id IS NULL THEN c.max_usd ELSE s.usd END, 1, 1
FROM calls c
LEFT JOIN settlements s ON s.id = c.id
WHERE c.job = ?1
UNION ALL
SELECT max_usd, open_lines, lines
FROM batches
WHERE job = ?1 AND saved IS NOT NULL AND phase IN ('submitting', 'submitted') AND lines > 0;
