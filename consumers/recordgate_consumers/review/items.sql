-- name: name_practice
-- Set, for this transaction only, whose practice is worked for. Nothing of another practice can be read or changed.
select set_config('recordgate.practice', %(practice)s, true)

-- name: page
-- Items in the queues, in order, behind a key: what is due first, of that the gravest, of these the oldest.
select * from review_item
where practice = %(practice)s and what = %(what)s and state in ('open', 'second_opinion', 'disagreement')
  and (%(queue)s::text is null or queue = %(queue)s)
  and (due_at, harm, opened_at, id) > (%(due_at)s, %(harm)s, %(opened_at)s, %(id)s)
order by due_at, harm, opened_at, id
limit %(limit)s

-- name: count_in_queues
-- How many items are in the queues, or in one.
select count(*) from work_item
where practice = %(practice)s and what = %(what)s and state in ('open', 'second_opinion', 'disagreement')
  and (%(queue)s::text is null or queue = %(queue)s)

-- name: waiting
-- Items that are put off, the one that comes back first on top.
select * from review_item
where practice = %(practice)s and what = %(what)s and state = 'waiting'
order by wait_until, id
limit %(limit)s

-- name: item
-- One item, whatever its state.
select * from review_item where id = %(id)s

-- name: body
-- What an item is about, as the decider holds it.
select body, body_type from hold
join work_item using (nhs_number, audience, entry_id)
where id = %(id)s and reason = ''
