INSERT INTO packs (job, question, route, run, call, at, fresh, n, keys, lines)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10);
