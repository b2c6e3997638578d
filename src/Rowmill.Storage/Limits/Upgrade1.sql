-- From format 1 to 2. What is charged stays charged; claims made before have no order, which is the cautious reading everywhere.
alter table owner add column charged text not null default '0 0 0 0';
alter table owner add column given_back text not null default '0 0 0 0';
alter table owner add column mark text not null default '0 0 0 0';
alter table owner add column mark_at integer not null default 0;
alter table owner add column earlier text not null default '0 0 0 0';
alter table owner add column hold_until integer;
alter table owner add column hold_reason text;
alter table owner add column hold_order integer;
alter table owner add column probe_until integer;
alter table owner add column probe integer;

alter table usage add column days integer not null default 0;
alter table usage add column told integer;
alter table usage add column told_at integer not null default 0;
alter table usage add column calendar integer not null default 0;
alter table usage add column burst real;
alter table usage add column burst_at integer not null default 0;
alter table usage add column burst_order integer not null default 0;
alter table usage add column burst_grows integer not null default 0;
alter table usage add column set_order integer not null default 0;
alter table usage add column lag_order integer not null default 0;

alter table claim add column expected text not null default '0 0 0 0';
alter table claim add column ordinal integer not null default 0;
alter table claim add column before text not null default '0 0 0 0';
alter table claim add column given_back text not null default '0 0 0 0';
update claim set expected = requests || ' ' || tokens || ' ' || input_tokens || ' ' || output_tokens;

drop index claim_owner;
create index claim_waits on claim (owner, waits);
create table if not exists calibration (route text not null, question text not null, moments text not null, at integer not null, primary key (route, question)) without rowid;
