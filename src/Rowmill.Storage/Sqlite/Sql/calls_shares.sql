-- What the settled calls from ?1 to ?2 cost, and the rows they carried.
SELECT c.id, c.keys, s.input, s.cached_input, s.output, s.usd, s.latency
FROM calls c
JOIN settlements s ON s.id = c.id
WHERE c.id BETWEEN ?1 AND ?2
ORDER BY c.id;
