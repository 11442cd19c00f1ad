-- name: read_approver_changes
-- Every set of approvers, in order.
select change, document, signatures from approver_change order by change

-- name: put_approver_change
-- Keeps the next set of approvers, unless another one got there first.
insert into approver_change (change, digest, document, signatures, at)
values (%(change)s, %(digest)s, %(document)s, %(signatures)s, %(at)s) on conflict do nothing

-- name: read_approvers
-- Every approver there has been.
select name, public_key, valid_from, retired_by from approver order by valid_from, name
