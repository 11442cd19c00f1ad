-- name: take_sequence
-- Takes the next n sequence numbers of a partition in an incarnation and holds its row until the commit.
update outgoing_sequence set next = next + %(n)s
where topic = %(topic)s and partition = %(partition)s and incarnation = %(incarnation)s
returning next - %(n)s

-- name: put_row
-- Stores messages until the broker has confirmed them.
insert into outbox (topic, partition, first, lane, keys, messages, digests, taken_out)
values (%(topic)s, %(partition)s, %(first)s, %(lane)s, %(keys)b::bytea[], %(messages)b::bytea[], %(digests)b::bytea[],
  %(taken_out)s)

-- name: next_row
-- The next row that this lane committed and never saw confirmed.
select topic, partition, first, keys, messages, digests, taken_out from outbox
where lane = %(lane)s and partition = any(%(partitions)s)
  and (topic, partition, first) > (%(topic)s, %(partition)s, %(first)s)
order by topic, partition, first limit 1

-- name: bodies_of
-- The entries that messages tell of, in the messages' order: as many as have no more bytes than that together, but one at
-- least. Nothing for a message whose decision has changed since: a newer number was given then.
-- SAFETY: one statement, so that the check and what is built from it are one snapshot.
select envelope, body from (
  select n.place, e.envelope, e.body, sum(coalesce(octet_length(e.body), 0)) over (order by n.place) as bytes
  from unnest(%(nhs_numbers)b::bigint[], %(entry_ids)b::text[], %(audiences)b::text[], %(digests)b::bytea[])
    with ordinality as n (nhs_number, entry_id, audience, digest, place)
  left join proxy_decision d on d.nhs_number = n.nhs_number and d.entry_id = n.entry_id and d.audience = n.audience
  left join entry e on e.nhs_number = n.nhs_number and e.entry_id = n.entry_id
    and n.digest = case n.audience when 'self' then e.digest else d.digest end
) found
where place = 1 or bytes <= %(most_bytes)s
order by place

-- name: forget_rows
-- Forgets a lane's rows that the broker has confirmed. In another incarnation the other lane may have given these numbers.
delete from outbox o using unnest(%(topics)b::text[], %(partitions)b::int[], %(firsts)b::bigint[])
  as n (topic, partition, first)
where o.topic = n.topic and o.partition = n.partition and o.first = n.first and o.lane = %(lane)s
