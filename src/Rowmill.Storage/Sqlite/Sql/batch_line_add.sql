INSERT OR REPLACE INTO batch_lines (id, n, reserved_input, reserved_cached, reserved_output, keys, tokens, past)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8);
