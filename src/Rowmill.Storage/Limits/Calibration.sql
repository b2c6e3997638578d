create table if not exists calibration (route text not null, question text not null, moments text not null, at integer not null, primary key (route, question)) without rowid;
create table if not exists pack_size (route text not null, question text not null, row_tokens integer not null, rows integer not null, at integer not null, primary key (route, question, row_tokens)) without rowid;
create table if not exists output_form (route text not null primary key, form text not null, at integer not null) without rowid;
