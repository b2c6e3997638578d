-- Up to which call everything is settled or in doubt after a sweep (?2 the last one) by run ?3 of job ?1:
-- all there are, or those before the run's own first.
SELECT coalesce(
  (SELECT min(id) - 1 FROM calls WHERE id > ?2 AND job = ?1 AND run = ?3),
  (SELECT max(id) FROM calls),
  0);
