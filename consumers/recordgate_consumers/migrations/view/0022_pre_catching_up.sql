-- What `released` took back counts only once the sink has read it. So a view that went back, being restored from a backup,
-- and one whose log is not what it was, shows nothing of a partition until the sink has read what the log held then.
set local role view_owner;

-- Where the view lives. One row.
create table view_home (home text not null);
create unique index on view_home ((true));
grant select, insert, update on view_home to view_sink, gate_writer;

-- Partitions of `released` that show nothing before the position has reached this offset.
create table catching_up (partition int primary key, until bigint not null);
grant select, insert, update on catching_up to view_sink, gate_writer;
grant delete on catching_up to view_sink;
grant select on catching_up to metrics;

reset role;
