INSERT INTO totals (question, route, job, packs, rows, good, fresh)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT DO UPDATE SET
  packs = packs + excluded.packs, rows = rows + excluded.rows, good = good + excluded.good, fresh = fresh + excluded.fresh;
