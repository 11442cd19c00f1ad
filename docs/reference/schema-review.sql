-- The review database as its migrations build it, by pg_dump, without roles; `migrator` is whoever migrates.
-- Made by `make schema`; do not edit.

CREATE FUNCTION public.contiguous_prefix(applied int8multirange) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN COALESCE((SELECT upper(part.part) AS upper FROM unnest(contiguous_prefix.applied) part(part) WHERE (lower(part.part) = 0)), (0)::bigint);
ALTER FUNCTION public.contiguous_prefix(applied int8multirange) OWNER TO review_owner;

CREATE TABLE public.hold (
    nhs_number text NOT NULL,
    audience text NOT NULL,
    entry_id text NOT NULL,
    sequence bigint NOT NULL,
    state text NOT NULL,
    queue text,
    version bigint,
    practice text,
    kind text,
    event_date date,
    reasons text[],
    hide_first boolean,
    bulk_release boolean,
    decided_under bigint,
    ruleset text,
    body bytea,
    body_type text,
    body_sha256 bytea,
    updated_at timestamp with time zone NOT NULL,
    closed_because text,
    partition integer DEFAULT '-1'::integer NOT NULL,
    incarnation bigint DEFAULT 0 NOT NULL,
    CONSTRAINT closed_is_empty CHECK (((state <> 'closed'::text) OR ((body IS NULL) AND (closed_because IS NOT NULL)))),
    CONSTRAINT hold_queue_check CHECK ((queue = ANY (ARRAY['practice'::text, 'clinician'::text, 'system'::text, 'source'::text]))),
    CONSTRAINT hold_state_check CHECK ((state = ANY (ARRAY['open'::text, 'closed'::text]))),
    CONSTRAINT open_is_complete CHECK (((state = 'closed'::text) OR (num_nulls(queue, version, practice, kind, reasons, hide_first, bulk_release, decided_under, ruleset, body, body_type, body_sha256) = 0)))
)
WITH (fillfactor='85', autovacuum_analyze_scale_factor='0.02', autovacuum_analyze_threshold='500', autovacuum_vacuum_scale_factor='0.05');
ALTER TABLE ONLY public.hold FORCE ROW LEVEL SECURITY;
ALTER TABLE public.hold OWNER TO review_owner;

CREATE TABLE public.isolated_record (
    topic text NOT NULL,
    partition integer NOT NULL,
    record_offset bigint NOT NULL,
    error text NOT NULL,
    isolated_at timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE public.isolated_record OWNER TO review_owner;

CREATE TABLE public.message_partition (
    partition integer NOT NULL,
    incarnation bigint NOT NULL,
    applied int8multirange DEFAULT '{}'::int8multirange NOT NULL,
    open_at bigint,
    open boolean DEFAULT false NOT NULL,
    swept boolean DEFAULT false NOT NULL
)
WITH (fillfactor='50');
ALTER TABLE public.message_partition OWNER TO review_owner;

CREATE TABLE public.migration (
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE public.migration OWNER TO migrator;

CREATE TABLE public.outbox (
    id bigint NOT NULL,
    control_id text NOT NULL,
    control bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    sent_at timestamp with time zone,
    item_id uuid,
    practice text,
    incarnation bigint,
    sequence bigint,
    opens boolean DEFAULT true NOT NULL,
    send_after timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    taken_at timestamp with time zone,
    cancelled_at timestamp with time zone,
    unanswered_at timestamp with time zone,
    CONSTRAINT not_both CHECK (((taken_at IS NULL) OR (cancelled_at IS NULL)))
);
ALTER TABLE ONLY public.outbox FORCE ROW LEVEL SECURITY;
ALTER TABLE public.outbox OWNER TO review_owner;
ALTER TABLE public.outbox ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.outbox_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.partition_count (
    only_one boolean DEFAULT true NOT NULL,
    partitions integer NOT NULL,
    CONSTRAINT partition_count_only_one_check CHECK (only_one),
    CONSTRAINT partition_count_partitions_check CHECK ((partitions > 0))
);
ALTER TABLE public.partition_count OWNER TO review_owner;

CREATE TABLE public.review_event (
    id bigint NOT NULL,
    item_id uuid NOT NULL,
    practice text NOT NULL,
    at timestamp with time zone NOT NULL,
    reviewer text NOT NULL,
    role text NOT NULL,
    action text NOT NULL,
    state text NOT NULL,
    incarnation bigint NOT NULL,
    sequence bigint NOT NULL,
    lease_number bigint NOT NULL,
    because text,
    sent_to text,
    until timestamp with time zone
);
ALTER TABLE ONLY public.review_event FORCE ROW LEVEL SECURITY;
ALTER TABLE public.review_event OWNER TO review_owner;
ALTER TABLE public.review_event ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.review_event_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.task (
    nhs_number text NOT NULL,
    reason text NOT NULL,
    audience text NOT NULL,
    entry_id text NOT NULL,
    sequence bigint NOT NULL,
    practice text,
    kind text,
    closed_at timestamp with time zone,
    partition integer DEFAULT '-1'::integer NOT NULL,
    incarnation bigint DEFAULT 0 NOT NULL,
    CONSTRAINT open_is_complete CHECK ((num_nulls(practice, kind) =
CASE
    WHEN (closed_at IS NULL) THEN 0
    ELSE 2
END)),
    CONSTRAINT task_kind_check CHECK ((kind = ANY (ARRAY['review'::text, 'urgent'::text, 'practice'::text, 'config'::text, 'incident'::text])))
)
WITH (fillfactor='85', autovacuum_analyze_scale_factor='0.02', autovacuum_analyze_threshold='500', autovacuum_vacuum_scale_factor='0.05');
ALTER TABLE ONLY public.task FORCE ROW LEVEL SECURITY;
ALTER TABLE public.task OWNER TO review_owner;

CREATE TABLE public.work_item (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    nhs_number text NOT NULL,
    audience text NOT NULL,
    entry_id text NOT NULL,
    reason text NOT NULL,
    what text GENERATED ALWAYS AS (
CASE reason
    WHEN ''::text THEN 'hold'::text
    ELSE 'task'::text
END) STORED,
    practice text NOT NULL,
    queue text NOT NULL,
    harm smallint NOT NULL,
    incarnation bigint NOT NULL,
    sequence bigint NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    half_at timestamp with time zone NOT NULL,
    most_at timestamp with time zone NOT NULL,
    due_at timestamp with time zone NOT NULL,
    escalated smallint DEFAULT 0 NOT NULL,
    next_escalation_at timestamp with time zone GENERATED ALWAYS AS (
CASE escalated
    WHEN 0 THEN half_at
    WHEN 50 THEN most_at
    WHEN 80 THEN due_at
    ELSE NULL::timestamp with time zone
END) STORED,
    state text NOT NULL,
    closed_because text,
    sent_to text,
    assigned_to text,
    passed_by text[] DEFAULT '{}'::text[] NOT NULL,
    wait_until timestamp with time zone,
    lease_holder text,
    lease_number bigint DEFAULT 0 NOT NULL,
    lease_until timestamp with time zone,
    opinion text,
    opinion_by text[] DEFAULT '{}'::text[] NOT NULL,
    decided_by text,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT a_lease_ends CHECK (((lease_holder IS NULL) = (lease_until IS NULL))),
    CONSTRAINT an_opinion_is_somebodys CHECK (((state <> ALL (ARRAY['second_opinion'::text, 'disagreement'::text])) OR (cardinality(opinion_by) > 0))),
    CONSTRAINT closed_says_why CHECK (((state = 'closed'::text) = (closed_because IS NOT NULL))),
    CONSTRAINT waiting_ends CHECK (((state = 'waiting'::text) = (wait_until IS NOT NULL))),
    CONSTRAINT work_item_escalated_check CHECK ((escalated = ANY (ARRAY[0, 50, 80, 100]))),
    CONSTRAINT work_item_harm_check CHECK (((harm >= 1) AND (harm <= 3))),
    CONSTRAINT work_item_queue_check CHECK ((queue = ANY (ARRAY['practice'::text, 'clinician'::text, 'system'::text, 'source'::text]))),
    CONSTRAINT work_item_sent_to_check CHECK ((sent_to = ANY (ARRAY['practice'::text, 'clinician'::text]))),
    CONSTRAINT work_item_state_check CHECK ((state = ANY (ARRAY['open'::text, 'waiting'::text, 'second_opinion'::text, 'disagreement'::text, 'decided'::text, 'closed'::text])))
)
WITH (fillfactor='80', autovacuum_analyze_scale_factor='0.02', autovacuum_analyze_threshold='500', autovacuum_vacuum_scale_factor='0.05');
ALTER TABLE ONLY public.work_item FORCE ROW LEVEL SECURITY;
ALTER TABLE public.work_item OWNER TO review_owner;

CREATE VIEW public.review_item WITH (security_invoker='true') AS
 SELECT i.id,
    i.what,
    i.nhs_number,
    i.audience,
    i.entry_id,
    i.practice,
    i.queue,
    i.harm,
    i.state,
    i.incarnation,
    i.sequence,
    i.opened_at,
    i.half_at,
    i.most_at,
    i.due_at,
    i.escalated,
    i.closed_because,
    i.assigned_to,
    i.passed_by,
    i.wait_until,
    i.lease_holder,
    i.lease_until,
    i.opinion_by,
    i.decided_by,
    COALESCE(h.kind, t.kind) AS kind,
    COALESCE((h.queue = 'clinician'::text), false) AS for_clinician,
        CASE i.what
            WHEN 'hold'::text THEN COALESCE(h.reasons, '{}'::text[])
            ELSE ARRAY[i.reason]
        END AS reasons,
    h.version,
    h.event_date,
    COALESCE(h.hide_first, false) AS hide_first,
    COALESCE(h.bulk_release, false) AS bulk_release,
    h.decided_under,
    h.ruleset,
    h.body_sha256
   FROM ((public.work_item i
     LEFT JOIN public.hold h ON (((i.reason = ''::text) AND ((h.nhs_number = i.nhs_number) AND (h.audience = i.audience) AND (h.entry_id = i.entry_id)))))
     LEFT JOIN public.task t ON (((i.reason <> ''::text) AND ((t.nhs_number = i.nhs_number) AND (t.reason = i.reason) AND (t.audience = i.audience) AND (t.entry_id = i.entry_id)))));
ALTER VIEW public.review_item OWNER TO review_owner;

CREATE TABLE public.source_position (
    topic text NOT NULL,
    partition integer NOT NULL,
    topic_id text NOT NULL,
    next_offset bigint NOT NULL,
    last_offset bigint,
    last_digest bytea,
    CONSTRAINT source_position_next_offset_check CHECK ((next_offset >= 0))
);
ALTER TABLE public.source_position OWNER TO review_owner;
ALTER TABLE ONLY public.hold
    ADD CONSTRAINT hold_pkey PRIMARY KEY (nhs_number, audience, entry_id);
ALTER TABLE ONLY public.isolated_record
    ADD CONSTRAINT isolated_record_pkey PRIMARY KEY (topic, partition, record_offset);
ALTER TABLE ONLY public.message_partition
    ADD CONSTRAINT message_partition_pkey PRIMARY KEY (partition);
ALTER TABLE ONLY public.migration
    ADD CONSTRAINT migration_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_control_id_key UNIQUE (control_id);
ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.partition_count
    ADD CONSTRAINT partition_count_pkey PRIMARY KEY (only_one);
ALTER TABLE ONLY public.review_event
    ADD CONSTRAINT review_event_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.source_position
    ADD CONSTRAINT source_position_pkey PRIMARY KEY (topic, partition);
ALTER TABLE ONLY public.task
    ADD CONSTRAINT task_pkey PRIMARY KEY (nhs_number, reason, audience, entry_id);
ALTER TABLE ONLY public.work_item
    ADD CONSTRAINT work_item_nhs_number_audience_entry_id_reason_key UNIQUE (nhs_number, audience, entry_id, reason);
ALTER TABLE ONLY public.work_item
    ADD CONSTRAINT work_item_pkey PRIMARY KEY (id);

CREATE INDEX event_of_item ON public.review_event USING btree (item_id, id);

CREATE INDEX event_of_reviewer ON public.review_event USING btree (practice, reviewer, id);

CREATE INDEX hold_by_entry ON public.hold USING btree (entry_id);

CREATE UNIQUE INDEX outbox_once ON public.outbox USING btree (item_id, incarnation, sequence) WHERE ((cancelled_at IS NULL) AND (unanswered_at IS NULL));

CREATE INDEX outbox_unsent ON public.outbox USING btree (id) WHERE ((sent_at IS NULL) AND (cancelled_at IS NULL));

CREATE INDEX work_escalates ON public.work_item USING btree (next_escalation_at) WHERE (state <> ALL (ARRAY['decided'::text, 'closed'::text]));

CREATE INDEX work_in_order ON public.work_item USING btree (practice, what, due_at, harm, opened_at, id) WHERE (state = ANY (ARRAY['open'::text, 'second_opinion'::text, 'disagreement'::text]));

CREATE INDEX work_in_order_of_queue ON public.work_item USING btree (practice, what, queue, due_at, harm, opened_at, id) WHERE (state = ANY (ARRAY['open'::text, 'second_opinion'::text, 'disagreement'::text]));

CREATE INDEX work_leased ON public.work_item USING btree (lease_holder) WHERE (lease_holder IS NOT NULL);

CREATE INDEX work_unanswered ON public.work_item USING btree (updated_at) WHERE ((state = 'decided'::text) AND (what = 'hold'::text));

CREATE INDEX work_wakes ON public.work_item USING btree (wait_until) WHERE (state = 'waiting'::text);
ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_item_id_fkey FOREIGN KEY (item_id) REFERENCES public.work_item(id);
ALTER TABLE ONLY public.review_event
    ADD CONSTRAINT review_event_item_id_fkey FOREIGN KEY (item_id) REFERENCES public.work_item(id);
ALTER TABLE public.hold ENABLE ROW LEVEL SECURITY;
CREATE POLICY metrics_counts ON public.hold FOR SELECT TO metrics USING (true);
CREATE POLICY metrics_counts ON public.outbox FOR SELECT TO metrics USING (true);
CREATE POLICY metrics_counts ON public.work_item FOR SELECT TO metrics USING (true);
ALTER TABLE public.outbox ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_practice ON public.hold FOR SELECT TO review_app USING ((practice = current_setting('recordgate.practice'::text, true)));
CREATE POLICY own_practice ON public.outbox TO review_app USING ((practice = current_setting('recordgate.practice'::text, true))) WITH CHECK ((practice = current_setting('recordgate.practice'::text, true)));
CREATE POLICY own_practice ON public.review_event TO review_app USING ((practice = current_setting('recordgate.practice'::text, true))) WITH CHECK ((practice = current_setting('recordgate.practice'::text, true)));
CREATE POLICY own_practice ON public.task FOR SELECT TO review_app USING ((practice = current_setting('recordgate.practice'::text, true)));
CREATE POLICY own_practice ON public.work_item TO review_app USING ((practice = current_setting('recordgate.practice'::text, true))) WITH CHECK ((practice = current_setting('recordgate.practice'::text, true)));
ALTER TABLE public.review_event ENABLE ROW LEVEL SECURITY;
CREATE POLICY sink_relays ON public.outbox TO review_sink USING (true) WITH CHECK (true);
CREATE POLICY sink_writes ON public.hold TO review_sink USING (true) WITH CHECK (true);
CREATE POLICY sink_writes ON public.review_event TO review_sink USING (true) WITH CHECK (true);
CREATE POLICY sink_writes ON public.task TO review_sink USING (true) WITH CHECK (true);
CREATE POLICY sink_writes ON public.work_item TO review_sink USING (true) WITH CHECK (true);
ALTER TABLE public.task ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.work_item ENABLE ROW LEVEL SECURITY;
REVOKE USAGE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO review_sink;
GRANT USAGE ON SCHEMA public TO review_app;
GRANT ALL ON SCHEMA public TO review_owner;
GRANT USAGE ON SCHEMA public TO metrics;
REVOKE ALL ON FUNCTION public.contiguous_prefix(applied int8multirange) FROM PUBLIC;
GRANT ALL ON FUNCTION public.contiguous_prefix(applied int8multirange) TO review_sink;
GRANT SELECT,INSERT,UPDATE ON TABLE public.hold TO review_sink;
GRANT SELECT ON TABLE public.hold TO review_app;
GRANT SELECT(state) ON TABLE public.hold TO metrics;
GRANT SELECT,INSERT ON TABLE public.isolated_record TO review_sink;
GRANT SELECT(topic) ON TABLE public.isolated_record TO metrics;
GRANT SELECT(partition) ON TABLE public.isolated_record TO metrics;
GRANT SELECT,INSERT,UPDATE ON TABLE public.message_partition TO review_sink;
GRANT SELECT ON TABLE public.outbox TO review_sink;
GRANT SELECT(control_id),INSERT(control_id) ON TABLE public.outbox TO review_app;
GRANT INSERT(control) ON TABLE public.outbox TO review_app;
GRANT SELECT(created_at) ON TABLE public.outbox TO metrics;
GRANT INSERT(created_at) ON TABLE public.outbox TO review_app;
GRANT UPDATE(sent_at) ON TABLE public.outbox TO review_sink;
GRANT SELECT(sent_at) ON TABLE public.outbox TO metrics;
GRANT SELECT(sent_at) ON TABLE public.outbox TO review_app;
GRANT SELECT(item_id),INSERT(item_id) ON TABLE public.outbox TO review_app;
GRANT SELECT(practice),INSERT(practice) ON TABLE public.outbox TO review_app;
GRANT SELECT(incarnation),INSERT(incarnation) ON TABLE public.outbox TO review_app;
GRANT SELECT(sequence),INSERT(sequence) ON TABLE public.outbox TO review_app;
GRANT SELECT(opens),INSERT(opens) ON TABLE public.outbox TO review_app;
GRANT SELECT(send_after),INSERT(send_after) ON TABLE public.outbox TO review_app;
GRANT SELECT(send_after) ON TABLE public.outbox TO metrics;
GRANT SELECT(taken_at) ON TABLE public.outbox TO review_app;
GRANT UPDATE(taken_at) ON TABLE public.outbox TO review_sink;
GRANT SELECT(taken_at) ON TABLE public.outbox TO metrics;
GRANT SELECT(cancelled_at),UPDATE(cancelled_at) ON TABLE public.outbox TO review_app;
GRANT UPDATE(cancelled_at) ON TABLE public.outbox TO review_sink;
GRANT SELECT(cancelled_at) ON TABLE public.outbox TO metrics;
GRANT UPDATE(unanswered_at) ON TABLE public.outbox TO review_sink;
GRANT SELECT,INSERT ON TABLE public.partition_count TO review_sink;
GRANT SELECT ON TABLE public.partition_count TO review_app;
GRANT SELECT ON TABLE public.partition_count TO metrics;
GRANT SELECT,INSERT ON TABLE public.review_event TO review_app;
GRANT INSERT ON TABLE public.review_event TO review_sink;
GRANT SELECT,INSERT,UPDATE ON TABLE public.task TO review_sink;
GRANT SELECT ON TABLE public.task TO review_app;
GRANT SELECT ON TABLE public.work_item TO review_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.work_item TO review_sink;
GRANT SELECT(what) ON TABLE public.work_item TO metrics;
GRANT UPDATE(queue) ON TABLE public.work_item TO review_app;
GRANT SELECT(queue) ON TABLE public.work_item TO metrics;
GRANT SELECT(harm) ON TABLE public.work_item TO metrics;
GRANT SELECT(opened_at) ON TABLE public.work_item TO metrics;
GRANT SELECT(due_at) ON TABLE public.work_item TO metrics;
GRANT SELECT(escalated) ON TABLE public.work_item TO metrics;
GRANT UPDATE(state) ON TABLE public.work_item TO review_app;
GRANT SELECT(state) ON TABLE public.work_item TO metrics;
GRANT UPDATE(sent_to) ON TABLE public.work_item TO review_app;
GRANT UPDATE(assigned_to) ON TABLE public.work_item TO review_app;
GRANT UPDATE(passed_by) ON TABLE public.work_item TO review_app;
GRANT UPDATE(wait_until) ON TABLE public.work_item TO review_app;
GRANT UPDATE(lease_holder) ON TABLE public.work_item TO review_app;
GRANT UPDATE(lease_number) ON TABLE public.work_item TO review_app;
GRANT UPDATE(lease_until) ON TABLE public.work_item TO review_app;
GRANT UPDATE(opinion) ON TABLE public.work_item TO review_app;
GRANT UPDATE(opinion_by) ON TABLE public.work_item TO review_app;
GRANT UPDATE(decided_by) ON TABLE public.work_item TO review_app;
GRANT UPDATE(updated_at) ON TABLE public.work_item TO review_app;
GRANT SELECT ON TABLE public.review_item TO review_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.source_position TO review_sink;
GRANT SELECT ON TABLE public.source_position TO metrics;
