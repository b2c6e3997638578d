-- What a search must know first: the newest pack, up to where the index goes, whether packs of the question (?1) were asked afresh.
SELECT
  coalesce((SELECT max(id) FROM packs), 0),
  (SELECT value FROM meta WHERE name = 'indexed_to'),
  EXISTS (SELECT 1 FROM totals WHERE question = ?1 AND fresh > 0);
