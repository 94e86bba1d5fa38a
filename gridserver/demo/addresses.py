"""What the demo county's gazetteer knows: its villages, towns, stations and posts, and streets with
houses. Villages' and towns' names are published, where the villages' points lie isn't; the streets
are made up."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from importlib import resources
from itertools import islice
from random import Random

from sqlalchemy import text
from sqlalchemy.orm import Session

from gridserver.demo.county import DemoCell
from gridserver.demo.rosters import posts
from gridserver.demo.units import Station, read_stations
from gridserver.force.tables import PostRow
from gridserver.places import gazetteer
from gridserver.places.rules import Draft, Entry

VILLAGES, FORCE, STREETS = "demo-villages", "demo-force", "demo-streets"
#: So many houses a street has in the demo.
HOUSES = 4
#: So many streets a village has, and each so many houses, where there are to be 200,000.
STREETS_EACH, HOUSES_EACH = 20, 38
_HOUSE_DEG = 0.0001
_PART = 2_000
_NAMES = """
    解放 人民 中山 建设 新华 和平 文化 前进 胜利 民主 东风 红旗 花山 芹江 玉屏 凤凰 江滨 滨河
    学院 工业 环城 朝阳 光明 幸福 团结 友谊 振兴 富强 青年 复兴 兴华 永安 太平 桃源 根宫 钱江
    茶园 龙顶 迎宾 清水 石门 金溪 灵山 古田 银杏 翠竹 明月 晨晖 秋枫 梅岭
"""
_ENDS = "路 街 巷 弄 大道"
_FIRST = "大 小 上 下 里 外 东 西 南 北 石 黄 青 白 龙 马 金 银 杨 李 王 张 方 余 汪 徐"
_LAST = "溪 山 源 坑 坞 畈 田 岭 塘 桥 头 坪 湾 坦 垄 庄 家 门 口 边"


def lay_down(session: Session, cells: Sequence[DemoCell], stations: Sequence[Station]) -> None:
    """Have the gazetteer know all this."""
    gazetteer.put(session, VILLAGES, list(villages(cells)))
    gazetteer.put(session, FORCE, list(_force(stations)))
    streets = made_up_streets(Random(1), cells[::8], 3)  # noqa: S311 (fixed places)
    gazetteer.put(session, STREETS, [house for each in streets for house in _houses(each)])


def lay_down_many(session: Session, cells: Sequence[DemoCell]) -> None:
    """Have the gazetteer know 200,000 made-up addresses beside the real names, for benchmarks and
    tests; nobody else may be at work in the database."""
    gazetteer.put(session, VILLAGES, list(villages(cells)))
    gazetteer.put(session, FORCE, list(_force(read_stations())))
    streets = made_up_streets(Random(1), cells, STREETS_EACH)  # noqa: S311 (fixed places)
    while part := list(islice(streets, _PART)):
        gazetteer.put(session, STREETS, part)
    _add_houses(session, HOUSES_EACH)


def villages(cells: Sequence[DemoCell]) -> Iterator[Entry]:
    """Yield every village with a point in the middle of its cell, and the towns."""
    for cell in cells:
        lon, lat = _middle(cell)
        draft = Draft("village", cell.name, (), f"{cell.town}{cell.name}", lon, lat)
        yield Entry(draft, cell.code)
    source = resources.files("gridserver.demo") / "data" / "towns.csv"
    for town in csv.DictReader(source.read_text("utf-8").splitlines()):
        name, lon, lat = town["name"], float(town["lon"]), float(town["lat"])
        yield Entry(Draft("key_place", name, (), None, lon, lat), town["code"])


def made_up_streets(rng: Random, cells: Sequence[DemoCell], each: int) -> Iterator[Entry]:
    """Yield so many streets and hamlets of each cell, of names that no other there has; the point
    is that of its first house."""
    names = [f"{name}{end}" for name in _NAMES.split() for end in _ENDS.split()]
    names += [f"{first}{last}" for first in _FIRST.split() for last in _LAST.split()]
    for cell in cells:
        lon, lat = _middle(cell)
        for number, name in enumerate(rng.sample(names, each)):
            x, y = (round(at + rng.uniform(-0.004, 0.004), 6) for at in (lon, lat))
            address = f"{cell.town}{cell.name}{name}"
            yield Entry(Draft("road", name, (), address, x, y), f"{cell.code}-{number}")


def _add_houses(session: Session, each: int) -> None:
    """Give every street of `STREETS` its houses from number 1 to `each`, faster than an import
    brings them: filed under the terms of their street, as `gridserver.places.gazetteer` would, and
    with the indexes made anew at the end."""
    for statement in filter(str.strip, _ADD_HOUSES.split(";")):
        session.execute(text(statement), {"each": each, "step": _HOUSE_DEG, "source": STREETS})


def _houses(street: Entry) -> Iterator[Entry]:
    yield street
    draft = street.draft
    for number in range(1, HOUSES + 1):
        name, address = f"{draft.name}{number}号", f"{draft.address}{number}号"
        lon = round(draft.lon + number * _HOUSE_DEG, 6)
        house = Draft("address", name, (), address, lon, draft.lat)
        yield Entry(house, f"{street.external_id}-{number}")


def _force(stations: Sequence[Station]) -> Iterator[Entry]:
    for station in stations:
        draft = Draft("station", station.name, (), None, station.lon, station.lat)
        yield Entry(draft, station.code)
    for post in posts(stations):
        yield from _post(post)


def _post(post: PostRow) -> Iterator[Entry]:
    if post.lon is not None and post.lat is not None:
        yield Entry(Draft("post", post.name, (), None, post.lon, post.lat), post.code)


def _middle(cell: DemoCell) -> tuple[float, float]:
    point = cell.shape.representative_point()
    return round(point.x, 6), round(point.y, 6)


_ADD_HOUSES = """
    ALTER TABLE place_key DROP CONSTRAINT uq_place_key_place_id_term_id_numbers,
        DROP CONSTRAINT fk_place_key_place_id, DROP CONSTRAINT fk_place_key_term_id;
    ALTER TABLE place DROP CONSTRAINT uq_place_source_external_id;
    DROP INDEX ix_place_key_term_id_numbers;
    DROP INDEX idx_place_point;
    CREATE TEMPORARY TABLE street ON COMMIT DROP AS
    SELECT *, (SELECT max(id) FROM place) + :each * (row_number() OVER (ORDER BY id) - 1) AS before
    FROM place WHERE source = :source AND kind = 'road';
    INSERT INTO place (id, kind, name, aliases, address, point, source, external_id, by_hand, state,
        created_at, updated_at)
    SELECT before + number, 'address', name || number || '号', '{}', address || number || '号',
        ST_Translate(point, number * :step, 0), source, external_id || '-' || number, false,
        'valid', created_at, updated_at
    FROM street, generate_series(1, :each) AS number;
    SELECT setval(pg_get_serial_sequence('place', 'id'), max(id)) FROM place;
    INSERT INTO place_key (place_id, term_id, numbers, role)
    SELECT before + number, key.term_id, ARRAY[number], key.role
    FROM street JOIN place_key AS key ON key.place_id = street.id,
        generate_series(1, :each) AS number;
    ALTER TABLE place ADD CONSTRAINT uq_place_source_external_id UNIQUE (source, external_id);
    ALTER TABLE place_key
        ADD CONSTRAINT uq_place_key_place_id_term_id_numbers UNIQUE (place_id, term_id, numbers),
        ADD CONSTRAINT fk_place_key_place_id FOREIGN KEY (place_id)
            REFERENCES place (id) ON DELETE CASCADE,
        ADD CONSTRAINT fk_place_key_term_id FOREIGN KEY (term_id) REFERENCES place_term (id);
    CREATE INDEX ix_place_key_term_id_numbers
        ON place_key (term_id, numbers) INCLUDE (place_id, role);
    CREATE INDEX idx_place_point ON place USING gist (point);
    ANALYZE place, place_term, place_key
"""
