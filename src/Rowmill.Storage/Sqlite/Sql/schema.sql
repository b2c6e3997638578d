-- Rowmill's store, version 3. Readable with the sqlite3 shell:
--   times are 100 ns units since 1970 UTC:      datetime(at / 10000000, 'unixepoch')
--   money is a decimal number of USD as text, so that no digit is lost
--   small integers for jobs, questions, routes, runs and batches are ids of `names`

CREATE TABLE names (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
);

CREATE TABLE meta (
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) WITHOUT ROWID;

INSERT INTO meta VALUES ('indexed_to', 0), ('syncs', 0);

-- The outcomes of one call, append-only. keys: n times 16 bytes; lines: n lines of JSON,
-- {"answer":{…}} or {"abstain":"why"} or {"failed":{…}}, with ,"attempt":k when that is not 1. A last line is their checksum, {"sum":…}.
-- fresh: what is good here supersedes older outcomes of its rows: 0 none, 1 those of every route, 2 those of its own.
CREATE TABLE packs (
  id INTEGER PRIMARY KEY,
  job INTEGER NOT NULL,
  question INTEGER NOT NULL,
  route INTEGER NOT NULL,
  run INTEGER NOT NULL,
  call INTEGER NOT NULL,
  at INTEGER NOT NULL,
  fresh INTEGER NOT NULL,
  n INTEGER NOT NULL,
  keys BLOB NOT NULL,
  lines TEXT NOT NULL
);

-- Which packs may hold a row: h is a hash of the row's key and the question. Covers the packs up to meta.indexed_to;
-- later ones are indexed in the memory of each process and merged in here by the ten thousands.
CREATE TABLE pack_index (
  h INTEGER NOT NULL,
  pack INTEGER NOT NULL,
  PRIMARY KEY (h, pack)
) WITHOUT ROWID;

-- Sums over packs; rows counts all outcomes, good the answers and abstentions, fresh the packs asked again.
CREATE TABLE totals (
  question INTEGER NOT NULL,
  route INTEGER NOT NULL,
  job INTEGER NOT NULL,
  packs INTEGER NOT NULL,
  rows INTEGER NOT NULL,
  good INTEGER NOT NULL,
  fresh INTEGER NOT NULL,
  PRIMARY KEY (question, route, job)
) WITHOUT ROWID;

-- The ledger: a call is written before it leaves, its settlement after. A call without one is open, or in_doubt says:
-- 1 its process died, 2 later calls brought outcomes for all its rows, 3 the job asks its rows no more.
CREATE TABLE calls (
  id INTEGER PRIMARY KEY,
  job INTEGER NOT NULL,
  run INTEGER NOT NULL,
  token INTEGER NOT NULL,
  question INTEGER NOT NULL,
  route INTEGER NOT NULL,
  at INTEGER NOT NULL,
  reserved_input INTEGER NOT NULL,
  reserved_cached INTEGER NOT NULL,
  reserved_output INTEGER NOT NULL,
  max_usd TEXT,
  in_doubt INTEGER NOT NULL DEFAULT 0,
  n INTEGER NOT NULL,
  keys BLOB NOT NULL,
  batch INTEGER, -- the batch whose line it was; null for a request of its own
  line INTEGER
);

CREATE TABLE settlements (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  failure TEXT,
  http_status INTEGER,
  good_rows INTEGER NOT NULL,
  input INTEGER NOT NULL,
  cached_input INTEGER NOT NULL,
  output INTEGER NOT NULL,
  usd TEXT,
  latency INTEGER NOT NULL,
  request_id TEXT,
  note TEXT,
  evidence TEXT,
  mended TEXT -- what was put right in the reply, {"labels":2}; null for nothing
);

-- Calls in doubt are few: this costs nothing where there are none.
CREATE INDEX calls_doubted ON calls (job) WHERE in_doubt > 0;

-- One row per job; run is null when nobody runs it. The token only rises. Calls up to swept are settled, or were found in doubt.
CREATE TABLE leases (
  job TEXT PRIMARY KEY,
  run TEXT,
  token INTEGER NOT NULL,
  host TEXT NOT NULL,
  pid INTEGER NOT NULL,
  pid_started TEXT NOT NULL,
  since INTEGER NOT NULL,
  seen INTEGER NOT NULL,
  swept INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

CREATE TABLE events (
  run INTEGER NOT NULL,
  number INTEGER NOT NULL,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  data TEXT NOT NULL,
  PRIMARY KEY (run, number)
) WITHOUT ROWID;

CREATE TABLE runs (
  id INTEGER PRIMARY KEY,
  run TEXT NOT NULL UNIQUE,
  job TEXT NOT NULL,
  identity TEXT NOT NULL,
  started INTEGER NOT NULL,
  ended INTEGER,
  summary TEXT
);

CREATE INDEX runs_by_job ON runs (job, started);

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
