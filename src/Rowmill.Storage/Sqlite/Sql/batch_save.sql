INSERT INTO batches (
  id, job, token, question, route, phase, stage, lines, rows, bytes, sha256, reserved_input, reserved_cached, reserved_output,
  max_usd, prepared, submitted, ended, upload_session, upload, service_id, told, results, note, asked_rows, good_rows)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26)
ON CONFLICT DO UPDATE SET
  job = excluded.job, token = excluded.token, question = excluded.question, route = excluded.route, phase = excluded.phase, stage = excluded.stage,
  lines = excluded.lines, rows = excluded.rows, bytes = excluded.bytes, sha256 = excluded.sha256, reserved_input = excluded.reserved_input,
  reserved_cached = excluded.reserved_cached, reserved_output = excluded.reserved_output, max_usd = excluded.max_usd, prepared = excluded.prepared,
  submitted = excluded.submitted, ended = excluded.ended, upload_session = excluded.upload_session, upload = excluded.upload,
  service_id = excluded.service_id, told = excluded.told, results = excluded.results, note = excluded.note,
  asked_rows = excluded.asked_rows, good_rows = excluded.good_rows;
