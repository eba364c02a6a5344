"""The question the rows of the board are made of, in SQL: prepared once a connection, one row a place.

Values stand as `(SELECT %(…)s)`, where the planner does not see them. To plan takes six times what one row
takes to read; after five times PostgreSQL keeps a plan, but only one that seems as good as any for values.

Each part of a place reads a few rows by an index, however long the history is: two years of daily releases
cost what two weeks do. What comes as JSON comes as arrays, in the order in which `board_reading` takes them
apart; what is stored as jsonb is read as json, for Django leaves jsonb as text.
"""

# What production has since: a release that came here before that does not wait for it.
_SHIPPED = """
    SELECT min(coalesce(here.first_at, up.since))
    FROM releases_live up
    JOIN catalog_environment there ON there.id = up.environment_id AND there.tier = 'production'
    LEFT JOIN releases_standing here
    ON here.release_id = up.release_id AND here.environment_id = place.environment
    WHERE up.service_id = place.service
    AND up.environment_id = ANY((SELECT %(environments)s::bigint[])::bigint[])
"""

# The newest that stood here, and the newest numbers of each after shipping: on the route its plan names, else
# on any.
_STOOD = """
    SELECT json_agg(json_build_array(
        release.version, one.first_at, one.source, one.key, one.marked, release.irreversible,
        EXISTS (
            SELECT FROM measurements_comparison judged
            WHERE judged.release_id = one.release_id AND judged.environment_id = place.environment
            AND judged.is_current AND judged.verdict = 'suspect'
        ),
        (
            SELECT json_build_array(
                after.summary #> '{response_ms,p95}', after.summary -> 'response_ms_p95'
            )
            FROM measurements_snapshot after
            WHERE after.release_id = one.release_id AND after.environment_id = place.environment
            AND after.phase = 'after'
            ORDER BY after.route = release.route DESC, after.taken_until DESC, after.id DESC LIMIT 1
        )
    ) ORDER BY one.first_at DESC, one.source DESC, one.key DESC)
    FROM (
        SELECT standing.release_id, standing.first_at, first.source, first.key,
            standing.rolled_back_by_id IS NOT NULL AS marked
        FROM releases_standing standing
        JOIN releases_deploymentfact first ON first.id = standing.first_id
        WHERE standing.service_id = place.service AND standing.environment_id = place.environment
        ORDER BY standing.first_at DESC, first.source DESC, first.key DESC LIMIT (SELECT %(newest)s::int)
    ) one
    -- OFFSET 0 keeps the planner from reading all releases for each dozen of them
    CROSS JOIN LATERAL (SELECT * FROM releases_release WHERE id = one.release_id OFFSET 0) release
"""

_CANDIDATES = f"""
    SELECT json_agg(json_build_array(
        one.version, one.first_at, one.source, one.key,
        ARRAY(SELECT environment_id FROM releases_standing WHERE release_id = one.release_id),
        (SELECT count(*) FROM releases_change WHERE release_id = one.release_id),
        (
            SELECT json_build_array(asked.asked_at, asked.conditions)
            FROM releases_gateanswer asked
            JOIN catalog_environment there ON there.id = asked.environment_id AND there.tier = 'production'
            WHERE asked.release_id = one.release_id
            ORDER BY asked.asked_at DESC, asked.id DESC LIMIT 1
        )
    ) ORDER BY one.first_at DESC, one.source DESC, one.key DESC)
    FROM (
        SELECT standing.release_id, release.version, standing.first_at, first.source, first.key
        FROM releases_standing standing
        JOIN releases_release release ON release.id = standing.release_id
        JOIN releases_deploymentfact first ON first.id = standing.first_id
        WHERE standing.service_id = place.service AND standing.environment_id = place.environment
        AND standing.rolled_back_by_id IS NULL AND standing.first_at >= coalesce(({_SHIPPED}), '-infinity')
        ORDER BY standing.first_at DESC, first.source DESC, first.key DESC LIMIT (SELECT %(newest)s::int)
    ) one
"""  # noqa: S608 - our own words

_STANDS = """
    SELECT json_agg(json_build_array(
        there.id, there.tier, there."order", standing.first_at, first.source, first.key,
        standing.rolled_back_by_id IS NOT NULL
    ))
    FROM releases_standing standing
    JOIN releases_deploymentfact first ON first.id = standing.first_id
    JOIN catalog_environment there ON there.id = standing.environment_id
    WHERE standing.release_id = live.release_id
"""

_COMPARED = """
    SELECT json_agg(json_build_array(
        there.id, there.tier, there."order", judged.verdict, judged.sentence, judged.result
    ) ORDER BY judged.judged_at DESC)
    FROM measurements_comparison judged JOIN catalog_environment there ON there.id = judged.environment_id
    WHERE judged.release_id = live.release_id AND judged.is_current
"""

_OWED = """
    SELECT json_agg(json_build_array(release.version, standing.first_at) ORDER BY standing.first_at)
    FROM releases_standing standing
    JOIN releases_release release ON release.id = standing.release_id
    WHERE standing.service_id = place.service AND standing.environment_id = place.environment
    AND standing.first_at >= (SELECT %(notes_since)s::timestamptz)
    AND NOT EXISTS (
        SELECT FROM notes_note note WHERE note.release_id = standing.release_id AND NOT note.draft
    )
"""

_RUN = """
    SELECT json_build_array(run.started_by, run.started_at, target.version)
    FROM rollbacks_run run JOIN releases_release target ON target.id = run.to_release_id
    WHERE run.service_id = place.service AND run.environment_id = place.environment
    AND run.outcome = 'running'
"""

# The last deployment here, and every one of today or of the last hour; those that are last come first.
_DEPLOYMENTS = """
    SELECT json_agg(json_build_array(
        release.version, one.status, one.mode, one.at, one.started_at,
        EXISTS (
            SELECT FROM measurements_comparison judged
            WHERE judged.release_id = one.release_id AND judged.environment_id = place.environment
            AND judged.is_current
        )
    ) ORDER BY one.at DESC, one.id DESC)
    FROM (
        (
            SELECT * FROM releases_deployment
            WHERE service_id = place.service AND environment_id = place.environment
            ORDER BY at DESC, id DESC LIMIT 1
        )
        UNION
        (
            SELECT * FROM releases_deployment
            WHERE service_id = place.service AND environment_id = place.environment
            AND at >= (SELECT %(recent_since)s::timestamptz)
        )
    ) one
    JOIN releases_release release ON release.id = one.release_id
"""

PLACES = f"""
    SELECT place.service, place.environment, place.is_production, ({_DEPLOYMENTS}),
        live.release_id, release.version, release.owner_id IS NOT NULL, live.since,
        deployment.mode, finish.actor, deployment.finished_at - deployment.started_at, before.version,
        ({_STANDS}),
        ({_COMPARED}),
        CASE WHEN place.is_production THEN ({_STOOD}) END,
        CASE WHEN NOT place.is_production THEN ({_CANDIDATES}) END,
        CASE WHEN place.is_production THEN ({_OWED}) END,
        (SELECT conditions::json FROM releases_passage WHERE fact_id = deployment.finish_id AND NOT is_open),
        ({_RUN})
    FROM (
        SELECT service, environment.id AS environment, environment.tier = 'production' AS is_production
        FROM unnest((SELECT %(services)s::bigint[])) service, catalog_environment environment
        WHERE environment.id = ANY((SELECT %(environments)s::bigint[])::bigint[])
    ) place
    LEFT JOIN releases_live live
    ON live.service_id = place.service AND live.environment_id = place.environment
    LEFT JOIN releases_release release ON release.id = live.release_id
    LEFT JOIN releases_deployment deployment ON deployment.id = live.deployment_id
    LEFT JOIN releases_deploymentfact finish ON finish.id = deployment.finish_id
    LEFT JOIN releases_release before ON before.id = deployment.replaced_id
"""  # noqa: S608
