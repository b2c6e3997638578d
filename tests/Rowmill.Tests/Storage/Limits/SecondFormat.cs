namespace Rowmill.Tests.Storage.Limits;

/// <summary>limits.db as the second format made it; never to be changed.</summary>
internal static class SecondFormat
{
    public const string Schema = """
        -- limits.db: what is used of each window, shared by all processes of one user. Times are UTC ticks of 100 ns. A charge is a text of
        -- four numbers: requests, tokens, input tokens, output tokens.

        create table meta (
          name  text primary key,
          value blob not null
        ) without rowid;

        create table owner (
          id       integer primary key,
          provider text not null,
          base_url text not null,
          account  text not null,   -- a name or a fingerprint, never a key
          model    text not null,

          -- Everything ever charged and given back, and what had been charged a little earlier.
          charged    text not null default '0 0 0 0',
          given_back text not null default '0 0 0 0',
          mark       text not null default '0 0 0 0',
          mark_at    integer not null default 0,
          earlier    text not null default '0 0 0 0',

          -- A hold that has not been lifted; null when there is none.
          hold_until  integer,
          hold_reason text,
          hold_order  integer,
          probe_until integer,
          probe       integer,
          unique (provider, base_url, account, model)
        );

        create table usage (
          owner    integer not null references owner (id),
          window   text not null,
          measure  integer not null,
          span     integer not null,
          capacity real not null,      -- as the job that last named it says
          quota    integer not null,   -- likewise; 0 when no job names it
          used     real not null,
          at       integer not null,
          days     integer not null default 0,   -- 1: a calendar day, as the job's provider counts
          told     integer,                      -- the limit the service told
          told_at  integer not null default 0,
          calendar integer not null default 0,   -- 1: the service said that it is a calendar day
          burst    real,                         -- what the bucket holds, where that was seen to be less than the limit
          burst_at integer not null default 0,
          burst_order integer not null default 0,
          burst_grows integer not null default 0,
          set_order   integer not null default 0,
          lag_order   integer not null default 0,
          primary key (owner, window)
        ) without rowid;

        -- Reservations, and the places of those who wait. Numbers are never used again: they are the order of arrival.
        create table claim (
          number        integer primary key autoincrement,
          owner         integer not null references owner (id),
          waits         integer not null,
          requests      integer not null,
          tokens        integer not null,
          input_tokens  integer not null,
          output_tokens integer not null,
          at            integer not null,
          expires       integer not null,
          host          text not null,
          pid           integer not null,
          started       text not null,
          expected      text not null default '0 0 0 0',   -- what it will probably have taken
          ordinal       integer not null default 0,        -- which reservation of its owner this is
          before        text not null default '0 0 0 0',   -- what had been charged before those that may arrive after it
          given_back    text not null default '0 0 0 0'
        );

        create index claim_waits on claim (owner, waits);

        -- What calls have shown about tokens.
        create table if not exists calibration (route text not null, question text not null, moments text not null, at integer not null, primary key (route, question)) without rowid;

        """;
}
