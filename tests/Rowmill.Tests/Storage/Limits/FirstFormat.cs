namespace Rowmill.Tests.Storage.Limits;

/// <summary>limits.db as the first version made it; never to be changed.</summary>
internal static class FirstFormat
{
    public const string Schema = """
        -- limits.db: what is used of each window, shared by all processes of one user. Times are UTC ticks of 100 ns.

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
          unique (provider, base_url, account, model)
        );

        create table usage (
          owner    integer not null references owner (id),
          window   text not null,
          measure  integer not null,
          span     integer not null,
          capacity real not null,
          quota    integer not null,
          used     real not null,
          at       integer not null,
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
          started       text not null
        );

        create index claim_owner on claim (owner);

        """;
}
