"""The demo county's package data are sound, complete, and what the script makes."""

import csv
import json
from collections import Counter
from datetime import timedelta
from importlib import resources
from pathlib import Path
from random import Random

import numpy as np
import pytest
import shapely

from gridserver.demo.build_county import build, read_sources
from gridserver.demo.call_phrases import CATEGORY_SHARES, PHRASES
from gridserver.demo.calls import made_up_calls
from gridserver.demo.county import read_cells

SOURCES = Path(__file__).parents[3] / "shared" / "data" / "cn_kaihua_330824"
DATA = resources.files("gridserver.demo") / "data"

needs_sources = pytest.mark.skipif(
    not SOURCES.is_dir(), reason="the published outlines and lists are not beside the repository"
)


def layer(name, folder=DATA):
    features = json.loads((folder / name).read_text("utf-8"))["features"]
    shapes = np.array([shapely.geometry.shape(feature["geometry"]) for feature in features])
    return [feature["properties"] for feature in features], shapes


def table(name):
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def cells():
    return layer("cells.geojson")


@pytest.fixture(scope="module")
def outline():
    return layer("outline.geojson")[1][0]


def shared_km(one, other):
    return shapely.length(shapely.intersection(one, other)) * 100


class TestCells:
    def test_one_for_each_of_the_266_village_codes(self, cells):
        codes = [properties["code"] for properties in cells[0]]
        assert len(codes) == len(set(codes)) == 266
        assert codes == sorted(codes)
        assert {(len(code), code[:6], code[12:]) for code in codes} == {(15, "330824", "001")}

    def test_are_single_valid_polygons(self, cells):
        assert {shape.geom_type for shape in cells[1]} == {"Polygon"}
        assert shapely.is_valid(cells[1]).all()
        assert not shapely.get_num_interior_rings(cells[1]).any()

    def test_share_their_boundaries_vertex_for_vertex(self, cells):
        # 1e-6 degrees is some 10 cm: no slit is narrower than that.
        assert shapely.coverage_is_valid(cells[1], gap_width=1e-6)

    def test_fill_the_outline_and_nothing_else(self, cells, outline):
        union = shapely.coverage_union_all(cells[1])
        difference = union.symmetric_difference(outline)
        assert union.geom_type == "Polygon"
        assert not union.interiors
        assert difference.area < 1e-9 * outline.area

    def test_leave_the_outline_as_it_is(self, cells, outline):
        union = shapely.coverage_union_all(cells[1])
        assert set(union.exterior.coords) == set(outline.exterior.coords)

    def test_have_seven_decimals(self, cells):
        places = shapely.get_coordinates(cells[1])
        assert (places == np.round(places, 7)).all()

    def test_are_no_slivers(self, cells):
        km2 = shapely.area(cells[1]) * 111.3 * 97.2
        roundness = 4 * np.pi * shapely.area(cells[1]) / shapely.length(cells[1]) ** 2
        assert km2.min() > 0.2
        assert roundness.min() > 0.08

    def test_have_wavy_boundaries(self, cells):
        assert 100 < np.median(shapely.get_num_coordinates(cells[1])) < 600

    def test_wind_as_rfc_7946_wants(self, cells):
        assert all(shape.exterior.is_ccw for shape in cells[1])

    def test_are_small_in_the_county_seat(self, cells):
        areas = shapely.area(cells[1])
        kinds = np.array([properties["class"] for properties in cells[0]])
        assert np.median(areas[kinds == "urban"]) < np.median(areas[kinds == "rural"]) / 2

    def test_of_class_border_lie_on_the_outline(self, cells, outline):
        on_border = shared_km(cells[1], outline.exterior) > 0
        kinds = np.array([properties["class"] for properties in cells[0]])
        assert on_border[kinds == "border"].all()
        assert not on_border[kinds == "rural"].any()
        assert set(kinds) == {"urban", "rural", "border"}

    def test_have_plausible_people(self, cells):
        people = [properties["people"] for properties in cells[0]]
        assert 250_000 < sum(people) < 360_000
        for properties in cells[0]:
            assert 2 < properties["people"] / properties["households"] < 3.5


class TestTownsAndStations:
    def test_fourteen_towns_each_in_one_piece(self, cells):
        towns = {row["name"] for row in table("towns.csv")}
        names = np.array([properties["town"] for properties in cells[0]])
        assert len(towns) == 14
        assert set(names) == towns
        for town in towns:
            union = shapely.coverage_union_all(cells[1][names == town])
            assert union.geom_type == "Polygon", town

    def test_a_cell_has_its_towns_code_and_station(self, cells):
        towns = {row["name"]: row for row in table("towns.csv")}
        for properties in cells[0]:
            assert properties["code"].startswith(towns[properties["town"]]["code"])
            assert properties["station"] == towns[properties["town"]]["station"]

    def test_nine_stations_cover_every_town_once(self):
        stations = table("stations.csv")
        towns = sorted(town for row in stations for town in row["towns"].split(";"))
        modes = [row["mode"] for row in stations]
        assert [row["code"] for row in stations] == [f"330824{n:02}" for n in range(1, 10)]
        assert towns == sorted(row["code"] for row in table("towns.csv"))
        assert modes.count("two_teams_one_room") == 3
        assert modes.count("two_rooms_many_areas") == 6

    def test_every_station_is_one_piece_and_stands_in_it(self, cells):
        codes = np.array([properties["station"] for properties in cells[0]])
        for row in table("stations.csv"):
            union = shapely.coverage_union_all(cells[1][codes == row["code"]])
            assert union.geom_type == "Polygon", row["name"]
            assert union.contains(shapely.Point(float(row["lon"]), float(row["lat"])))

    def test_every_town_centre_lies_in_its_town(self, cells):
        names = np.array([properties["town"] for properties in cells[0]])
        for row in table("towns.csv"):
            union = shapely.coverage_union_all(cells[1][names == row["name"]])
            assert union.contains(shapely.Point(float(row["lon"]), float(row["lat"])))


class TestNeighbours:
    def test_are_a_coverage_with_the_county(self, outline):
        properties, shapes = layer("neighbours.geojson")
        assert len(properties) == 6
        assert shapely.is_valid(shapes).all()
        assert shapely.coverage_is_valid([outline, *shapes])

    def test_surround_the_county_vertex_for_vertex(self, outline):
        _, shapes = layer("neighbours.geojson")
        theirs = {tuple(place) for place in shapely.get_coordinates(shapes).tolist()}
        assert set(outline.exterior.coords) <= theirs


@needs_sources
class TestTheScript:
    def test_known_villages_keep_their_place(self, cells):
        shapes = dict(zip((row["code"] for row in cells[0]), cells[1], strict=True))
        known = [village for village in read_sources(SOURCES).villages if village.place]
        assert len(known) == 4
        for village in known:
            assert shapes[village.cell_code].contains(shapely.Point(village.place)), village.name

    def test_makes_the_committed_files_again(self, tmp_path):
        build(read_sources(SOURCES), tmp_path)
        assert len(list(tmp_path.iterdir())) == 5
        for made in tmp_path.glob("*.csv"):
            assert made.read_bytes() == (DATA / made.name).read_bytes(), made.name
        for made in tmp_path.glob("*.geojson"):
            properties, shapes = layer(made.name, tmp_path)
            committed_properties, committed_shapes = layer(made.name)
            assert properties == committed_properties, made.name
            # Another processor's sine may round the last decimal the other way.
            assert shapely.equals_exact(shapes, committed_shapes, 1.5e-7).all(), made.name


@pytest.fixture(scope="module")
def county():
    return read_cells()


@pytest.fixture(scope="module")
def calls(county):
    return list(made_up_calls(Random(7), county, days=30, per_day=40))


class TestCalls:
    def test_same_seed_same_calls(self, county, calls):
        again = list(made_up_calls(Random(7), county, days=30, per_day=40))
        other = list(made_up_calls(Random(8), county, days=30, per_day=40))
        assert again == calls
        assert other != calls

    def test_as_many_as_asked_for(self, county, calls):
        assert 1100 < len(calls) < 1300
        assert list(made_up_calls(Random(7), county, days=0, per_day=40)) == []
        assert list(made_up_calls(Random(7), county, days=3, per_day=0)) == []

    def test_come_in_order_within_the_period(self, calls):
        times = [call.at for call in calls]
        assert times == sorted(times)
        assert times[0] >= timedelta(0)
        assert times[-1] < timedelta(days=30)

    def test_are_few_at_night_and_many_in_the_evening(self, calls):
        by_hour = Counter(call.at.seconds // 3600 for call in calls)
        assert 3 * sum(by_hour[h] for h in range(1, 5)) < sum(by_hour[h] for h in range(17, 21))

    def test_lie_in_their_cell(self, county, calls):
        shapes = {cell.code: cell.shape for cell in county}
        for call in calls:
            assert shapes[call.cell].contains(shapely.Point(call.lon, call.lat))

    def test_follow_the_people(self, county, calls):
        people = {cell.code: cell.people for cell in county}
        dense = {code for code in people if people[code] > 2500}
        share = sum(people[code] for code in dense) / sum(people.values())
        assert sum(call.cell in dense for call in calls) / len(calls) == pytest.approx(
            share, abs=0.05
        )

    def test_have_every_category_and_a_sound_priority(self, calls):
        assert {call.category for call in calls} == set(CATEGORY_SHARES)
        assert {call.priority for call in calls} == {1, 2, 3, 4}
        assert {call.source for call in calls} == {"demo"}

    def test_name_the_village_and_fill_every_word(self, county, calls):
        names = {cell.code: cell.town + cell.name for cell in county}
        for call in calls:
            assert call.address.startswith(names[call.cell])
            assert len(call.address) > len(names[call.cell])
            assert "{" not in call.address + call.description

    def test_are_varied(self, calls):
        assert len({call.description for call in calls}) > 200

    def test_every_setting_has_phrases_of_every_category(self):
        assert set(PHRASES) == set(CATEGORY_SHARES)
        assert sum(map(len, PHRASES.values())) >= 80
        for phrases in PHRASES.values():
            for setting in ("urban", "rural"):
                assert len([p for p in phrases if p.setting in {"any", setting}]) >= 5
