-- A bureau of 100 stations, each with ten groups of three and six more officers, on duty for the
-- week before and after a moment: 3,600 officers, whatever the grid.
CREATE TEMP TABLE station AS
    SELECT n, '3308' || lpad(n::text, 4, '0') AS code, 1 + n AS id FROM generate_series(1, 100) AS n;
CREATE TEMP TABLE crew AS
    SELECT s.n AS station, g AS ten, m AS member, s.code, s.id AS station_id,
        101 + (s.n - 1) * 10 + g AS group_id
    FROM station AS s, generate_series(1, 10) AS g, generate_series(1, 3) AS m
    ORDER BY s.n, g, m;
CREATE TEMP TABLE hand AS
    SELECT s.n AS station, k, s.code, s.id AS station_id
    FROM station AS s, generate_series(1, 6) AS k ORDER BY s.n, k;

INSERT INTO unit (code, kind, name, path) VALUES ('330824', 'bureau', '县公安局', '330824');
INSERT INTO unit (code, kind, name, parent_id, path, mode)
    SELECT code, 'station', '第' || n || '派出所', 1, '330824.' || code, 'two_teams_one_room'
    FROM station ORDER BY n;
INSERT INTO unit (code, kind, name, parent_id, path)
    SELECT code || '-' || g, 'group', '第' || g || '警组', id, '330824.' || code || '.' || code || '-' || g
    FROM station, generate_series(1, 10) AS g ORDER BY n, g;

-- Accounts 1 to 101 are command rooms, the bureau's first; then 3,000 officers of the groups, then
-- 600 of the stations.
INSERT INTO account (username, display_name, password_hash, created_at)
    VALUES ('command', '指挥中心', '', %(at)s);
INSERT INTO account (username, display_name, password_hash, created_at)
    SELECT 'room-' || code, '综合指挥室', '', %(at)s FROM station ORDER BY n;
INSERT INTO account (username, display_name, password_hash, created_at)
    SELECT n::text, '民警' || n, '', %(at)s FROM generate_series(330824001, 330827600) AS n;
INSERT INTO role_grant (account_id, role, unit_id)
    SELECT id, 'command', id FROM generate_series(1, 101) AS id;
INSERT INTO officer (account_id, service_number, kind, unit_id)
    SELECT 101 + row_number() OVER w, (330824000 + row_number() OVER w)::text, 'officer', group_id
    FROM crew WINDOW w AS (ORDER BY station, ten, member);
INSERT INTO officer (account_id, service_number, kind, unit_id)
    SELECT 3101 + row_number() OVER w, (330827000 + row_number() OVER w)::text, 'officer', station_id
    FROM hand WINDOW w AS (ORDER BY station, k);
INSERT INTO role_grant (account_id, role, unit_id)
    SELECT account_id, 'officer', unit_id FROM officer;

-- By day the groups; one of the six leads and one has the case duty at all hours, four are the pool
-- in turns of six hours.
INSERT INTO shift (officer_id, unit_id, duty, during)
    SELECT (station - 1) * 30 + (ten - 1) * 3 + member, station_id, 'community',
        tstzrange(day + time '08:30', day + time '17:30')
    FROM crew, generate_series(-7, 7) AS d, LATERAL (SELECT %(at)s::date + d AS day) AS on_day;
INSERT INTO shift (officer_id, unit_id, duty, during)
    SELECT 3000 + (station - 1) * 6 + k, station_id, CASE k WHEN 1 THEN 'leader' ELSE 'case' END,
        tstzrange(%(at)s::timestamptz - interval '7 days', %(at)s::timestamptz + interval '7 days')
    FROM hand WHERE k <= 2;
INSERT INTO shift (officer_id, unit_id, duty, during)
    SELECT 3000 + (station - 1) * 6 + k, station_id, 'pool',
        tstzrange(day + interval '6 hours' * (k - 3), day + interval '6 hours' * (k - 2))
    FROM hand, generate_series(-7, 7) AS d, LATERAL (SELECT %(at)s::date + d AS day) AS on_day
    WHERE k > 2;
INSERT INTO inbox_head (recipient, seq) SELECT id, 0 FROM account;
