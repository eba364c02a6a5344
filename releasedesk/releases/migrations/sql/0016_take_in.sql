-- What arrives all day long, taken in by the database itself (docs/decisions/0019): a deployment that is later than
-- all its place has heard of, and goes forward. Everything else is left to the actions, which know what to say.
--
-- A statement in a function is planned once a connection, and on a new desk while the tables are nearly empty: then
-- reading all of a table looks cheapest, and stays the plan when there are thousands of rows. Hence `enable_seqscan`.

-- Store a release alone. Answers its id.
CREATE FUNCTION releases_put(
    service bigint, name text, sha text, files text[], label text, moment timestamptz
) RETURNS bigint LANGUAGE sql AS $$
    INSERT INTO releases_release (
        service_id, version, reported_commit, files_touched, created_by, created_at, updated_at,
        title, reason, change, expected_result, rollback_note, route, expected_input, slow_part, users_notice,
        assumptions, commit, tagged_commit, planned_by, irreversible, revision
    ) VALUES (
        service, name, sha, files, label, moment, moment, '', '', '', '', '', '', '', '', '', '', '', '', '', false, 1
    ) RETURNING id
$$;

-- Give new releases what they begin with: the checklists that count for them, and their services' standing plans.
CREATE FUNCTION releases_furnish(fresh bigint[], label text, moment timestamptz) RETURNS void
LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    -- Of two lines with one key the nearer one counts, as `Template.objects.effective` says it of one service.
    INSERT INTO checklists_item (
        release_id, list, key, label, help, link, position, required, tier,
        outcome, evidence, reason, decided_by, decided_source, decided_key
    )
    SELECT
        release.id, line.list, line.key, line.label, line.help, line.link, line.position, line.required, line.tier,
        'open', '', '', '', '', ''
    FROM releases_release release
    JOIN catalog_service service ON service.id = release.service_id
    CROSS JOIN LATERAL (
        SELECT DISTINCT ON (template.key) template.*
        FROM checklists_template template
        WHERE template.service_id = service.id
        OR template.service_id IS NULL AND (template.team_id IS NULL OR template.team_id = service.team_id)
        ORDER BY template.key, template.service_id NULLS LAST, template.team_id NULLS LAST
    ) AS line
    WHERE release.id = ANY (fresh) AND NOT line.left_out;
    IF NOT EXISTS (
        SELECT FROM rollbacks_plan plan JOIN releases_release release USING (service_id)
        WHERE plan.release_id IS NULL AND release.id = ANY (fresh)
    ) THEN
        RETURN;
    END IF;
    WITH standing AS (
        SELECT DISTINCT ON (release.id) release.id AS fresh_id, plan.*
        FROM releases_release release
        JOIN rollbacks_plan plan ON plan.service_id = release.service_id AND plan.release_id IS NULL
        WHERE release.id = ANY (fresh)
        ORDER BY release.id, plan.version DESC
    ), copied AS (
        INSERT INTO rollbacks_plan (
            service_id, release_id, version, created_by, created_at,
            digest, data, data_note, triggers, owner_id, stand_in_id
        )
        SELECT
            service_id, fresh_id, 1, label, moment, digest, data, data_note, triggers, owner_id, stand_in_id
        FROM standing RETURNING id, release_id
    )
    INSERT INTO rollbacks_step (plan_id, position, instruction, command, expected, check_text, seconds, irreversible)
    SELECT
        copied.id, step.position, step.instruction, step.command, step.expected, step.check_text, step.seconds,
        step.irreversible
    FROM copied
    JOIN standing ON standing.fresh_id = copied.release_id
    JOIN rollbacks_step step ON step.plan_id = standing.id;
END $$;

-- Store a release with all it begins with. Answers its id.
CREATE FUNCTION releases_register(
    service bigint, name text, sha text, files text[], label text, moment timestamptz
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    release bigint := releases_put(service, name, sha, files, label, moment);
BEGIN
    PERFORM releases_furnish(ARRAY[release], label, moment);
    RETURN release;
END $$;

-- How the place of a fact stands, as far as a later fact can touch it. All of it is asked at once, and as a part of the
-- statement that asks, for the start of a statement costs more than these answers.
CREATE TYPE releases_stand AS (
    is_late boolean,  -- something later is known of the place
    live bigint,
    came_back boolean,  -- what is live came by a rollback
    was_live boolean,  -- the fact's release has succeeded here before
    opened releases_deployment  -- what the fact ends: what its run began with its release, its run, its release
);
CREATE FUNCTION releases_stands(
    service bigint, environment bigint, release bigint,
    kind text, moment timestamptz, source text, key text, run text
) RETURNS SETOF releases_stand LANGUAGE sql STABLE AS $$
    SELECT
        EXISTS (
            SELECT FROM releases_deploymentfact fact
            WHERE fact.service_id = service AND fact.environment_id = environment AND fact.occurred_at >= moment
            AND (fact.occurred_at, fact.kind <> 'started', fact.source, fact.key)
                > (moment, releases_stands.kind <> 'started', releases_stands.source, releases_stands.key)
        ),
        (
            SELECT live.release_id FROM releases_live live
            WHERE live.service_id = service AND live.environment_id = environment
        ),
        'rollback' = (
            SELECT deployment.mode FROM releases_deployment deployment
            WHERE deployment.service_id = service AND deployment.environment_id = environment
            AND deployment.mode IN ('forward', 'rollback')
            ORDER BY deployment.at DESC, deployment.mode DESC LIMIT 1
        ),
        EXISTS (
            SELECT FROM releases_standing standing
            WHERE standing.release_id = release AND standing.environment_id = environment
        ),
        (
            SELECT deployment
            FROM releases_deployment deployment JOIN releases_deploymentfact fact ON fact.id = deployment.start_id
            WHERE releases_stands.kind <> 'started'
            AND deployment.service_id = service AND deployment.environment_id = environment
            AND deployment.finish_id IS NULL AND deployment.at >= moment - interval '24 hours'
            AND (deployment.release_id = release OR releases_stands.run <> '' AND fact.run = releases_stands.run)
            ORDER BY
                releases_stands.run = '' OR fact.run <> releases_stands.run OR deployment.release_id IS DISTINCT FROM release,
                releases_stands.run = '' OR fact.run <> releases_stands.run,
                fact.occurred_at DESC, fact.source DESC, fact.key DESC
            LIMIT 1
        )
$$;

-- Whether a fact, stored or about to be, can be folded without looking at all the others of its place: it is later
-- than they are, nothing was rolled back last, and it makes live what was never live before, or what is.
CREATE FUNCTION releases_goes_on(kind text, release bigint, stand releases_stand) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT NOT stand.is_late AND (
        stand.live IS NULL OR stand.came_back IS NOT TRUE AND (
            kind <> 'succeeded' OR NOT stand.was_live OR release = stand.live
        )
    )
$$;

-- What a fact that goes on begins or ends, as it will be stored: `history.Fold.add` for the last of all facts.
CREATE FUNCTION releases_attempt(one releases_deploymentfact, stand releases_stand) RETURNS releases_deployment
LANGUAGE plpgsql AS $$
DECLARE
    attempt releases_deployment := stand.opened;
BEGIN
    IF attempt.id IS NULL THEN
        attempt.id := nextval('releases_deployment_id_seq');
        attempt.service_id := one.service_id;
        attempt.environment_id := one.environment_id;
    END IF;
    attempt.release_id := one.release_id;
    attempt.status := one.kind;
    attempt.mode := '';
    attempt.at := one.occurred_at;
    IF one.kind = 'started' THEN
        attempt.start_id := one.id;
        attempt.started_at := one.occurred_at;
        RETURN attempt;
    END IF;
    attempt.finish_id := one.id;
    attempt.finished_at := one.occurred_at;
    IF one.kind = 'succeeded' THEN
        attempt.mode := CASE WHEN stand.live = one.release_id THEN 'redeploy' ELSE 'forward' END;
        attempt.replaced_id := stand.live;
    END IF;
    RETURN attempt;
END $$;

-- Store what facts have begun or ended, with what follows of it, each of another place.
CREATE FUNCTION releases_go_on(attempts releases_deployment[], is_shipped boolean) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO releases_deployment SELECT * FROM unnest(attempts)
    ON CONFLICT (id) DO UPDATE SET (release_id, status, mode, finish_id, finished_at, at, replaced_id) = (
        excluded.release_id, excluded.status, excluded.mode, excluded.finish_id, excluded.finished_at, excluded.at,
        excluded.replaced_id
    );
    IF is_shipped THEN
        WITH shipped AS (
            SELECT * FROM unnest(attempts) WHERE status = 'succeeded'
        ), ranked AS (
            INSERT INTO releases_standing (service_id, release_id, environment_id, first_id, first_at, last_at)
            SELECT service_id, release_id, environment_id, finish_id, at, at FROM shipped
            ON CONFLICT (release_id, environment_id) DO UPDATE
            SET (last_at, rolled_back_by_id, rolled_back_at) = (excluded.last_at, NULL, NULL)
        )
        INSERT INTO releases_live (service_id, environment_id, release_id, deployment_id, since)
        SELECT service_id, environment_id, release_id, id, at FROM shipped
        ON CONFLICT (service_id, environment_id) DO UPDATE
        SET (release_id, deployment_id, since) = (excluded.release_id, excluded.deployment_id, excluded.since);
    END IF;
END $$;

-- Fold a stored fact, where it goes on; no row where its place has to be folded anew.
CREATE FUNCTION releases_fold_in(fact_id bigint) RETURNS SETOF releases_deployment
LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    one releases_deploymentfact;
    stand releases_stand;
    attempt releases_deployment;
BEGIN
    SELECT * INTO STRICT one FROM releases_deploymentfact WHERE id = fact_id;
    SELECT * INTO STRICT stand FROM releases_stands(
        one.service_id, one.environment_id, one.release_id, one.kind, one.occurred_at, one.source, one.key, one.run
    );
    IF releases_goes_on(one.kind, one.release_id, stand) THEN
        attempt := releases_attempt(one, stand);
        PERFORM releases_go_on(ARRAY[attempt], one.kind = 'succeeded');
        RETURN NEXT attempt;
    END IF;
END $$;

-- See to it that what these services shipped is judged. One waiting job a service is enough, and procrastinate's own
-- way to say so would break the transaction. The caller holds the services, so nobody else enqueues one meanwhile.
CREATE FUNCTION releases_wake(services bigint[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    service bigint;
    name text;
BEGIN
    FOREACH service IN ARRAY services LOOP
        name := 'judge_passages ' || service;
        CONTINUE WHEN EXISTS (SELECT FROM procrastinate_jobs WHERE queueing_lock = name AND status = 'todo');
        PERFORM procrastinate_defer_jobs_v1(ARRAY[
            ROW('default', 'judge_passages', 0, name, name, jsonb_build_object('service_id', service), NULL)
            ::procrastinate_job_to_defer_v1
        ]);
    END LOOP;
END $$;

-- The lock that stands for a sender's key: who claims it waits for it, who only asks goes another way.
CREATE FUNCTION deliveries_key(team bigint, source text, key text) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT hashtextextended(team || ' ' || source || ' ' || key, 0)
$$;

-- A time as the answers write it: ISO 8601, UTC, microseconds where there are any.
CREATE FUNCTION releases_written(moment timestamptz) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT replace(to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), '.000000', '') || 'Z'
$$;

-- What became of a deployment, as the answers tell it.
CREATE FUNCTION releases_outcome(attempt releases_deployment, moment timestamptz) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'id', attempt.id,
        'status', CASE
            WHEN attempt.status = 'started' AND moment - attempt.started_at > interval '60 minutes'
            THEN 'lost' ELSE attempt.status
        END,
        'mode', nullif(attempt.mode, ''),
        'started_at', releases_written(attempt.started_at),
        'finished_at', releases_written(attempt.finished_at)
    )
$$;

-- A message as the door tells it, and what it is here.
CREATE TYPE releases_told AS (
    number integer, source text, key text, type text, body jsonb, headers jsonb, digest text, service text,
    environment text, kind text, version text, occurred_at timestamptz, run text, commit text, command text,
    url text, files text[], changes jsonb,
    service_id bigint, environment_id bigint, release_id bigint, fact_id bigint, answer jsonb
);

-- Store messages that are plain, each of another service, with what follows of them.
CREATE FUNCTION releases_store(
    going releases_told[], attempts releases_deployment[], fresh bigint[], is_shipped boolean,
    team bigint, label text, moment timestamptz
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF fresh <> '{}' THEN
        PERFORM releases_furnish(fresh, label, moment);
    END IF;
    INSERT INTO releases_deploymentfact (
        id, service_id, environment_id, release_id, kind, occurred_at, source, key, run, commit, command, url, actor,
        received_at
    )
    SELECT
        fact_id, service_id, environment_id, release_id, kind, occurred_at, source, key, run, commit, command, url,
        label, moment
    FROM unnest(going);
    IF attempts <> '{}' THEN
        PERFORM releases_go_on(attempts, is_shipped);
    END IF;
    INSERT INTO deliveries_delivery (
        team_id, source, key, type, service_id, body, headers, sealed, digest, outcome, answer, actor, received_at,
        waits_for, waits_name
    )
    SELECT
        team, source, key, type, service_id, body, headers, '', decode(digest, 'hex'), 'applied', answer, label,
        moment, '', ''
    FROM unnest(going);
END $$;

-- Take in those of the messages that are plain, in the order in which it all happened, and answer them by number.
-- `told` is a list of objects with the columns named below, `slugs` are the services they name. A message without an
-- answer is left as it was.
--
-- Plain is what goes on. A caller that `folds` has more taken in: facts that do not go on are stored, and it has to fold
-- their places anew (`unfolded`) and to complete their answers (`releases_complete`); and it has to give the releases
-- that got to know their commits what is known of those (`learnt`). All in the same transaction.
CREATE FUNCTION releases_take_in(
    token_id text, label text, moment timestamptz, slugs text[], told jsonb, folds boolean
)
RETURNS TABLE (number integer, answer jsonb, unfolded bigint, learnt bigint)
LANGUAGE plpgsql SET enable_seqscan = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    team bigint;
    held text[];
    held_ids bigint[];
    one releases_told;
    known record;
    fact releases_deploymentfact;
    attempt releases_deployment;
    is_news boolean;
    learns boolean;
    goes_on boolean;
    -- What is stored together next, and of which services.
    going releases_told[] := '{}';
    attempts releases_deployment[] := '{}';
    services bigint[] := '{}';
    fresh bigint[] := '{}';  -- releases
    is_shipped boolean := false;
    -- Of all that is told.
    touched bigint[] := '{}';
    shipped bigint[] := '{}';
    anew text[] := '{}';  -- the places to fold anew
BEGIN
    -- Who sends may have been remembered: whether they still may is asked here. The services are held in the order of
    -- their slugs, so that nobody waits in a circle. Compared by `=`, a new desk would read all services of the team.
    SELECT min(mine.team_id), array_agg(mine.slug), array_agg(mine.id) INTO team, held, held_ids
    FROM (
        SELECT service.team_id, service.slug::text, service.id
        FROM catalog_service service
        JOIN catalog_token token ON token.id = token_id AND token.team_id IS NOT DISTINCT FROM service.team_id
        WHERE service.slug = ANY (slugs)
        AND (token.service_id IS NULL OR token.service_id = service.id)
        AND token.revoked_at IS NULL AND (token.expires_at IS NULL OR token.expires_at > moment)
        AND 'events:write' = ANY (token.scopes)
        ORDER BY service.slug FOR NO KEY UPDATE OF service
    ) AS mine;
    IF held IS NULL THEN
        RETURN;
    END IF;
    FOR one IN
        SELECT event.*, held_ids[array_position(held, event.service)], environment.id, NULL, NULL, NULL
        FROM jsonb_to_recordset(told) AS event(
            number integer, source text, key text, type text, body jsonb, headers jsonb, digest text, service text,
            environment text, kind text, version text, occurred_at timestamptz, run text, commit text, command text,
            url text, files text[], changes jsonb
        )
        JOIN catalog_environment environment ON environment.name = event.environment
        WHERE event.service = ANY (held)
        ORDER BY event.occurred_at, event.kind <> 'started', event.source COLLATE "C", event.key COLLATE "C"
    LOOP
        -- What happened to one service is told one after the other.
        IF one.service_id = ANY (services) THEN
            PERFORM releases_store(going, attempts, fresh, is_shipped, team, label, moment);
            going := '{}';
            attempts := '{}';
            services := '{}';
            fresh := '{}';
            is_shipped := false;
        END IF;
        -- Who claims a key waits for it and then for the service. Here the service is held, so nobody waits for keys.
        CONTINUE WHEN NOT pg_try_advisory_xact_lock(deliveries_key(team, one.source, one.key));
        SELECT
            release.id, release.reported_commit, release.files_touched, its AS stand,
            EXISTS (
                SELECT FROM deliveries_delivery delivery
                WHERE delivery.team_id = team AND delivery.source = one.source AND delivery.key = one.key
                AND delivery.outcome <> 'rejected'
            ) AS is_taken
        INTO known
        FROM (VALUES (one.service_id, one.version)) AS named(service_id, version)
        LEFT JOIN releases_release release USING (service_id, version)
        CROSS JOIN LATERAL releases_stands(
            one.service_id, one.environment_id, release.id, one.kind, one.occurred_at, one.source, one.key, one.run
        ) AS its;
        CONTINUE WHEN known.is_taken;
        is_news := one.commit <> '' AND one.commit IS DISTINCT FROM known.reported_commit;
        IF is_news THEN
            is_news := known.id IS NULL OR NOT EXISTS (
                SELECT FROM releases_deploymentfact later
                WHERE later.release_id = known.id AND later.commit <> ''
                AND (later.occurred_at, later.source, later.key) > (one.occurred_at, one.source COLLATE "C", one.key COLLATE "C")
            );
        END IF;
        -- What is known of commits has to be shared out (actions/commits.py).
        learns := is_news AND (
            EXISTS (SELECT FROM releases_commit WHERE service_id = one.service_id)
            OR EXISTS (SELECT FROM releases_commitcheck WHERE service_id = one.service_id)
        );
        CONTINUE WHEN learns AND NOT folds;
        goes_on := releases_goes_on(one.kind, known.id, known.stand);
        IF folds THEN  -- what was folded of a place counts no more once something has come that does not go on
            IF anew <> '{}' THEN
                goes_on := goes_on AND one.service_id || ' ' || one.environment_id <> ALL (anew);
            END IF;
            IF NOT goes_on THEN
                anew := anew || (one.service_id || ' ' || one.environment_id);
            END IF;
        END IF;
        CONTINUE WHEN NOT goes_on AND NOT folds;
        one.release_id := known.id;
        IF known.id IS NULL THEN
            one.release_id := releases_put(
                one.service_id, one.version, one.commit, one.files, label, moment
            );
            fresh := fresh || one.release_id;
        ELSIF is_news OR NOT one.files <@ known.files_touched::text[] THEN
            UPDATE releases_release
            SET reported_commit = CASE WHEN is_news THEN one.commit ELSE reported_commit END,
                files_touched = ARRAY (
                    SELECT DISTINCT file COLLATE "C" FROM unnest(files_touched || one.files) AS file ORDER BY 1
                )
            WHERE id = known.id;
        END IF;
        IF jsonb_array_length(one.changes) > 0 THEN
            -- What a push brought is told now (actions/releases.add_changes).
            DELETE FROM releases_change change USING jsonb_to_recordset(one.changes) AS told(sha text)
            WHERE change.release_id = one.release_id AND change.shared AND starts_with(change.sha, told.sha);
            INSERT INTO releases_change (release_id, sha, subject, author, committed_at, shared)
            SELECT one.release_id, change.sha, change.subject, change.author, change.committed_at, false
            FROM jsonb_to_recordset(one.changes) AS change(
                sha text, subject text, author text, committed_at timestamptz
            )
            ON CONFLICT DO NOTHING;
        END IF;
        one.fact_id := nextval('releases_deploymentfact_id_seq');
        attempt := NULL;
        IF goes_on THEN
            fact := NULL;
            fact.id := one.fact_id;
            fact.service_id := one.service_id;
            fact.environment_id := one.environment_id;
            fact.release_id := one.release_id;
            fact.kind := one.kind;
            fact.occurred_at := one.occurred_at;
            attempt := releases_attempt(fact, known.stand);
            attempts := attempts || attempt;
            is_shipped := is_shipped OR one.kind = 'succeeded';
        END IF;
        number := one.number;
        answer := jsonb_build_object(
            'id', one.key,
            'outcome', 'applied',
            'service', one.service,
            'environment', one.environment,
            'version', one.version,
            'release_url', '/services/' || one.service || '/releases/' || one.version || '/',
            'deployment', CASE WHEN goes_on THEN releases_outcome(attempt, moment) END
        );
        unfolded := CASE WHEN NOT goes_on THEN one.fact_id END;
        learnt := CASE WHEN learns THEN one.release_id END;
        RETURN NEXT;
        one.answer := answer;
        going := going || one;
        services := services || one.service_id;
        touched := touched || one.service_id;
        IF one.kind = 'succeeded' THEN
            shipped := shipped || one.service_id;
        END IF;
    END LOOP;
    IF services <> '{}' THEN
        PERFORM releases_store(going, attempts, fresh, is_shipped, team, label, moment);
    END IF;
    IF touched <> '{}' THEN
        UPDATE catalog_service SET revision = revision + 1 WHERE id = ANY (touched);
    END IF;
    IF shipped <> '{}' THEN
        PERFORM releases_wake(shipped);
    END IF;
END $$;

-- Complete the answers to facts whose places have been folded anew since they were taken in.
CREATE FUNCTION releases_complete(facts bigint[], moment timestamptz) RETURNS TABLE (fact_id bigint, answer jsonb)
LANGUAGE sql SET enable_seqscan = off AS $$
    UPDATE deliveries_delivery delivery
    SET answer = delivery.answer || jsonb_build_object('deployment', releases_outcome(its.deployment, moment))
    FROM (
        SELECT fact.id, service.team_id, fact.source, fact.key, of.deployment
        FROM releases_deploymentfact fact
        JOIN catalog_service service ON service.id = fact.service_id
        CROSS JOIN LATERAL (
            SELECT deployment FROM releases_deployment deployment WHERE start_id = fact.id
            UNION ALL
            SELECT deployment FROM releases_deployment deployment WHERE finish_id = fact.id
        ) AS of
        WHERE fact.id = ANY (facts)
    ) AS its
    WHERE delivery.team_id = its.team_id AND delivery.source = its.source AND delivery.key = its.key
    AND delivery.outcome = 'applied'
    RETURNING its.id, delivery.answer
$$;
