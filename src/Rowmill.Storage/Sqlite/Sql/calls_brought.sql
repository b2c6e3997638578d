-- Question, route and cost of each call of the job (?1) that brought answers.
SELECT c.question, c.route, s.usd
FROM calls c
JOIN settlements s ON s.id = c.id
WHERE c.job = ?1 AND s.good_rows > 0 AND s.usd IS NOT NULL;
