"""The statements that fill the tables, one a table, in the order of their references.

In each, {n} is the number of servers, {accounts} of accounts, {now} the moment, {client} the first of two API clients,
{person} the highest number of a user before, {unknown} an unclassified region, {policy} the policy as JSON.
"""

STEPS: list[tuple[str, str]] = [
    (
        "accounts",
        """
        INSERT INTO servers_account (id, uid, name, emails, created_at)
        SELECT n, '2000' || lpad(n::text, 8, '0'), 'Company ' || n, '["it@example.com"]',
               {now} - random() * interval '900 days'
        FROM generate_series(1, {accounts}) n
        """,
    ),
    (
        "servers",
        """
        INSERT INTO servers_server (id, instance_id, account_id, region_id, name, billing_mode, purchased_at,
            expires_at, prepaid_months, prepaid_months_stated, state, state_since, public_ip_assigned, version,
            facts_at)
        SELECT n, 'ins-' || lpad(to_hex(n), 8, '0'),
               CASE WHEN a < .05 THEN 1 WHEN a < .15 THEN 2 + mod(n, 50)
                    ELSE 52 + floor(({accounts} - 52) * b * b)::int END,
               region, (ARRAY['web', 'api', 'db', 'cache', 'job'])[1 + mod(n, 5)] || '-' || mod(n, 3000),
               mode,
               CASE WHEN mode = 'prepaid' THEN expires - make_interval(months => months)
                    ELSE {now} - d * interval '900 days' END,
               CASE WHEN mode = 'prepaid' THEN expires END,
               CASE WHEN mode = 'prepaid' THEN months ELSE 0 END, false, state,
               CASE WHEN state = 'running' THEN {now} - d * interval '300 days' ELSE least(expires, {now}) END,
               e < .93, n, {now} - f * interval '2 hours'
        FROM (
            SELECT *, CASE WHEN state = 'terminated' THEN {now} - d * interval '700 days'
                           WHEN state = 'isolated' THEN {now} - d * interval '15 days'
                           WHEN e > .97 THEN {now} - d * interval '7 days'
                           ELSE {now} + d * make_interval(months => months) END AS expires
            FROM (
                SELECT n, random() a, random() b, random() d, random() e, random() f,
                       (ARRAY['running', 'running', 'running', 'running', 'running', 'running', 'running', 'running',
                        'running', 'running', 'running', 'running', 'running', 'running', 'running', 'running',
                        'stopped', 'isolated', 'terminated', 'terminated'])[1 + floor(random() * 20)::int] AS state,
                       (ARRAY['prepaid', 'prepaid', 'prepaid', 'prepaid', 'prepaid', 'prepaid', 'prepaid', 'prepaid',
                        'prepaid', 'prepaid', 'prepaid', 'prepaid', 'prepaid', 'prepaid', 'prepaid', 'prepaid',
                        'pay_as_you_go', 'pay_as_you_go', 'pay_as_you_go', 'spot'])[1 + floor(random() * 20)::int]
                        AS mode,
                       1 + floor(random() * 24)::int AS months,
                       CASE WHEN random() < .005 THEN {unknown} ELSE
                            regions[1 + floor(power(random(), 3) * cardinality(regions))::int] END AS region
                FROM generate_series(1, {n}) n, (SELECT array_agg(id ORDER BY jurisdiction <> 'mainland', id)
                    AS regions FROM servers_region WHERE jurisdiction <> 'unclassified') known
            ) drawn
        ) dated
        """,
    ),
    (
        "IP addresses",
        """
        INSERT INTO servers_ipaddress (id, server_id, address, kind, assigned_at, position, expires_at, released_at)
        SELECT id, server, concat_ws('.', 101 + (place >> 24), place >> 16 & 255, place >> 8 & 255, place & 255),
               kind, assigned, 0, CASE WHEN d < .02 THEN {now} + (d * 50 - .3) * interval '100 days' END, released
        FROM (
            SELECT *, CASE WHEN released IS NULL THEN id ELSE 1 + mod(id * 7, {n}) END AS place
            FROM (
                SELECT s.id, s.id AS server, random() d,
                       CASE WHEN s.public_ip_assigned AND random() < .97 THEN 'public'
                            WHEN random() < .7 THEN 'elastic' ELSE 'clb' END AS kind,
                       coalesce(s.purchased_at, s.state_since) AS assigned,
                       CASE WHEN s.state = 'terminated' THEN s.state_since
                            WHEN random() < .03 THEN {now} - random() * interval '60 days' END AS released
                FROM servers_server s WHERE s.public_ip_assigned OR random() < .6
                UNION ALL
                SELECT {n} + s.id, s.id, 1, CASE WHEN random() < .8 THEN 'elastic' ELSE 'clb' END, s.state_since,
                       CASE WHEN s.state = 'terminated' THEN s.state_since END
                FROM servers_server s WHERE mod(s.id, 8) = 0
            ) drawn
        ) placed
        """,
    ),
    (
        "codes",
        """
        INSERT INTO codes_authorizationcode (id, server_id, ip_id, slot, state, digest, sealed, tail, generated_at,
            remark, authorized_account)
        SELECT row_number() OVER (ORDER BY generated), server, ip, slot,
               CASE WHEN a < .45 THEN 'unused' WHEN a < .55 THEN 'in_use' WHEN a < .9 THEN 'used' ELSE 'withdrawn' END,
               sha256((server * 8 + slot)::text::bytea), sha256('sealed') || sha256('sealed') || sha256('sealed'),
               upper(substr(md5((server * 8 + slot)::text), 1, 5)), generated,
               CASE WHEN b < .3 THEN 'Site ' || slot ELSE '' END,
               CASE WHEN b < .1 THEN '2000' || lpad((1 + floor(b * 10 * {accounts}))::text, 8, '0') ELSE '' END
        FROM (
            SELECT i.server_id AS server, i.id AS ip, slot, random() a, random() b,
                   until - power(random(), 1.5) * greatest(
                       until - greatest(i.assigned_at, {now} - interval '730 days'), interval '0') AS generated
            FROM (SELECT *, random() AS draw, coalesce(released_at, {now}) AS until
                  FROM servers_ipaddress WHERE kind = 'public' AND id <= {n}) i,
                 generate_series(1, CASE WHEN draw < .18 THEN 0 WHEN draw < .23 THEN 1 WHEN draw < .28 THEN 2
                                         WHEN draw < .38 THEN 3 WHEN draw < .53 THEN 4 ELSE 5 END) slot
        ) drawn
        """,
    ),
    (
        "filings",
        """
        INSERT INTO codes_filing (id, code_id, client_id, order_number, domain, account, state, icp_number, reason,
            began_at, ended_at, completed_after_expiry)
        SELECT id, code, {client} + mod(id, 2), 'BA' || lpad(id::text, 10, '0'),
               'site' || mod(id * 13, {n}) || '.example.cn',
               CASE WHEN a < .5 THEN '2000' || lpad((1 + floor(a * 2 * {accounts}))::text, 8, '0') ELSE '' END, state,
               CASE WHEN state = 'completed' THEN '粤ICP备' || (10000000 + id) || '号' ELSE '' END,
               CASE state WHEN 'rejected' THEN 'The identity does not match' WHEN 'abandoned' THEN 'Given up'
                          ELSE '' END, began,
               CASE WHEN state IN ('completed', 'abandoned')
                    THEN began + b * least({now} - began, interval '30 days') END, false
        FROM (
            SELECT row_number() OVER (ORDER BY began) AS id, *
            FROM (
                SELECT c.id AS code, random() a, random() b,
                       CASE c.state WHEN 'used' THEN 'completed' WHEN 'unused' THEN 'abandoned'
                            ELSE CASE WHEN random() < .2 THEN 'rejected' ELSE 'active' END END AS state,
                       CASE WHEN c.state = 'in_use'
                            THEN greatest(c.generated_at, {now} - power(random(), 4) * interval '60 days')
                            ELSE c.generated_at + power(random(), 2) * ({now} - c.generated_at) END AS began
                FROM codes_authorizationcode c
                WHERE c.state IN ('used', 'in_use') OR (c.state = 'unused' AND random() < .1)
            ) drawn
        ) placed
        """,
    ),
    (
        "what happened",
        """
        CREATE TEMPORARY TABLE happened AS
        WITH told AS (
            SELECT c.id AS code, c.server_id AS server, c.generated_at, c.state FROM codes_authorizationcode c
        )
        SELECT 'generated' AS type, generated_at AS at, server, code, '' AS order_number, '' AS reason,
               '[]'::jsonb AS failed, {policy}::jsonb AS policy, '{{}}'::jsonb AS detail FROM told
        UNION ALL
        SELECT 'withdrawn', generated_at + random() * ({now} - generated_at), server, code, '', 'Not needed', '[]',
               '{{}}', '{{}}' FROM told WHERE state = 'withdrawn'
        UNION ALL
        SELECT 'revealed', generated_at + random() * ({now} - generated_at), server, code, '', '', '[]', '{{}}', '{{}}'
        FROM told WHERE mod(code, 5) = 0
        UNION ALL
        SELECT CASE step WHEN 1 THEN 'begun' ELSE f.state END,
               CASE step WHEN 1 THEN f.began_at ELSE coalesce(f.ended_at, f.began_at) END, c.server_id, f.code_id,
               f.order_number, CASE step WHEN 1 THEN '' ELSE f.reason END, '[]', '{{}}',
               jsonb_build_object('domain', f.domain)
        FROM codes_filing f JOIN codes_authorizationcode c ON c.id = f.code_id,
             generate_series(1, CASE WHEN f.state = 'active' THEN 1 ELSE 2 END) step
        UNION ALL
        SELECT 'generation_refused', {now} - random() * interval '730 days', 1 + floor(random() * {n})::bigint, NULL,
               '', '', CASE WHEN mod(n, 3) = 0 THEN jsonb_build_array(rule, 'code_limit_reached')
                            ELSE jsonb_build_array(rule) END, {policy}::jsonb, '{{}}'
        FROM (SELECT n, (ARRAY['code_limit_reached', 'server_expired', 'not_prepaid', 'not_mainland',
                         'prepaid_term_too_short', 'public_ip_not_assigned', 'no_live_public_ip', 'elastic_ip',
                         'clb_ip', 'region_unknown'])[1 + floor(power(random(), 3) * 10)::int] AS rule
              FROM generate_series(1, {n} + {n} / 5) n) drawn
        UNION ALL
        SELECT 'server_changed', {now} - random() * interval '730 days', 1 + floor(random() * {n})::bigint, NULL, '',
               '', '[]', '{{}}', '{{"state": ["running", "stopped"]}}' FROM generate_series(1, 2 * {n}) n
        """,
    ),
    (
        "events",
        """
        INSERT INTO codes_codeevent (id, type, at, account_id, server_id, code_id, order_number, user_id, client_id,
            channel, reason, ticket, failed, policy, detail, request_id, place, mac)
        OVERRIDING SYSTEM VALUE
        SELECT row_number() OVER (ORDER BY at), type, at, account, server, code, order_number,
               CASE WHEN channel IN ('admin', 'self_service') THEN {person} + 1 END,
               CASE WHEN channel = 'api' THEN {client} + mod(server, 2) END,
               channel, reason, '', failed, policy, detail, substr(md5(server::text), 1, 16),
               row_number() OVER (PARTITION BY server ORDER BY at), sha256(server::text::bytea)
        FROM (
            SELECT h.*, s.account_id AS account,
                   CASE WHEN h.type = 'server_changed' THEN 'command' WHEN mod(h.code, 400) = 0 THEN 'admin'
                        WHEN mod(h.code, 100) = 1 THEN 'self_service' ELSE 'api' END AS channel
            FROM happened h JOIN servers_server s ON s.id = h.server
        ) told
        """,
    ),
    (
        "ends of events",
        """
        INSERT INTO codes_eventhead (server_id, place, mac)
        SELECT server_id, max(place), sha256(server_id::text::bytea) FROM codes_codeevent GROUP BY server_id
        """,
    ),
    (
        "feed runs",
        """
        INSERT INTO servers_feedrun (id, kind, account_id, at, actor, created, updated, unchanged, rejected, stale,
            failures, is_newest)
        SELECT row_number() OVER (ORDER BY round DESC, a), CASE WHEN mod(a, 3) = 0 THEN 'put' ELSE 'inventory' END, a,
               {now} - round * interval '1 hour' - random() * interval '1 hour', 'client:feed', mod(a, 5), mod(a, 7),
               10, 0, 0, '[]', round = 0
        FROM generate_series(1, {accounts}) a, generate_series(0, 4) round
        """,
    ),
    (
        "members",
        """
        INSERT INTO auth_user (id, password, is_superuser, username, first_name, last_name, email, is_staff, is_active,
            date_joined)
        SELECT {person} + n, '!', false, 'member' || n, 'Member', n::text, 'member' || n || '@example.com', false, true,
               {now}
        FROM generate_series(1, {n} / 50) n
        """,
    ),
    (
        "memberships",
        """
        INSERT INTO servers_account_members (account_id, user_id)
        SELECT n * 3 - 2, {person} + n FROM generate_series(1, least({n} / 50, {accounts} / 3)) n
        """,
    ),
    (
        "support requests",
        """
        INSERT INTO codes_supportrequest (id, reference, account_id, server_id, code_id, state, all_passed, report,
            policy, language, request_id, opened_by_id, opened_at, waiting_since, answered_at)
        SELECT n, 'SR-' || overlay(lpad(n::text, 6, '0') placing '-' from 5 for 0), s.account_id, s.id, NULL,
               drawn.state, mod(n, 40) = 0, '[]', {policy}, 'en', '', {person} + 1, opened,
               CASE WHEN drawn.state = 'open' THEN opened END,
               CASE WHEN drawn.state = 'answered' THEN opened + interval '1 hour' END
        FROM (SELECT n, {now} - ({n} / 50 - n) * interval '10 minutes' AS opened, 1 + mod(n * 7919, {n}) AS server,
                     CASE WHEN n > {n} / 50 - 300 THEN 'open' WHEN mod(n, 3) = 0 THEN 'answered' ELSE 'closed' END
                     AS state
              FROM generate_series(1, {n} / 50) n) drawn
        JOIN servers_server s ON s.id = drawn.server
        """,
    ),
    (
        "webhook endpoints",
        """
        INSERT INTO webhooks_webhookendpoint (id, client_id, url, event_types, secret, cursor, created_at,
            disabled_reason)
        SELECT n, {client} + mod(n, 2), 'https://hooks.example.com/' || n, '["generated"]', 'sealed', 0, {now}, ''
        FROM generate_series(1, 20) n
        """,
    ),
    (
        "webhook deliveries",
        """
        INSERT INTO webhooks_webhookdelivery (id, endpoint_id, event_id, lane, state, due_at, tries, settled_at)
        SELECT row_number() OVER (ORDER BY e.id), 1 + mod(e.id, 20), e.id, 'code:' || e.code_id,
               CASE WHEN e.at > {now} - interval '20 minutes' THEN 'pending' ELSE 'delivered' END, e.at, 1,
               CASE WHEN e.at > {now} - interval '20 minutes' THEN NULL ELSE e.at END
        FROM codes_codeevent e WHERE e.type = 'generated' AND e.at > {now} - interval '300 days'
        """,
    ),
]
