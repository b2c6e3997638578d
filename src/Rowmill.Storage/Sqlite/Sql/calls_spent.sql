-- What each call of the job (?1) cost, at its most where that is not known. Summed by the caller: SQLite's sums are binary.
SELECT CASE WHEN s.id IS NULL THEN c.max_usd ELSE s.usd END
FROM calls c
LEFT JOIN settlements s ON s.id = c.id
WHERE c.job = ?1;
