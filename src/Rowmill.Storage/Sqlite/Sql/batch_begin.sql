-- Lines of a batch follow: ?1 its id, ?2 job, ?3 token.
INSERT INTO batches (id, job, token) VALUES (?1, ?2, ?3)
ON CONFLICT DO UPDATE SET job = excluded.job, token = excluded.token;
