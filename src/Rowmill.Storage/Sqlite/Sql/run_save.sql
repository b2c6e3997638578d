INSERT INTO runs (run, job, identity, started, ended, summary)
VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (run) DO UPDATE SET
  job = excluded.job, identity = excluded.identity, started = excluded.started, ended = excluded.ended, summary = excluded.summary;
