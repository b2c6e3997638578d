-- ?1 batch, ?2 line, ?3 what is left of it
INSERT INTO batch_rests (batch, line, job, question, rest)
SELECT id, ?2, job, question, ?3 FROM batches WHERE id = ?1;
