-- name: put_quarantine
-- Keeps a record that could not be understood: the rule it broke, and its key and value encrypted.
insert into quarantine (topic, partition, record_offset, error, sealed_key, sealed_value, quarantined_at)
values (%(topic)s, %(partition)s, %(offset)s, %(error)s, %(key)s, %(value)s, %(at)s)

-- name: plain
-- What an earlier version kept in plain text.
select topic, partition, record_offset, raw from quarantine where raw is not null limit 100

-- name: seal_plain
-- Puts encrypted bytes in the place of plain ones.
update quarantine set sealed_value = %(value)s, raw = null
where topic = %(topic)s and partition = %(partition)s and record_offset = %(offset)s

-- name: lock
-- One command at a time works on a partition: a confirmation depends on what else waits there.
select pg_advisory_xact_lock(hashtextextended('recordgate quarantine ' || %(partition)s::text, 0))

-- name: list
-- Records in quarantine without their content, and what was done with each.
select q.topic, q.partition, q.record_offset, q.error, q.quarantined_at,
  q.sealed_value is not null or q.sealed_key is not null as is_kept,
  coalesce(done.actions, '{}'), coalesce(done.who, '{}'), coalesce(done.at, '{}')
from quarantine q
cross join lateral (
  select array_agg(a.action order by a.action_id) as actions, array_agg(a.who order by a.action_id) as who,
    array_agg(a.at order by a.action_id) as at
  from quarantine_action a
  where a.topic = q.topic and a.partition = q.partition and a.record_offset = q.record_offset
) done
where (%(only)s::text is null or concat_ws('/', q.topic, q.partition, q.record_offset) = %(only)s::text)
  and (%(replayed)s or not 'replayed' = any(coalesce(done.actions, '{}')))
order by q.topic, q.partition, q.record_offset limit %(limit)s

-- name: count
-- How many records are in quarantine, with those that were replayed or without.
select count(*) from quarantine q
where %(replayed)s or not exists (
  select from quarantine_action a
  where a.topic = q.topic and a.partition = q.partition and a.record_offset = q.record_offset and a.action = 'replayed'
)

-- name: sealed
-- A record's encrypted key and value.
select sealed_key, sealed_value from quarantine
where topic = %(topic)s and partition = %(partition)s and record_offset = %(offset)s

-- name: repair
-- The newest bytes put in a record's place.
select sealed_value from quarantine_repair
where topic = %(topic)s and partition = %(partition)s and record_offset = %(offset)s
order by repair_id desc limit 1

-- name: put_repair
-- Puts other bytes in a record's place.
insert into quarantine_repair (topic, partition, record_offset, sealed_value, at)
values (%(topic)s, %(partition)s, %(offset)s, %(value)s, %(at)s)

-- name: put_action
-- Logs what was done with a record.
insert into quarantine_action (topic, partition, record_offset, action, who, at)
values (%(topic)s, %(partition)s, %(offset)s, %(action)s, %(who)s, %(at)s)
