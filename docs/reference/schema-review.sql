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
    opened_at timestamp with time zone,
    due_at timestamp with time zone,
    updated_at timestamp with time zone NOT NULL,
    closed_because text,
    partition integer DEFAULT '-1'::integer NOT NULL,
    incarnation bigint DEFAULT 0 NOT NULL,
    CONSTRAINT closed_is_empty CHECK (((state <> 'closed'::text) OR ((body IS NULL) AND (closed_because IS NOT NULL)))),
    CONSTRAINT has_an_owner CHECK (((state = 'closed'::text) OR (num_nulls(queue, version, practice, kind, reasons, hide_first, bulk_release, decided_under, ruleset, body, body_type, body_sha256, opened_at, due_at) = 0))),
    CONSTRAINT hold_queue_check CHECK ((queue = ANY (ARRAY['practice'::text, 'clinician'::text, 'system'::text, 'source'::text]))),
    CONSTRAINT hold_state_check CHECK ((state = ANY (ARRAY['open'::text, 'decided'::text, 'closed'::text])))
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
    sent_at timestamp with time zone
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

CREATE TABLE public.task (
    nhs_number text NOT NULL,
    reason text NOT NULL,
    audience text NOT NULL,
    entry_id text NOT NULL,
    sequence bigint NOT NULL,
    practice text,
    kind text,
    opened_at timestamp with time zone,
    closed_at timestamp with time zone,
    partition integer DEFAULT '-1'::integer NOT NULL,
    incarnation bigint DEFAULT 0 NOT NULL,
    CONSTRAINT open_has_an_owner CHECK ((num_nulls(practice, kind, opened_at) =
CASE
    WHEN (closed_at IS NULL) THEN 0
    ELSE 3
END)),
    CONSTRAINT task_kind_check CHECK ((kind = ANY (ARRAY['review'::text, 'urgent'::text, 'practice'::text, 'config'::text, 'incident'::text])))
)
WITH (fillfactor='85', autovacuum_analyze_scale_factor='0.02', autovacuum_analyze_threshold='500', autovacuum_vacuum_scale_factor='0.05');
ALTER TABLE ONLY public.task FORCE ROW LEVEL SECURITY;
ALTER TABLE public.task OWNER TO review_owner;
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
ALTER TABLE ONLY public.source_position
    ADD CONSTRAINT source_position_pkey PRIMARY KEY (topic, partition);
ALTER TABLE ONLY public.task
    ADD CONSTRAINT task_pkey PRIMARY KEY (nhs_number, reason, audience, entry_id);

CREATE INDEX hold_by_entry ON public.hold USING btree (entry_id);

CREATE INDEX hold_open ON public.hold USING btree (due_at, practice) WHERE (state = 'open'::text);

CREATE INDEX outbox_unsent ON public.outbox USING btree (id) WHERE (sent_at IS NULL);

CREATE INDEX task_open ON public.task USING btree (opened_at, practice) WHERE (closed_at IS NULL);
CREATE POLICY app_reads ON public.task FOR SELECT TO review_app USING (true);
CREATE POLICY app_reviews ON public.hold TO review_app USING (true) WITH CHECK (true);
CREATE POLICY app_writes ON public.outbox TO review_app USING (true) WITH CHECK (true);
ALTER TABLE public.hold ENABLE ROW LEVEL SECURITY;
CREATE POLICY metrics_counts ON public.hold FOR SELECT TO metrics USING (true);
CREATE POLICY metrics_counts ON public.outbox FOR SELECT TO metrics USING (true);
ALTER TABLE public.outbox ENABLE ROW LEVEL SECURITY;
CREATE POLICY sink_relays ON public.outbox TO review_sink USING (true) WITH CHECK (true);
CREATE POLICY sink_writes ON public.hold TO review_sink USING (true) WITH CHECK (true);
CREATE POLICY sink_writes ON public.task TO review_sink USING (true) WITH CHECK (true);
ALTER TABLE public.task ENABLE ROW LEVEL SECURITY;
REVOKE USAGE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO review_sink;
GRANT USAGE ON SCHEMA public TO review_app;
GRANT ALL ON SCHEMA public TO review_owner;
GRANT USAGE ON SCHEMA public TO metrics;
REVOKE ALL ON FUNCTION public.contiguous_prefix(applied int8multirange) FROM PUBLIC;
GRANT ALL ON FUNCTION public.contiguous_prefix(applied int8multirange) TO review_sink;
GRANT SELECT,INSERT,UPDATE ON TABLE public.hold TO review_sink;
GRANT SELECT ON TABLE public.hold TO review_app;
GRANT UPDATE(state) ON TABLE public.hold TO review_app;
GRANT SELECT(state) ON TABLE public.hold TO metrics;
GRANT SELECT(due_at) ON TABLE public.hold TO metrics;
GRANT UPDATE(updated_at) ON TABLE public.hold TO review_app;
GRANT SELECT,INSERT ON TABLE public.isolated_record TO review_sink;
GRANT SELECT(topic) ON TABLE public.isolated_record TO metrics;
GRANT SELECT(partition) ON TABLE public.isolated_record TO metrics;
GRANT SELECT,INSERT,UPDATE ON TABLE public.message_partition TO review_sink;
GRANT SELECT,INSERT ON TABLE public.outbox TO review_app;
GRANT SELECT ON TABLE public.outbox TO review_sink;
GRANT SELECT(created_at) ON TABLE public.outbox TO metrics;
GRANT UPDATE(sent_at) ON TABLE public.outbox TO review_app;
GRANT UPDATE(sent_at) ON TABLE public.outbox TO review_sink;
GRANT SELECT(sent_at) ON TABLE public.outbox TO metrics;
GRANT SELECT,INSERT ON TABLE public.partition_count TO review_sink;
GRANT SELECT ON TABLE public.partition_count TO review_app;
GRANT SELECT ON TABLE public.partition_count TO metrics;
GRANT SELECT,INSERT,UPDATE ON TABLE public.source_position TO review_sink;
GRANT SELECT ON TABLE public.source_position TO metrics;
GRANT SELECT,INSERT,UPDATE ON TABLE public.task TO review_sink;
GRANT SELECT ON TABLE public.task TO review_app;
