-- The view database as its migrations build it, by pg_dump, without roles; `migrator` is whoever migrates.
-- Made by `make schema`; do not edit.

CREATE FUNCTION public.contiguous_prefix(applied int8multirange) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN COALESCE((SELECT upper(part.part) AS upper FROM unnest(contiguous_prefix.applied) part(part) WHERE (lower(part.part) = 0)), (0)::bigint);
ALTER FUNCTION public.contiguous_prefix(applied int8multirange) OWNER TO view_owner;

CREATE FUNCTION public.partition_of(key text, partitions integer) RETURNS integer
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    AS $$
declare
  m constant bigint := 1540483477;
  mask constant bigint := 4294967295;
  data constant bytea := convert_to(key, 'UTF8');
  size constant int := length(data);
  h bigint := (2538058380 # size) & mask;
  k bigint;
  rest constant int := size - size % 4;
begin
  for i in 0 .. size / 4 - 1 loop
    k := get_byte(data, 4 * i) + (get_byte(data, 4 * i + 1) << 8)
      + (get_byte(data, 4 * i + 2) << 16) + (get_byte(data, 4 * i + 3)::bigint << 24);
    k := (k * m) & mask;
    k := ((k # (k >> 24)) * m) & mask;
    h := ((h * m) & mask) # k;
  end loop;
  for i in reverse size % 4 - 1 .. 0 loop
    h := h # (get_byte(data, rest + i)::bigint << (8 * i));
    if i = 0 then
      h := (h * m) & mask;
    end if;
  end loop;
  h := ((h # (h >> 13)) * m) & mask;
  h := h # (h >> 15);
  return (h & 2147483647) % partitions;
end $$;
ALTER FUNCTION public.partition_of(key text, partitions integer) OWNER TO view_owner;

CREATE TABLE public.audience_gate (
    nhs_number text NOT NULL,
    audience text NOT NULL,
    fence bigint DEFAULT '-1'::integer NOT NULL,
    closed boolean DEFAULT true NOT NULL,
    decided_through bigint DEFAULT '-1'::integer NOT NULL,
    expires_at timestamp with time zone DEFAULT 'infinity'::timestamp with time zone NOT NULL,
    decided_in bigint DEFAULT 0 NOT NULL
)
WITH (fillfactor='70', autovacuum_analyze_scale_factor='0.02', autovacuum_analyze_threshold='500', autovacuum_vacuum_scale_factor='0.05');
ALTER TABLE ONLY public.audience_gate FORCE ROW LEVEL SECURITY;
ALTER TABLE public.audience_gate OWNER TO view_owner;

CREATE TABLE public.catching_up (
    partition integer NOT NULL,
    until bigint NOT NULL
);
ALTER TABLE public.catching_up OWNER TO view_owner;

CREATE TABLE public.entry_gate (
    nhs_number text NOT NULL,
    entry_id text NOT NULL,
    fence bigint NOT NULL
)
WITH (autovacuum_analyze_scale_factor='0.02', autovacuum_analyze_threshold='500');
ALTER TABLE ONLY public.entry_gate FORCE ROW LEVEL SECURITY;
ALTER TABLE public.entry_gate OWNER TO view_owner;

CREATE TABLE public.follow_up (
    nhs_number text NOT NULL,
    incarnation bigint NOT NULL,
    closed_by bigint DEFAULT '-1'::integer NOT NULL,
    lifted bigint DEFAULT '-1'::integer NOT NULL
)
WITH (fillfactor='70');
ALTER TABLE ONLY public.follow_up FORCE ROW LEVEL SECURITY;
ALTER TABLE public.follow_up OWNER TO view_owner;

CREATE TABLE public.gate_closure (
    nhs_number text NOT NULL,
    audience text NOT NULL,
    cause text NOT NULL,
    practice text NOT NULL,
    effective_at timestamp with time zone NOT NULL,
    closed boolean NOT NULL,
    expires_at timestamp with time zone DEFAULT 'infinity'::timestamp with time zone NOT NULL
)
WITH (autovacuum_analyze_scale_factor='0.02', autovacuum_analyze_threshold='500');
ALTER TABLE ONLY public.gate_closure FORCE ROW LEVEL SECURITY;
ALTER TABLE public.gate_closure OWNER TO view_owner;

CREATE TABLE public.gate_freshness (
    partition integer NOT NULL,
    fresh_at timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    lease interval NOT NULL,
    CONSTRAINT gate_freshness_lease_check CHECK ((lease > '00:00:00'::interval)),
    CONSTRAINT gate_freshness_partition_check CHECK ((partition >= 0))
)
WITH (fillfactor='50');
ALTER TABLE public.gate_freshness OWNER TO view_owner;

CREATE TABLE public.isolated_record (
    topic text NOT NULL,
    partition integer NOT NULL,
    record_offset bigint NOT NULL,
    error text NOT NULL,
    isolated_at timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE public.isolated_record OWNER TO view_owner;

CREATE TABLE public.message_partition (
    partition integer NOT NULL,
    incarnation bigint NOT NULL,
    applied int8multirange DEFAULT '{}'::int8multirange NOT NULL,
    open_at bigint,
    open boolean DEFAULT false NOT NULL,
    swept boolean DEFAULT false NOT NULL
)
WITH (fillfactor='50');
ALTER TABLE public.message_partition OWNER TO view_owner;

CREATE TABLE public.migration (
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE public.migration OWNER TO migrator;

CREATE TABLE public.misrouted (
    nhs_number text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    record_offset bigint NOT NULL,
    digest bytea
);
ALTER TABLE ONLY public.misrouted FORCE ROW LEVEL SECURITY;
ALTER TABLE public.misrouted OWNER TO view_owner;

CREATE TABLE public.partition_count (
    only_one boolean DEFAULT true NOT NULL,
    partitions integer NOT NULL,
    CONSTRAINT partition_count_only_one_check CHECK (only_one),
    CONSTRAINT partition_count_partitions_check CHECK ((partitions > 0))
);
ALTER TABLE public.partition_count OWNER TO view_owner;

CREATE TABLE public.released_entry (
    nhs_number text NOT NULL,
    audience text NOT NULL,
    entry_id text NOT NULL,
    public_id uuid DEFAULT gen_random_uuid() NOT NULL,
    sequence bigint NOT NULL,
    decided_under bigint NOT NULL,
    version bigint,
    kind text,
    event_date date,
    recorded_at timestamp with time zone,
    redacted boolean,
    valid_until timestamp with time zone,
    body bytea,
    body_type text,
    body_sha256 bytea,
    released_at timestamp with time zone NOT NULL,
    partition integer DEFAULT '-1'::integer NOT NULL,
    incarnation bigint DEFAULT 0 NOT NULL,
    CONSTRAINT tombstone_is_empty CHECK (((body IS NOT NULL) OR (num_nonnulls(version, kind, event_date, recorded_at, redacted, valid_until, body_type, body_sha256) = 0)))
)
WITH (fillfactor='85', autovacuum_analyze_scale_factor='0.02', autovacuum_analyze_threshold='500', autovacuum_vacuum_scale_factor='0.05');
ALTER TABLE ONLY public.released_entry FORCE ROW LEVEL SECURITY;
ALTER TABLE public.released_entry OWNER TO view_owner;

CREATE TABLE public.replayed (
    nhs_number text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    record_offset bigint NOT NULL,
    digest bytea NOT NULL
);
ALTER TABLE ONLY public.replayed FORCE ROW LEVEL SECURITY;
ALTER TABLE public.replayed OWNER TO view_owner;

CREATE TABLE public.source_position (
    topic text NOT NULL,
    partition integer NOT NULL,
    topic_id text NOT NULL,
    next_offset bigint NOT NULL,
    last_offset bigint,
    last_digest bytea,
    CONSTRAINT source_position_next_offset_check CHECK ((next_offset >= 0))
);
ALTER TABLE public.source_position OWNER TO view_owner;

CREATE TABLE public.view_home (
    home text NOT NULL
);
ALTER TABLE public.view_home OWNER TO view_owner;

CREATE VIEW public.visible_entry WITH (security_barrier='true') AS
 SELECT entry.public_id,
    entry.kind,
    entry.event_date,
    entry.recorded_at,
    entry.redacted,
    entry.body,
    entry.body_type,
    entry.version
   FROM (((((public.released_entry entry
     JOIN public.message_partition known ON (((known.partition = entry.partition) AND (known.incarnation = entry.incarnation) AND known.open)))
     JOIN public.audience_gate patient ON (((patient.nhs_number = entry.nhs_number) AND (patient.audience = '*'::text))))
     LEFT JOIN public.audience_gate own ON (((own.nhs_number = entry.nhs_number) AND (own.audience = entry.audience))))
     LEFT JOIN public.entry_gate hidden ON (((hidden.nhs_number = entry.nhs_number) AND (hidden.entry_id = entry.entry_id))))
     LEFT JOIN public.follow_up ON (((follow_up.nhs_number = entry.nhs_number) AND (follow_up.incarnation = known.incarnation))))
  WHERE ((entry.body IS NOT NULL) AND ((entry.valid_until IS NULL) OR (clock_timestamp() < entry.valid_until)) AND (NOT patient.closed) AND (NOT COALESCE(own.closed, (entry.audience <> 'self'::text))) AND (NOT COALESCE((follow_up.closed_by > follow_up.lifted), false)) AND (clock_timestamp() < patient.expires_at) AND (clock_timestamp() < COALESCE(own.expires_at, 'infinity'::timestamp with time zone)) AND (clock_timestamp() < ( SELECT (gate.fresh_at + gate.lease)
           FROM public.gate_freshness gate
          WHERE ((gate.fresh_at <= clock_timestamp()) AND (gate.partition = public.partition_of(current_setting('recordgate.nhs_number'::text, true), ( SELECT (NULLIF(count(*), 0))::integer AS "nullif"
                   FROM public.gate_freshness)))))) AND (NOT (EXISTS ( SELECT
           FROM public.catching_up behind
          WHERE (behind.partition = entry.partition)))) AND (GREATEST(entry.decided_under,
        CASE
            WHEN (patient.decided_in = known.incarnation) THEN patient.decided_through
            ELSE NULL::bigint
        END) >= GREATEST(patient.fence, own.fence, hidden.fence)));
ALTER VIEW public.visible_entry OWNER TO view_owner;

CREATE TABLE public.waiting_marker (
    partition integer NOT NULL,
    sequence bigint NOT NULL,
    nhs_number text NOT NULL,
    through bigint NOT NULL,
    waiting_since timestamp with time zone DEFAULT now() NOT NULL,
    incarnation bigint DEFAULT 0 NOT NULL,
    lifts bigint DEFAULT '-1'::integer NOT NULL
)
WITH (autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='1000');
ALTER TABLE ONLY public.waiting_marker FORCE ROW LEVEL SECURITY;
ALTER TABLE public.waiting_marker OWNER TO view_owner;
ALTER TABLE ONLY public.audience_gate
    ADD CONSTRAINT audience_gate_pkey PRIMARY KEY (nhs_number, audience);
ALTER TABLE ONLY public.catching_up
    ADD CONSTRAINT catching_up_pkey PRIMARY KEY (partition);
ALTER TABLE ONLY public.entry_gate
    ADD CONSTRAINT entry_gate_pkey PRIMARY KEY (nhs_number, entry_id);
ALTER TABLE ONLY public.follow_up
    ADD CONSTRAINT follow_up_pkey PRIMARY KEY (nhs_number);
ALTER TABLE ONLY public.gate_closure
    ADD CONSTRAINT gate_closure_pkey PRIMARY KEY (nhs_number, audience, cause, practice);
ALTER TABLE ONLY public.gate_freshness
    ADD CONSTRAINT gate_freshness_pkey PRIMARY KEY (partition);
ALTER TABLE ONLY public.isolated_record
    ADD CONSTRAINT isolated_record_pkey PRIMARY KEY (topic, partition, record_offset);
ALTER TABLE ONLY public.message_partition
    ADD CONSTRAINT message_partition_pkey PRIMARY KEY (partition);
ALTER TABLE ONLY public.migration
    ADD CONSTRAINT migration_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.misrouted
    ADD CONSTRAINT misrouted_pkey PRIMARY KEY (nhs_number, topic, partition, record_offset);
ALTER TABLE ONLY public.partition_count
    ADD CONSTRAINT partition_count_pkey PRIMARY KEY (only_one);
ALTER TABLE ONLY public.released_entry
    ADD CONSTRAINT released_entry_pkey PRIMARY KEY (nhs_number, audience, entry_id);
ALTER TABLE ONLY public.replayed
    ADD CONSTRAINT replayed_pkey PRIMARY KEY (nhs_number, topic, partition, record_offset, digest);
ALTER TABLE ONLY public.source_position
    ADD CONSTRAINT source_position_pkey PRIMARY KEY (topic, partition);
ALTER TABLE ONLY public.waiting_marker
    ADD CONSTRAINT waiting_marker_pkey PRIMARY KEY (partition, sequence);

CREATE UNIQUE INDEX view_home_expr_idx ON public.view_home USING btree ((true));
ALTER TABLE public.audience_gate ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.entry_gate ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.follow_up ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.gate_closure ENABLE ROW LEVEL SECURITY;
CREATE POLICY gate_writes ON public.audience_gate TO gate_writer USING (true) WITH CHECK (true);
CREATE POLICY gate_writes ON public.entry_gate TO gate_writer USING (true) WITH CHECK (true);
CREATE POLICY gate_writes ON public.gate_closure TO gate_writer USING (true) WITH CHECK (true);
CREATE POLICY gate_writes ON public.misrouted TO gate_writer USING (true) WITH CHECK (true);
CREATE POLICY gate_writes ON public.replayed TO gate_writer USING (true) WITH CHECK (true);
CREATE POLICY metrics_counts ON public.waiting_marker FOR SELECT TO metrics USING (true);
ALTER TABLE public.misrouted ENABLE ROW LEVEL SECURITY;
CREATE POLICY one_audience ON public.audience_gate FOR SELECT TO view_owner USING (((nhs_number = current_setting('recordgate.nhs_number'::text, true)) AND (audience = ANY (ARRAY['*'::text, current_setting('recordgate.audience'::text, true)]))));
CREATE POLICY one_audience ON public.released_entry FOR SELECT TO view_owner USING (((nhs_number = current_setting('recordgate.nhs_number'::text, true)) AND (audience = current_setting('recordgate.audience'::text, true))));
CREATE POLICY one_patient ON public.entry_gate FOR SELECT TO view_owner USING ((nhs_number = current_setting('recordgate.nhs_number'::text, true)));
CREATE POLICY one_patient ON public.follow_up FOR SELECT TO view_owner USING ((nhs_number = current_setting('recordgate.nhs_number'::text, true)));
ALTER TABLE public.released_entry ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.replayed ENABLE ROW LEVEL SECURITY;
CREATE POLICY sink_raises ON public.audience_gate TO view_sink USING (true) WITH CHECK (true);
CREATE POLICY sink_writes ON public.follow_up TO view_sink USING (true) WITH CHECK (true);
CREATE POLICY sink_writes ON public.released_entry TO view_sink USING (true) WITH CHECK (true);
CREATE POLICY sink_writes ON public.waiting_marker TO view_sink USING (true) WITH CHECK (true);
ALTER TABLE public.waiting_marker ENABLE ROW LEVEL SECURITY;
REVOKE USAGE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO view_sink;
GRANT USAGE ON SCHEMA public TO gate_writer;
GRANT USAGE ON SCHEMA public TO view_reader;
GRANT ALL ON SCHEMA public TO view_owner;
GRANT USAGE ON SCHEMA public TO metrics;
REVOKE ALL ON FUNCTION public.contiguous_prefix(applied int8multirange) FROM PUBLIC;
GRANT ALL ON FUNCTION public.contiguous_prefix(applied int8multirange) TO view_sink;
REVOKE ALL ON FUNCTION public.partition_of(key text, partitions integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.partition_of(key text, partitions integer) TO view_reader;
GRANT SELECT,INSERT,UPDATE ON TABLE public.audience_gate TO gate_writer;
GRANT SELECT(nhs_number),INSERT(nhs_number) ON TABLE public.audience_gate TO view_sink;
GRANT SELECT(audience),INSERT(audience) ON TABLE public.audience_gate TO view_sink;
GRANT SELECT(decided_through),INSERT(decided_through),UPDATE(decided_through) ON TABLE public.audience_gate TO view_sink;
GRANT SELECT(decided_in),INSERT(decided_in),UPDATE(decided_in) ON TABLE public.audience_gate TO view_sink;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.catching_up TO view_sink;
GRANT SELECT,INSERT,UPDATE ON TABLE public.catching_up TO gate_writer;
GRANT SELECT ON TABLE public.catching_up TO metrics;
GRANT SELECT,INSERT,UPDATE ON TABLE public.entry_gate TO gate_writer;
GRANT SELECT,INSERT,UPDATE ON TABLE public.follow_up TO view_sink;
GRANT SELECT,INSERT,UPDATE ON TABLE public.gate_closure TO gate_writer;
GRANT SELECT,INSERT,UPDATE ON TABLE public.gate_freshness TO gate_writer;
GRANT SELECT ON TABLE public.gate_freshness TO view_sink;
GRANT SELECT ON TABLE public.gate_freshness TO metrics;
GRANT SELECT,INSERT ON TABLE public.isolated_record TO view_sink;
GRANT SELECT,INSERT ON TABLE public.isolated_record TO gate_writer;
GRANT SELECT(topic) ON TABLE public.isolated_record TO metrics;
GRANT SELECT(partition) ON TABLE public.isolated_record TO metrics;
GRANT SELECT,INSERT,UPDATE ON TABLE public.message_partition TO view_sink;
GRANT SELECT ON TABLE public.message_partition TO metrics;
GRANT SELECT,INSERT ON TABLE public.misrouted TO gate_writer;
GRANT SELECT,INSERT ON TABLE public.partition_count TO view_sink;
GRANT SELECT,INSERT ON TABLE public.partition_count TO gate_writer;
GRANT SELECT ON TABLE public.partition_count TO metrics;
GRANT SELECT,INSERT,UPDATE ON TABLE public.released_entry TO view_sink;
GRANT SELECT,INSERT ON TABLE public.replayed TO gate_writer;
GRANT SELECT,INSERT,UPDATE ON TABLE public.source_position TO view_sink;
GRANT SELECT,INSERT,UPDATE ON TABLE public.source_position TO gate_writer;
GRANT SELECT ON TABLE public.source_position TO metrics;
GRANT SELECT,INSERT,UPDATE ON TABLE public.view_home TO view_sink;
GRANT SELECT,INSERT,UPDATE ON TABLE public.view_home TO gate_writer;
GRANT SELECT ON TABLE public.visible_entry TO view_reader;
GRANT SELECT,INSERT,DELETE ON TABLE public.waiting_marker TO view_sink;
GRANT SELECT(partition) ON TABLE public.waiting_marker TO metrics;
GRANT SELECT(sequence) ON TABLE public.waiting_marker TO metrics;
GRANT SELECT(waiting_since) ON TABLE public.waiting_marker TO metrics;
