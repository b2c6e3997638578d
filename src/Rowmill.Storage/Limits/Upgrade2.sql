-- From format 2 to 3: the queues of batch jobs.

-- Batch jobs in the services' queues, each until it is over, or has surely been given up.
create table queue (
  owner  integer not null references owner (id),
  batch  text not null,
  tokens integer not null,
  until  integer not null,
  primary key (owner, batch)
) without rowid;

-- What an owner's queue takes.
create table queue_limit (
  owner   integer primary key references owner (id),
  quota   integer,                     -- as the job that last named it says
  told    integer,                     -- as the service told
  told_at integer not null default 0
);
