-- name: read_service_keys
-- Keys of services, those named or all, in the order in which they were added.
select k.service_key_id, k.key_id, k.name, k.public_key, k.practices, k.valid_from, k.valid_until, r.retired_at
from service_key k left join service_key_retirement r using (service_key_id)
where %(key_ids)s::text[] is null or k.key_id = any(%(key_ids)s::text[])
order by k.service_key_id

-- name: lock_service_keys
-- One command at a time changes keys.
select pg_advisory_xact_lock(hashtextextended('recordgate services', 0))

-- name: put_service_key
-- Adds a key; rows are never changed.
insert into service_key (key_id, name, public_key, practices, valid_from, valid_until, added_by, added_at)
values (%(key_id)s, %(name)s, %(public_key)s, %(practices)s, %(valid_from)s, %(valid_until)s, %(who)s, %(at)s)

-- name: put_retirement
-- Retires a key, once.
insert into service_key_retirement (service_key_id, retired_at, retired_by)
values (%(service_key_id)s, %(at)s, %(who)s)
