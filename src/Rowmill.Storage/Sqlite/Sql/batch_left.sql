-- Batches of the job (?1) that runs with a smaller token (?2) began and never saved.
SELECT id FROM batches WHERE job = ?1 AND saved IS NULL AND token < ?2;
