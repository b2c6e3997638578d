-- From format 2 to 3: batch jobs, and which calls were lines of them.
ALTER TABLE calls ADD COLUMN batch INTEGER;
ALTER TABLE calls ADD COLUMN line INTEGER;

-- Batch jobs. One whose saved is null is none yet: its lines are being added, by the run with this token, and count for nothing.
-- told is the service's last word of it and results the checksums of its fetched files, as JSON.
CREATE TABLE batches (
  id INTEGER PRIMARY KEY,
  job INTEGER NOT NULL,
  token INTEGER NOT NULL,
  saved INTEGER, -- 1, 2, …: in which order they were first saved
  question INTEGER,
  route INTEGER,
  phase TEXT,
  stage INTEGER,
  lines INTEGER,
  rows INTEGER,
  bytes INTEGER,
  sha256 TEXT,
  reserved_input INTEGER,
  reserved_cached INTEGER,
  reserved_output INTEGER,
  max_usd TEXT,
  prepared INTEGER,
  submitted INTEGER,
  ended INTEGER,
  upload_session TEXT,
  upload TEXT,
  service_id TEXT,
  told TEXT,
  results TEXT,
  note TEXT,
  asked_rows INTEGER NOT NULL DEFAULT 0, -- rows the service took through, and those of them that ended well
  good_rows INTEGER NOT NULL DEFAULT 0,
  open_lines INTEGER NOT NULL DEFAULT 0, -- how many are in batch_lines, and the rows in them
  open_rows INTEGER NOT NULL DEFAULT 0
);

CREATE INDEX batches_by_job ON batches (job, saved);

-- The open lines of batches, id being batch * 4294967296 + number; one that ends is taken out, in the transaction that stores what came of it.
-- keys: n times 16 bytes; tokens: n times 4 bytes, big-endian; past: what the rows had been through, as JSON.
CREATE TABLE batch_lines (
  id INTEGER PRIMARY KEY,
  n INTEGER NOT NULL,
  reserved_input INTEGER NOT NULL,
  reserved_cached INTEGER NOT NULL,
  reserved_output INTEGER NOT NULL,
  keys BLOB NOT NULL,
  tokens BLOB NOT NULL,
  past TEXT
);

-- What is left of ended lines, to be asked in another batch, as JSON.
CREATE TABLE batch_rests (
  id INTEGER PRIMARY KEY,
  batch INTEGER NOT NULL,
  line INTEGER NOT NULL,
  job INTEGER NOT NULL,
  question INTEGER NOT NULL,
  rest TEXT NOT NULL,
  UNIQUE (batch, line)
);

CREATE INDEX batch_rests_of ON batch_rests (job, question);
