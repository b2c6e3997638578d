INSERT OR REPLACE INTO settlements
  (id, at, failure, http_status, good_rows, input, cached_input, output, usd, latency, request_id, note, evidence, mended)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14);
