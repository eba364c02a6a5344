"""The newest version of each plan with all that is asked of it, in SQL: prepared once a connection.

A rehearsal counts for every plan of its service with the same text. What comes as JSON comes as arrays, in
the order in which `queries` takes them apart; what is stored as jsonb is read as json, for Django leaves
jsonb as text. Values stand as `(SELECT %(…)s)`, where the planner does not see them: then it plans once.
"""

PLAN_FACTS = """
    SELECT plan.service_id, plan.release_id, plan.version, plan.owner_id IS NOT NULL, plan.triggers::json,
        (SELECT count(*) FROM rollbacks_step WHERE plan_id = plan.id),
        ARRAY(SELECT position FROM rollbacks_step WHERE plan_id = plan.id AND irreversible ORDER BY position),
        (
            SELECT json_build_array(same.version, done.outcome, done.started_at, done.finished_at)
            FROM rollbacks_plan same JOIN rollbacks_rehearsal done ON done.plan_id = same.id
            WHERE same.service_id = plan.service_id AND same.digest = plan.digest
            AND done.finished_at <= (SELECT %(at)s::timestamptz)
            ORDER BY done.finished_at DESC, done.id DESC LIMIT 1
        ),
        (
            SELECT json_build_array(earlier.version, done.outcome, done.started_at, done.finished_at)
            FROM rollbacks_plan earlier
            JOIN rollbacks_plan same ON same.service_id = earlier.service_id AND same.digest = earlier.digest
            JOIN rollbacks_rehearsal done ON done.plan_id = same.id
            WHERE earlier.service_id = plan.service_id
            AND earlier.release_id IS NOT DISTINCT FROM plan.release_id
            AND earlier.version < plan.version AND done.finished_at <= (SELECT %(at)s::timestamptz)
            ORDER BY done.finished_at DESC, earlier.version DESC, done.id DESC LIMIT 1
        )
    FROM (
        SELECT DISTINCT ON (service_id, release_id) *
        FROM rollbacks_plan
        WHERE (
            release_id = ANY((SELECT %(releases)s::bigint[])::bigint[])
            OR release_id IS NULL AND service_id = ANY((SELECT %(services)s::bigint[])::bigint[])
        )
        AND created_at <= (SELECT %(at)s::timestamptz)
        ORDER BY service_id, release_id, version DESC
    ) plan
"""
