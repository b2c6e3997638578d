-- ?1 job, ?2 run, ?3 token, ?4 host, ?5 process id, ?6 its start, ?7 now
INSERT INTO leases (job, run, token, host, pid, pid_started, since, seen)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)
ON CONFLICT DO UPDATE SET
  run = excluded.run, token = excluded.token, host = excluded.host, pid = excluded.pid, pid_started = excluded.pid_started,
  since = excluded.since, seen = excluded.seen;
