create table if not exists calibration (route text not null, question text not null, moments text not null, at integer not null, primary key (route, question)) without rowid;
