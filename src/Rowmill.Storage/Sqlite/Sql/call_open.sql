INSERT INTO calls (job, run, token, question, route, at, reserved_input, reserved_cached, reserved_output, max_usd, n, keys, batch, line)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14);
