-- The batches of the job (?1).
SELECT
  id, question, route, phase, stage, lines, rows, bytes, sha256, reserved_input, reserved_cached, reserved_output, max_usd,
  prepared, submitted, ended, upload_session, upload, service_id, told, results, note, asked_rows, good_rows
FROM batches
WHERE job = ?1 AND saved IS NOT NULL
ORDER BY saved;
