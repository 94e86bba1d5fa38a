-- What `past` incidents leave behind when they are closed, spread over the two years before a
-- moment: of each kind of row one, and two of a task's history.
CREATE TEMP TABLE happened AS
    SELECT i, (%(at)s::timestamptz - interval '2 years' * (%(past)s - i + 1) / %(past)s) AS at,
        102 + i %% 3000 AS officer, 2 + (i %% 3000) / 30 AS unit
    FROM generate_series(1, %(past)s) AS i;
INSERT INTO incident (source, external_id, body_digest, category, priority, raw_x, raw_y, raw_crs,
        point, reported_at, received_at, grid_version_id, cell_code, method, neighbours, distance_m,
        unit_id)
    SELECT '110', 'K' || lpad(i::text, 9, '0'), '\x00', 'dispute', 3, x, y, 'EPSG:4326',
        ST_SetSRID(ST_MakePoint(x, y), 4326), at, at, 1,
        '330824' || lpad((i %% 300)::text, 9, '0'), 'covers', '{}', 0, unit
    FROM happened, LATERAL (
        SELECT %(west)s + random() + i * 0 AS x, %(south)s + random() + i * 0 AS y) AS place;
INSERT INTO decision (incident_id, at, rules_version, route, hours, facts, steps, notes)
    SELECT i, at, 2, 'community', 'day', '{}', '[]', '[]' FROM happened;
INSERT INTO task (incident_id, state, version, assignee_account_id, outcome, feedback, created_at,
        updated_at, ended_at)
    SELECT i, 'closed', 6, officer, 'resolved', '已处理。', at, at, at FROM happened;
INSERT INTO offer (task_id, round, step, kind, recipient, because, message_id, told_at,
        sign_within_s, deadline, ended_at, outcome)
    SELECT i, 1, 1, 'primary', officer, '{}', gen_random_uuid(), at, 300, at, at, 'signed'
    FROM happened;
INSERT INTO task_event (task_id, verb, from_state, to_state, occurred_at, at, data)
    SELECT i, verb, NULL, state, at, at, '{}'
    FROM happened, (VALUES ('dispatch', 'assigned'), ('close', 'closed')) AS v(verb, state);
INSERT INTO audit_entry (at, tag, subject_kind, subject_id, data)
    SELECT at, 'incident:report', 'incident', i::text, '{}' FROM happened;
ALTER TABLE inbox_message DROP CONSTRAINT uq_inbox_message_id;
INSERT INTO inbox_message (recipient, seq, id, type, at, data)
    SELECT officer, 1 + i / 3000, gen_random_uuid(), 'task.offered', at, '{}' FROM happened
    ORDER BY officer, i;
ALTER TABLE inbox_message ADD CONSTRAINT uq_inbox_message_id UNIQUE (id);
INSERT INTO inbox_receipt (recipient, seq, device, at)
    SELECT officer, 1 + i / 3000, 'terminal', at FROM happened ORDER BY officer, i;
INSERT INTO feed_entry (seq, at, unit_path, type, data)
    SELECT i, at, '330824', 'incident.created', '{}' FROM happened;
UPDATE epoch SET feed_seq = %(past)s;
UPDATE inbox_head SET seq = 1 + %(past)s / 3000;
