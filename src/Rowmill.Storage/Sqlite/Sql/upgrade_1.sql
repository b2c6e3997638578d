-- From format 1 to 2: what was put right in replies, and a short way to the calls in doubt.
ALTER TABLE settlements ADD COLUMN mended TEXT;
CREATE INDEX calls_doubted ON calls (job) WHERE in_doubt > 0;
