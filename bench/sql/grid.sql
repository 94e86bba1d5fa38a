-- A square of `cells` squares, `columns` to a row, 40 vertices each; an owner and a cover for each.
INSERT INTO grid_version (bureau_id, name, state, valid, outline, source, created_at)
    SELECT 1, 'v1', 'published', tstzrange(%(at)s::timestamptz - interval '3 years', NULL),
        ST_Multi(ST_MakeEnvelope(
            %(west)s, %(south)s, %(west)s + %(side)s * %(columns)s,
            %(south)s + %(side)s * ceil(%(cells)s / %(columns)s::float8), 4326)),
        '{}', %(at)s;
INSERT INTO cell (version_id, code, name, station_code, geom)
    SELECT v.id, '330824' || lpad(i::text, 9, '0'), '格' || i,
        '3308' || lpad((1 + i %% 100)::text, 4, '0'),
        ST_Multi(ST_Segmentize(ST_MakeEnvelope(
            %(west)s + %(side)s * x, %(south)s + %(side)s * y,
            %(west)s + %(side)s * (x + 1), %(south)s + %(side)s * (y + 1), 4326),
            %(side)s / 9.5))
    FROM grid_version AS v, generate_series(0, %(cells)s - 1) AS i,
        LATERAL (SELECT i %% %(columns)s AS x, i / %(columns)s AS y) AS at_place;
INSERT INTO ownership (cell_code, officer_id, role, valid)
    SELECT '330824' || lpad(i::text, 9, '0'), (i %% 100) * 30 + 1 + (i / 100 + nth) %% 30,
        CASE nth WHEN 0 THEN 'primary' ELSE 'backup' END,
        tstzrange(%(at)s::timestamptz - interval '3 years', NULL)
    FROM generate_series(0, %(cells)s - 1) AS i, generate_series(0, 1) AS nth;
