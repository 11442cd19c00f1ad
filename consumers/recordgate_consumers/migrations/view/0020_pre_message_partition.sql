-- What `released_sequence` held is in `message_partition`, by incarnation.
set local role view_owner;
drop table released_sequence;
grant select on message_partition to metrics;
reset role;
