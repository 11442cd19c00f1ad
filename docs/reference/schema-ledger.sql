-- The ledger database as its migrations build it, by pg_dump, without roles; `migrator` is whoever migrates.
-- Made by `make schema`; do not edit.

CREATE FUNCTION public.keep_former_decision() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
begin
  insert into former_decision
    (nhs_number, version, decided_at, decided_under, decided_in, entry_id, audience, outcome, digest, headline, reasons)
  values (old.nhs_number, old.version, old.decided_at, old.decided_under, old.decided_in, old.entry_id,
    case when tg_argv[0] = '' then to_jsonb(old) ->> 'audience' else tg_argv[0] end,
    old.outcome, old.digest, old.headline, old.reasons);
  return null;
end $$;
ALTER FUNCTION public.keep_former_decision() OWNER TO migrator;

CREATE TABLE public.account (
    topic text NOT NULL,
    partition integer NOT NULL,
    kind text NOT NULL,
    records bigint NOT NULL,
    CONSTRAINT account_kind_check CHECK ((kind = ANY (ARRAY['accepted'::text, 'duplicate'::text, 'superseded'::text, 'quarantined'::text, 'control'::text, 'hole'::text])))
);
ALTER TABLE public.account OWNER TO migrator;

CREATE TABLE public.activation (
    generation bigint NOT NULL,
    rehearsal_id text NOT NULL,
    from_hash text NOT NULL,
    to_hash text NOT NULL,
    former jsonb NOT NULL,
    approvers jsonb NOT NULL,
    at timestamp with time zone NOT NULL,
    approvals text[],
    approver_change bigint
);
ALTER TABLE public.activation OWNER TO migrator;

CREATE TABLE public.active_ruleset (
    only_one boolean DEFAULT true NOT NULL,
    generation bigint NOT NULL,
    hash text NOT NULL,
    document jsonb NOT NULL,
    activated_at timestamp with time zone NOT NULL,
    CONSTRAINT active_ruleset_only_one_check CHECK (only_one)
);
ALTER TABLE public.active_ruleset OWNER TO migrator;

CREATE TABLE public.approval (
    approval_id bigint NOT NULL,
    rehearsal_id text NOT NULL,
    ruleset text NOT NULL,
    engine text NOT NULL,
    appear bigint NOT NULL,
    disappear bigint NOT NULL,
    approver text NOT NULL,
    signature text NOT NULL,
    at timestamp with time zone NOT NULL
);
ALTER TABLE public.approval OWNER TO migrator;
ALTER TABLE public.approval ALTER COLUMN approval_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.approval_approval_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.approver_change (
    change bigint NOT NULL,
    digest text NOT NULL,
    document text NOT NULL,
    signatures text[] NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT approver_change_change_check CHECK ((change >= 0))
);
ALTER TABLE public.approver_change OWNER TO migrator;

CREATE VIEW public.approver AS
 SELECT name,
    public_key,
    min(change) AS valid_from,
        CASE
            WHEN (max(change) < ( SELECT max(approver_change.change) AS max
               FROM public.approver_change)) THEN (max(change) + 1)
            ELSE NULL::bigint
        END AS retired_by
   FROM ( SELECT c.change,
            a.key AS name,
            a.value AS public_key,
            (c.change - row_number() OVER (PARTITION BY a.key, a.value ORDER BY c.change)) AS period
           FROM public.approver_change c,
            LATERAL jsonb_each_text(((c.document)::jsonb -> 'approvers'::text)) a(key, value)) trusted
  GROUP BY name, public_key, period;
ALTER VIEW public.approver OWNER TO migrator;

CREATE TABLE public.clock_accepted (
    only_one boolean DEFAULT true NOT NULL,
    until timestamp with time zone NOT NULL,
    CONSTRAINT clock_accepted_only_one_check CHECK (only_one)
);
ALTER TABLE public.clock_accepted OWNER TO migrator;

CREATE TABLE public.entry (
    nhs_number bigint NOT NULL,
    version bigint NOT NULL,
    source_offset bigint NOT NULL,
    published_at timestamp with time zone NOT NULL,
    decided_at timestamp with time zone NOT NULL,
    decided_under bigint NOT NULL,
    partition integer NOT NULL,
    decided_in integer NOT NULL,
    generation integer NOT NULL,
    conflict boolean NOT NULL,
    body_mismatch boolean NOT NULL,
    may_defer boolean NOT NULL,
    entry_id text NOT NULL,
    outcome text NOT NULL,
    digest bytea NOT NULL,
    envelope bytea NOT NULL,
    body bytea NOT NULL,
    headline text,
    reasons jsonb,
    released_under text
)
WITH (autovacuum_analyze_scale_factor='0.02', autovacuum_analyze_threshold='500');
ALTER TABLE ONLY public.entry ALTER COLUMN body SET STORAGE EXTERNAL;
ALTER TABLE public.entry OWNER TO migrator;

CREATE TABLE public.proxy_decision (
    nhs_number bigint NOT NULL,
    version bigint NOT NULL,
    decided_at timestamp with time zone NOT NULL,
    decided_under bigint NOT NULL,
    decided_in integer NOT NULL,
    generation integer NOT NULL,
    entry_id text NOT NULL,
    audience text NOT NULL,
    outcome text NOT NULL,
    digest bytea NOT NULL,
    headline text,
    reasons jsonb,
    released_under text
)
WITH (autovacuum_analyze_scale_factor='0.02', autovacuum_analyze_threshold='500');
ALTER TABLE public.proxy_decision OWNER TO migrator;

CREATE VIEW public.ruleset_generation AS
 SELECT active_ruleset.generation,
    active_ruleset.hash
   FROM public.active_ruleset
UNION ALL
 SELECT activation.generation,
    activation.to_hash AS hash
   FROM public.activation
  WHERE (activation.generation < ( SELECT active_ruleset.generation
           FROM public.active_ruleset))
UNION ALL
 SELECT 0 AS generation,
    activation.from_hash AS hash
   FROM public.activation
  WHERE ((activation.generation = 1) AND (( SELECT active_ruleset.generation
           FROM public.active_ruleset) > 0));
ALTER VIEW public.ruleset_generation OWNER TO migrator;

CREATE VIEW public.current_decision AS
 SELECT d.nhs_number,
    d.entry_id,
    d.audience,
    d.version,
    d.outcome,
    d.headline,
    d.reasons,
    d.digest,
    d.decided_under,
    d.decided_at,
    d.decided_in,
    d.generation,
    g.hash AS ruleset,
    d.released_under
   FROM (( SELECT entry.nhs_number,
            entry.entry_id,
            'self'::text AS audience,
            entry.version,
            entry.outcome,
            entry.headline,
            entry.reasons,
            entry.digest,
            entry.decided_under,
            entry.decided_at,
            entry.decided_in,
            entry.generation,
            entry.released_under
           FROM public.entry
        UNION ALL
         SELECT proxy_decision.nhs_number,
            proxy_decision.entry_id,
            proxy_decision.audience,
            proxy_decision.version,
            proxy_decision.outcome,
            proxy_decision.headline,
            proxy_decision.reasons,
            proxy_decision.digest,
            proxy_decision.decided_under,
            proxy_decision.decided_at,
            proxy_decision.decided_in,
            proxy_decision.generation,
            proxy_decision.released_under
           FROM public.proxy_decision) d
     LEFT JOIN public.ruleset_generation g ON ((g.generation = d.generation)));
ALTER VIEW public.current_decision OWNER TO migrator;

CREATE TABLE public.current_task (
    nhs_number bigint NOT NULL,
    reason text NOT NULL,
    audience text NOT NULL,
    entry_id text NOT NULL
);
ALTER TABLE public.current_task OWNER TO migrator;

CREATE TABLE public.former_decision (
    decision_id bigint NOT NULL,
    nhs_number bigint NOT NULL,
    version bigint NOT NULL,
    decided_at timestamp with time zone NOT NULL,
    decided_under bigint NOT NULL,
    decided_in integer NOT NULL,
    entry_id text NOT NULL,
    audience text NOT NULL,
    outcome text NOT NULL,
    digest bytea NOT NULL,
    headline text,
    reasons jsonb
);
ALTER TABLE public.former_decision OWNER TO migrator;

CREATE VIEW public.decision AS
 SELECT d.decision_id,
    d.nhs_number,
    d.entry_id,
    d.audience,
    d.version,
    d.outcome,
    d.headline,
    COALESCE(d.reasons, '[]'::jsonb) AS reasons,
    d.decided_under,
    d.decided_at,
    g.hash AS ruleset
   FROM (( SELECT former_decision.decision_id,
            former_decision.nhs_number,
            former_decision.entry_id,
            former_decision.audience,
            former_decision.version,
            former_decision.outcome,
            former_decision.headline,
            former_decision.reasons,
            former_decision.decided_under,
            former_decision.decided_at,
            former_decision.decided_in
           FROM public.former_decision
        UNION ALL
         SELECT '9223372036854775807'::bigint,
            entry.nhs_number,
            entry.entry_id,
            'self'::text,
            entry.version,
            entry.outcome,
            entry.headline,
            entry.reasons,
            entry.decided_under,
            entry.decided_at,
            entry.decided_in
           FROM public.entry
        UNION ALL
         SELECT '9223372036854775807'::bigint,
            proxy_decision.nhs_number,
            proxy_decision.entry_id,
            proxy_decision.audience,
            proxy_decision.version,
            proxy_decision.outcome,
            proxy_decision.headline,
            proxy_decision.reasons,
            proxy_decision.decided_under,
            proxy_decision.decided_at,
            proxy_decision.decided_in
           FROM public.proxy_decision) d
     LEFT JOIN public.ruleset_generation g ON ((g.generation = d.decided_in)));
ALTER VIEW public.decision OWNER TO migrator;

CREATE TABLE public.entry_mark (
    nhs_number bigint NOT NULL,
    entry_id text NOT NULL,
    marks jsonb NOT NULL
);
ALTER TABLE public.entry_mark OWNER TO migrator;
ALTER TABLE public.former_decision ALTER COLUMN decision_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.former_decision_decision_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.incarnation (
    only_one boolean DEFAULT true NOT NULL,
    number bigint NOT NULL,
    database text NOT NULL,
    begun_at timestamp with time zone NOT NULL,
    CONSTRAINT incarnation_number_check CHECK ((number > 0)),
    CONSTRAINT incarnation_only_one_check CHECK (only_one)
);
ALTER TABLE public.incarnation OWNER TO migrator;

CREATE TABLE public.incarnation_partition (
    partition integer NOT NULL,
    phase text NOT NULL,
    entries_end bigint,
    controls_end bigint,
    published_after bigint DEFAULT '-1'::integer NOT NULL,
    CONSTRAINT incarnation_partition_phase_check CHECK ((phase = ANY (ARRAY['begun'::text, 'catching_up'::text, 'publishing'::text, 'published'::text, 'open'::text])))
);
ALTER TABLE public.incarnation_partition OWNER TO migrator;

CREATE TABLE public.last_decision (
    partition integer NOT NULL,
    decided_at timestamp with time zone NOT NULL
)
WITH (fillfactor='50');
ALTER TABLE public.last_decision OWNER TO migrator;

CREATE TABLE public.migration (
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE public.migration OWNER TO migrator;

CREATE TABLE public.outbox (
    topic text NOT NULL,
    partition integer NOT NULL,
    first bigint NOT NULL,
    lane text NOT NULL,
    keys bytea[] NOT NULL,
    messages bytea[] NOT NULL,
    digests bytea[] NOT NULL,
    taken_out jsonb,
    CONSTRAINT outbox_check CHECK (((cardinality(messages) > 0) AND (cardinality(keys) = cardinality(messages)) AND (cardinality(digests) = cardinality(messages))))
)
WITH (autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='200', toast.autovacuum_vacuum_scale_factor='0', toast.autovacuum_vacuum_threshold='5000');
ALTER TABLE public.outbox OWNER TO migrator;

CREATE TABLE public.outcome_count (
    partition integer NOT NULL,
    outcome text NOT NULL,
    reason text NOT NULL,
    entries bigint NOT NULL
)
WITH (fillfactor='50');
ALTER TABLE public.outcome_count OWNER TO migrator;

CREATE TABLE public.outgoing_sequence (
    topic text NOT NULL,
    partition integer NOT NULL,
    next bigint NOT NULL,
    incarnation bigint DEFAULT 0 NOT NULL
);
ALTER TABLE public.outgoing_sequence OWNER TO migrator;

CREATE TABLE public.partition_count (
    only_one boolean DEFAULT true NOT NULL,
    partitions integer NOT NULL,
    CONSTRAINT partition_count_only_one_check CHECK (only_one),
    CONSTRAINT partition_count_partitions_check CHECK ((partitions > 0))
);
ALTER TABLE public.partition_count OWNER TO migrator;

CREATE TABLE public.patient (
    nhs_number bigint NOT NULL,
    partition integer NOT NULL,
    facts jsonb DEFAULT '{}'::jsonb NOT NULL,
    control_position bigint DEFAULT '-1'::integer NOT NULL,
    due_at timestamp with time zone
)
WITH (autovacuum_analyze_scale_factor='0.02', autovacuum_analyze_threshold='500');
ALTER TABLE public.patient OWNER TO migrator;

CREATE TABLE public.pointer (
    nhs_number bigint NOT NULL,
    target text NOT NULL,
    entry_id text NOT NULL
);
ALTER TABLE public.pointer OWNER TO migrator;

CREATE TABLE public.quarantine (
    topic text NOT NULL,
    partition integer NOT NULL,
    record_offset bigint NOT NULL,
    error text NOT NULL,
    raw bytea,
    quarantined_at timestamp with time zone NOT NULL,
    sealed_key bytea,
    sealed_value bytea
);
ALTER TABLE public.quarantine OWNER TO migrator;

CREATE TABLE public.quarantine_action (
    action_id bigint NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    record_offset bigint NOT NULL,
    action text NOT NULL,
    who text NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT quarantine_action_action_check CHECK ((action = ANY (ARRAY['shown'::text, 'repaired'::text, 'replayed'::text, 'confirmed'::text])))
);
ALTER TABLE public.quarantine_action OWNER TO migrator;
ALTER TABLE public.quarantine_action ALTER COLUMN action_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.quarantine_action_action_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.quarantine_repair (
    repair_id bigint NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    record_offset bigint NOT NULL,
    sealed_value bytea NOT NULL,
    at timestamp with time zone NOT NULL
);
ALTER TABLE public.quarantine_repair OWNER TO migrator;
ALTER TABLE public.quarantine_repair ALTER COLUMN repair_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.quarantine_repair_repair_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.reached (
    nhs_number bigint NOT NULL,
    audience text NOT NULL,
    entry_id text NOT NULL,
    objections text[] NOT NULL
);
ALTER TABLE public.reached OWNER TO migrator;

CREATE TABLE public.redecision (
    nhs_number bigint NOT NULL,
    partition integer NOT NULL,
    through bigint NOT NULL,
    entry_ids text[],
    forced text[] DEFAULT '{}'::text[] NOT NULL,
    after text DEFAULT ''::text NOT NULL,
    published_at timestamp with time zone NOT NULL,
    publish_all boolean DEFAULT false NOT NULL,
    closing bigint DEFAULT '-1'::integer NOT NULL,
    again boolean DEFAULT false NOT NULL
);
ALTER TABLE public.redecision OWNER TO migrator;

CREATE TABLE public.rehearsal (
    rehearsal_id text NOT NULL,
    document jsonb NOT NULL,
    report jsonb NOT NULL,
    at timestamp with time zone NOT NULL
);
ALTER TABLE public.rehearsal OWNER TO migrator;

CREATE TABLE public.root (
    nhs_number bigint NOT NULL,
    audience text NOT NULL,
    entry_id text NOT NULL,
    reason text NOT NULL,
    outcome text NOT NULL,
    related text[] NOT NULL
);
ALTER TABLE public.root OWNER TO migrator;

CREATE TABLE public.rule_application (
    generation bigint NOT NULL,
    partition integer NOT NULL,
    after bigint DEFAULT '-1'::integer NOT NULL,
    patients bigint DEFAULT 0 NOT NULL,
    finished_at timestamp with time zone
);
ALTER TABLE public.rule_application OWNER TO migrator;

CREATE VIEW public.rule_patients_waiting AS
 SELECT (COALESCE(sum(later.n), (0)::numeric))::bigint AS patients
   FROM (public.rule_application a
     CROSS JOIN LATERAL ( SELECT count(*) AS n
           FROM public.patient p
          WHERE ((p.partition = a.partition) AND (p.nhs_number > a.after))) later)
  WHERE ((a.finished_at IS NULL) AND (a.generation = ( SELECT active_ruleset.generation
           FROM public.active_ruleset)));
ALTER VIEW public.rule_patients_waiting OWNER TO migrator;

CREATE TABLE public.service_key (
    service_key_id bigint NOT NULL,
    key_id text NOT NULL,
    name text NOT NULL,
    public_key text NOT NULL,
    practices text[],
    valid_from timestamp with time zone NOT NULL,
    valid_until timestamp with time zone,
    added_by text NOT NULL,
    added_at timestamp with time zone NOT NULL,
    CONSTRAINT service_key_check CHECK ((valid_until > valid_from)),
    CONSTRAINT service_key_practices_check CHECK ((cardinality(practices) > 0))
);
ALTER TABLE public.service_key OWNER TO migrator;

CREATE TABLE public.service_key_retirement (
    service_key_id bigint NOT NULL,
    retired_at timestamp with time zone NOT NULL,
    retired_by text NOT NULL
);
ALTER TABLE public.service_key_retirement OWNER TO migrator;
ALTER TABLE public.service_key ALTER COLUMN service_key_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.service_key_service_key_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.signed_approval (
    approval_id bigint NOT NULL,
    rehearsal_id text NOT NULL,
    approver text NOT NULL,
    jws text NOT NULL,
    at timestamp with time zone NOT NULL
);
ALTER TABLE public.signed_approval OWNER TO migrator;
ALTER TABLE public.signed_approval ALTER COLUMN approval_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.signed_approval_approval_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.snapshot (
    nhs_number bigint NOT NULL,
    practice text NOT NULL,
    system text NOT NULL,
    taken_at timestamp with time zone NOT NULL,
    entry_ids text[] NOT NULL
);
ALTER TABLE public.snapshot OWNER TO migrator;

CREATE TABLE public.source_position (
    topic text NOT NULL,
    partition integer NOT NULL,
    topic_id text NOT NULL,
    next_offset bigint NOT NULL,
    last_offset bigint,
    last_digest bytea,
    CONSTRAINT source_position_next_offset_check CHECK ((next_offset >= 0))
);
ALTER TABLE public.source_position OWNER TO migrator;
ALTER TABLE ONLY public.account
    ADD CONSTRAINT account_pkey PRIMARY KEY (topic, partition, kind);
ALTER TABLE ONLY public.activation
    ADD CONSTRAINT activation_pkey PRIMARY KEY (generation);
ALTER TABLE ONLY public.active_ruleset
    ADD CONSTRAINT active_ruleset_pkey PRIMARY KEY (only_one);
ALTER TABLE ONLY public.approval
    ADD CONSTRAINT approval_pkey PRIMARY KEY (approval_id);
ALTER TABLE ONLY public.approver_change
    ADD CONSTRAINT approver_change_digest_key UNIQUE (digest);
ALTER TABLE ONLY public.approver_change
    ADD CONSTRAINT approver_change_pkey PRIMARY KEY (change);
ALTER TABLE ONLY public.clock_accepted
    ADD CONSTRAINT clock_accepted_pkey PRIMARY KEY (only_one);
ALTER TABLE ONLY public.current_task
    ADD CONSTRAINT current_task_pkey PRIMARY KEY (nhs_number, reason, audience, entry_id);
ALTER TABLE ONLY public.entry_mark
    ADD CONSTRAINT entry_mark_pkey PRIMARY KEY (nhs_number, entry_id);
ALTER TABLE ONLY public.entry
    ADD CONSTRAINT entry_pkey PRIMARY KEY (nhs_number, entry_id);
ALTER TABLE ONLY public.former_decision
    ADD CONSTRAINT former_decision_pkey PRIMARY KEY (decision_id);
ALTER TABLE ONLY public.incarnation_partition
    ADD CONSTRAINT incarnation_partition_pkey PRIMARY KEY (partition);
ALTER TABLE ONLY public.incarnation
    ADD CONSTRAINT incarnation_pkey PRIMARY KEY (only_one);
ALTER TABLE ONLY public.last_decision
    ADD CONSTRAINT last_decision_pkey PRIMARY KEY (partition);
ALTER TABLE ONLY public.migration
    ADD CONSTRAINT migration_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (topic, partition, first);
ALTER TABLE ONLY public.outcome_count
    ADD CONSTRAINT outcome_count_pkey PRIMARY KEY (partition, outcome, reason);
ALTER TABLE ONLY public.outgoing_sequence
    ADD CONSTRAINT outgoing_sequence_pkey PRIMARY KEY (topic, partition);
ALTER TABLE ONLY public.partition_count
    ADD CONSTRAINT partition_count_pkey PRIMARY KEY (only_one);
ALTER TABLE ONLY public.patient
    ADD CONSTRAINT patient_pkey PRIMARY KEY (nhs_number);
ALTER TABLE ONLY public.pointer
    ADD CONSTRAINT pointer_pkey PRIMARY KEY (nhs_number, target, entry_id);
ALTER TABLE ONLY public.proxy_decision
    ADD CONSTRAINT proxy_decision_pkey PRIMARY KEY (nhs_number, entry_id, audience);
ALTER TABLE ONLY public.quarantine_action
    ADD CONSTRAINT quarantine_action_pkey PRIMARY KEY (action_id);
ALTER TABLE ONLY public.quarantine
    ADD CONSTRAINT quarantine_pkey PRIMARY KEY (topic, partition, record_offset);
ALTER TABLE ONLY public.quarantine_repair
    ADD CONSTRAINT quarantine_repair_pkey PRIMARY KEY (repair_id);
ALTER TABLE ONLY public.reached
    ADD CONSTRAINT reached_pkey PRIMARY KEY (nhs_number, audience, entry_id);
ALTER TABLE ONLY public.redecision
    ADD CONSTRAINT redecision_pkey PRIMARY KEY (nhs_number);
ALTER TABLE ONLY public.rehearsal
    ADD CONSTRAINT rehearsal_pkey PRIMARY KEY (rehearsal_id);
ALTER TABLE ONLY public.root
    ADD CONSTRAINT root_pkey PRIMARY KEY (nhs_number, audience, entry_id);
ALTER TABLE ONLY public.rule_application
    ADD CONSTRAINT rule_application_pkey PRIMARY KEY (generation, partition);
ALTER TABLE ONLY public.service_key
    ADD CONSTRAINT service_key_pkey PRIMARY KEY (service_key_id);
ALTER TABLE ONLY public.service_key_retirement
    ADD CONSTRAINT service_key_retirement_pkey PRIMARY KEY (service_key_id);
ALTER TABLE ONLY public.signed_approval
    ADD CONSTRAINT signed_approval_pkey PRIMARY KEY (approval_id);
ALTER TABLE ONLY public.snapshot
    ADD CONSTRAINT snapshot_pkey PRIMARY KEY (nhs_number, practice, system);
ALTER TABLE ONLY public.source_position
    ADD CONSTRAINT source_position_pkey PRIMARY KEY (topic, partition);

CREATE INDEX approval_rehearsal ON public.approval USING btree (rehearsal_id, approver, approval_id);

CREATE INDEX entry_may_defer ON public.entry USING btree (nhs_number) WHERE may_defer;

CREATE INDEX former_decision_entry ON public.former_decision USING btree (nhs_number, entry_id);

CREATE INDEX patient_due ON public.patient USING btree (due_at) WHERE (due_at IS NOT NULL);

CREATE INDEX patient_partition ON public.patient USING btree (partition, nhs_number);

CREATE INDEX pointer_entry ON public.pointer USING btree (nhs_number, entry_id);

CREATE INDEX quarantine_action_record ON public.quarantine_action USING btree (topic, partition, record_offset, action_id);

CREATE INDEX quarantine_repair_record ON public.quarantine_repair USING btree (topic, partition, record_offset, repair_id);

CREATE INDEX redecision_partition ON public.redecision USING btree (partition, nhs_number);

CREATE INDEX service_key_id ON public.service_key USING btree (key_id);

CREATE INDEX signed_approval_rehearsal ON public.signed_approval USING btree (rehearsal_id, approver, approval_id);

CREATE TRIGGER entry_keeps_former_decision AFTER UPDATE ON public.entry FOR EACH ROW WHEN ((((((((old.digest IS DISTINCT FROM new.digest) OR (old.outcome IS DISTINCT FROM new.outcome)) OR (old.headline IS DISTINCT FROM new.headline)) OR (old.reasons IS DISTINCT FROM new.reasons)) OR (old.decided_under IS DISTINCT FROM new.decided_under)) OR (old.decided_at IS DISTINCT FROM new.decided_at)) OR (old.decided_in IS DISTINCT FROM new.decided_in))) EXECUTE FUNCTION public.keep_former_decision('self');

CREATE TRIGGER proxy_keeps_former_decision AFTER UPDATE ON public.proxy_decision FOR EACH ROW WHEN ((((((((old.digest IS DISTINCT FROM new.digest) OR (old.outcome IS DISTINCT FROM new.outcome)) OR (old.headline IS DISTINCT FROM new.headline)) OR (old.reasons IS DISTINCT FROM new.reasons)) OR (old.decided_under IS DISTINCT FROM new.decided_under)) OR (old.decided_at IS DISTINCT FROM new.decided_at)) OR (old.decided_in IS DISTINCT FROM new.decided_in))) EXECUTE FUNCTION public.keep_former_decision('');
ALTER TABLE ONLY public.activation
    ADD CONSTRAINT activation_approver_change_fkey FOREIGN KEY (approver_change) REFERENCES public.approver_change(change);
ALTER TABLE ONLY public.activation
    ADD CONSTRAINT activation_rehearsal_id_fkey FOREIGN KEY (rehearsal_id) REFERENCES public.rehearsal(rehearsal_id);
ALTER TABLE ONLY public.approval
    ADD CONSTRAINT approval_rehearsal_id_fkey FOREIGN KEY (rehearsal_id) REFERENCES public.rehearsal(rehearsal_id);
ALTER TABLE ONLY public.quarantine_action
    ADD CONSTRAINT quarantine_action_topic_partition_record_offset_fkey FOREIGN KEY (topic, partition, record_offset) REFERENCES public.quarantine(topic, partition, record_offset);
ALTER TABLE ONLY public.quarantine_repair
    ADD CONSTRAINT quarantine_repair_topic_partition_record_offset_fkey FOREIGN KEY (topic, partition, record_offset) REFERENCES public.quarantine(topic, partition, record_offset);
ALTER TABLE ONLY public.service_key_retirement
    ADD CONSTRAINT service_key_retirement_service_key_id_fkey FOREIGN KEY (service_key_id) REFERENCES public.service_key(service_key_id);
ALTER TABLE ONLY public.signed_approval
    ADD CONSTRAINT signed_approval_rehearsal_id_fkey FOREIGN KEY (rehearsal_id) REFERENCES public.rehearsal(rehearsal_id);
REVOKE USAGE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO decider;
GRANT USAGE ON SCHEMA public TO ledger_reader;
GRANT USAGE ON SCHEMA public TO rule_keeper;
GRANT USAGE ON SCHEMA public TO quarantine_keeper;
GRANT USAGE ON SCHEMA public TO service_keeper;
GRANT USAGE ON SCHEMA public TO metrics;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.account TO decider;
GRANT SELECT ON TABLE public.account TO ledger_reader;
GRANT SELECT ON TABLE public.account TO metrics;
GRANT SELECT,INSERT ON TABLE public.activation TO rule_keeper;
GRANT SELECT ON TABLE public.activation TO ledger_reader;
GRANT SELECT ON TABLE public.activation TO decider;
GRANT SELECT,INSERT ON TABLE public.active_ruleset TO decider;
GRANT SELECT ON TABLE public.active_ruleset TO ledger_reader;
GRANT SELECT,UPDATE ON TABLE public.active_ruleset TO rule_keeper;
GRANT UPDATE(only_one) ON TABLE public.active_ruleset TO decider;
GRANT SELECT,INSERT ON TABLE public.approval TO rule_keeper;
GRANT SELECT ON TABLE public.approval TO ledger_reader;
GRANT SELECT,INSERT ON TABLE public.approver_change TO rule_keeper;
GRANT SELECT ON TABLE public.approver_change TO ledger_reader;
GRANT SELECT ON TABLE public.approver TO ledger_reader;
GRANT SELECT ON TABLE public.approver TO rule_keeper;
GRANT SELECT,INSERT,UPDATE ON TABLE public.clock_accepted TO decider;
GRANT SELECT ON TABLE public.clock_accepted TO ledger_reader;
GRANT SELECT,INSERT,UPDATE ON TABLE public.entry TO decider;
GRANT SELECT ON TABLE public.entry TO ledger_reader;
GRANT SELECT,INSERT,UPDATE ON TABLE public.proxy_decision TO decider;
GRANT SELECT ON TABLE public.proxy_decision TO ledger_reader;
GRANT SELECT ON TABLE public.ruleset_generation TO decider;
GRANT SELECT ON TABLE public.ruleset_generation TO ledger_reader;
GRANT SELECT ON TABLE public.current_decision TO decider;
GRANT SELECT ON TABLE public.current_decision TO ledger_reader;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.current_task TO decider;
GRANT SELECT ON TABLE public.current_task TO ledger_reader;
GRANT SELECT ON TABLE public.former_decision TO decider;
GRANT SELECT ON TABLE public.former_decision TO ledger_reader;
GRANT SELECT ON TABLE public.decision TO decider;
GRANT SELECT ON TABLE public.decision TO ledger_reader;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.entry_mark TO decider;
GRANT SELECT ON TABLE public.entry_mark TO ledger_reader;
GRANT SELECT,INSERT,UPDATE ON TABLE public.incarnation TO decider;
GRANT SELECT ON TABLE public.incarnation TO ledger_reader;
GRANT SELECT,INSERT,UPDATE ON TABLE public.incarnation_partition TO decider;
GRANT SELECT ON TABLE public.incarnation_partition TO ledger_reader;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.last_decision TO decider;
GRANT SELECT ON TABLE public.last_decision TO ledger_reader;
GRANT SELECT,INSERT,DELETE ON TABLE public.outbox TO decider;
GRANT SELECT ON TABLE public.outbox TO ledger_reader;
GRANT SELECT,INSERT,UPDATE ON TABLE public.outcome_count TO decider;
GRANT SELECT ON TABLE public.outcome_count TO ledger_reader;
GRANT SELECT ON TABLE public.outcome_count TO metrics;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.outgoing_sequence TO decider;
GRANT SELECT ON TABLE public.outgoing_sequence TO ledger_reader;
GRANT SELECT ON TABLE public.outgoing_sequence TO metrics;
GRANT SELECT,INSERT ON TABLE public.partition_count TO decider;
GRANT SELECT ON TABLE public.partition_count TO ledger_reader;
GRANT SELECT ON TABLE public.partition_count TO quarantine_keeper;
GRANT SELECT ON TABLE public.partition_count TO metrics;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.patient TO decider;
GRANT SELECT ON TABLE public.patient TO ledger_reader;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.pointer TO decider;
GRANT SELECT ON TABLE public.pointer TO ledger_reader;
GRANT SELECT ON TABLE public.quarantine TO decider;
GRANT SELECT ON TABLE public.quarantine TO ledger_reader;
GRANT SELECT ON TABLE public.quarantine TO quarantine_keeper;
GRANT INSERT(topic) ON TABLE public.quarantine TO decider;
GRANT SELECT(topic) ON TABLE public.quarantine TO metrics;
GRANT INSERT(partition) ON TABLE public.quarantine TO decider;
GRANT SELECT(partition) ON TABLE public.quarantine TO metrics;
GRANT INSERT(record_offset) ON TABLE public.quarantine TO decider;
GRANT SELECT(record_offset) ON TABLE public.quarantine TO metrics;
GRANT INSERT(error) ON TABLE public.quarantine TO decider;
GRANT SELECT(error) ON TABLE public.quarantine TO metrics;
GRANT INSERT(quarantined_at) ON TABLE public.quarantine TO decider;
GRANT SELECT(quarantined_at) ON TABLE public.quarantine TO metrics;
GRANT INSERT(sealed_key) ON TABLE public.quarantine TO decider;
GRANT INSERT(sealed_value) ON TABLE public.quarantine TO decider;
GRANT SELECT ON TABLE public.quarantine_action TO ledger_reader;
GRANT SELECT,INSERT ON TABLE public.quarantine_action TO quarantine_keeper;
GRANT SELECT,INSERT ON TABLE public.quarantine_repair TO quarantine_keeper;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.reached TO decider;
GRANT SELECT ON TABLE public.reached TO ledger_reader;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.redecision TO decider;
GRANT SELECT ON TABLE public.redecision TO ledger_reader;
GRANT SELECT(partition) ON TABLE public.redecision TO metrics;
GRANT SELECT,INSERT ON TABLE public.rehearsal TO rule_keeper;
GRANT SELECT ON TABLE public.rehearsal TO ledger_reader;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.root TO decider;
GRANT SELECT ON TABLE public.root TO ledger_reader;
GRANT SELECT,UPDATE ON TABLE public.rule_application TO decider;
GRANT SELECT ON TABLE public.rule_application TO ledger_reader;
GRANT SELECT,INSERT ON TABLE public.rule_application TO rule_keeper;
GRANT SELECT ON TABLE public.rule_patients_waiting TO metrics;
GRANT SELECT ON TABLE public.rule_patients_waiting TO ledger_reader;
GRANT SELECT ON TABLE public.rule_patients_waiting TO rule_keeper;
GRANT SELECT ON TABLE public.rule_patients_waiting TO decider;
GRANT SELECT,INSERT ON TABLE public.service_key TO service_keeper;
GRANT SELECT ON TABLE public.service_key TO decider;
GRANT SELECT ON TABLE public.service_key TO ledger_reader;
GRANT SELECT,INSERT ON TABLE public.service_key_retirement TO service_keeper;
GRANT SELECT ON TABLE public.service_key_retirement TO decider;
GRANT SELECT ON TABLE public.service_key_retirement TO ledger_reader;
GRANT SELECT,INSERT ON TABLE public.signed_approval TO rule_keeper;
GRANT SELECT ON TABLE public.signed_approval TO ledger_reader;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.snapshot TO decider;
GRANT SELECT ON TABLE public.snapshot TO ledger_reader;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.source_position TO decider;
GRANT SELECT ON TABLE public.source_position TO ledger_reader;
GRANT SELECT ON TABLE public.source_position TO rule_keeper;
GRANT SELECT ON TABLE public.source_position TO metrics;
