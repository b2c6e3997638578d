-- Open lines from ?1 to ?2, at most ?3. That their batch was saved is looked at before.
SELECT id, keys, tokens, reserved_input, reserved_cached, reserved_output, past
FROM batch_lines
WHERE id BETWEEN ?1 AND ?2
ORDER BY id
LIMIT ?3;
