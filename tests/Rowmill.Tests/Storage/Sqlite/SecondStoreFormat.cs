namespace Rowmill.Tests.Storage.Sqlite;

/// <summary>rowmill.db as the second format made it; never to be changed.</summary>
internal static class SecondStoreFormat
{
    public const string Schema = """
        -- Rowmill's store, version 2. Readable with the sqlite3 shell:
        --   times are 100 ns units since 1970 UTC:      datetime(at / 10000000, 'unixepoch')
        --   money is a decimal number of USD as text, so that no digit is lost
        --   small integers for jobs, questions, routes and runs are ids of `names`

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
          keys BLOB NOT NULL
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

        PRAGMA application_id=1383550316;
        PRAGMA user_version=2;
        PRAGMA journal_mode=WAL;

        """;
}
