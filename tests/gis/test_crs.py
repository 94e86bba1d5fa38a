"""CRS names, the old datums, the Chinese shifts, and coordinates that can't be right."""

import pickle

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gis import gcj02
from gis.crs import (
    BD09,
    GCJ02,
    WGS84,
    crs_from_wkt,
    geodesic_area_m2,
    geometry_to_wgs84,
    local_metric,
    parse_crs,
    to_wgs84,
    to_wgs84_or_nan,
)
from gis.errors import CoordinateError, CrsError, GisError

XIAN_1980_PRJ = (
    'PROJCS["Xian_1980_3_Degree_GK_CM_117E",GEOGCS["GCS_Xian_1980",DATUM["D_Xian_1980",'
    'SPHEROID["Xian_1980",6378140.0,298.257]],PRIMEM["Greenwich",0.0],'
    'UNIT["Degree",0.0174532925199433]],PROJECTION["Gauss_Kruger"],'
    'PARAMETER["False_Easting",500000.0],PARAMETER["False_Northing",0.0],'
    'PARAMETER["Central_Meridian",117.0],PARAMETER["Scale_Factor",1.0],'
    'PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]'
)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("EPSG:4326", "EPSG:4326"),
        ("epsg:4490", "EPSG:4490"),
        (" EPSG:4548 ", "EPSG:4548"),
        ("GCJ02", "gcj02"),
        ("bd09", "bd09"),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326"),
        ("urn:ogc:def:crs:EPSG::4490", "EPSG:4490"),
        ("http://www.opengis.net/def/crs/OGC/1.3/CRS84", "EPSG:4326"),
    ],
)
def test_names_that_are_read(text: str, name: str) -> None:
    assert parse_crs(text).name == name


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "crs.unknown"),
        ("china", "crs.unknown"),
        ("4326", "crs.unknown"),
        ("EPSG:0", "crs.unknown"),
        ("EPSG:9999999", "crs.unknown"),
        ("+proj=longlat +nadgrids=/etc/passwd", "crs.unknown"),
        ("EPSG:4978", "crs.not_horizontal"),
        ("EPSG:5773", "crs.not_horizontal"),
        ("EPSG:4214", "crs.old_datum"),  # Beijing 1954
        ("EPSG:21458", "crs.old_datum"),  # Beijing 1954 / Gauss-Krueger CM 105E
        ("EPSG:4610", "crs.old_datum"),  # Xian 1980
        ("EPSG:2384", "crs.old_datum"),  # Xian 1980 / 3-degree CM 117E
        ("EPSG:4555", "crs.old_datum"),  # New Beijing
    ],
)
def test_names_that_are_refused(text: str, code: str) -> None:
    with pytest.raises(CrsError) as refused:
        parse_crs(text)
    assert (refused.value.code, refused.value.field) == (code, "crs")


def test_the_refusal_of_an_old_datum_says_what_to_do() -> None:
    with pytest.raises(CrsError, match=r"Beijing 1954.*convert the data to CGCS2000"):
        parse_crs("EPSG:4214")


def test_an_old_datum_is_found_in_a_prj_file_too() -> None:
    with pytest.raises(CrsError) as refused:
        crs_from_wkt(XIAN_1980_PRJ)
    assert refused.value.code == "crs.old_datum"


def test_an_old_datum_with_local_parameters_is_taken() -> None:
    local = XIAN_1980_PRJ.replace("298.257]]", "298.257],TOWGS84[100,0,0,0,0,0,0]]")
    lon, lat = to_wgs84(500_000.0, 3_200_000.0, crs_from_wkt(local))
    plain_lon, plain_lat = to_wgs84(500_000.0, 3_200_000.0, parse_crs("EPSG:4548"))
    assert 0.0005 < abs(lon - plain_lon) + abs(lat - plain_lat) < 0.003


def test_a_datum_that_proj_can_only_pass_through_is_refused() -> None:
    with pytest.raises(CrsError) as refused:
        crs_from_wkt(XIAN_1980_PRJ.replace("Xian_1980", "Our_Town"))
    assert refused.value.code == "crs.no_transformation"


def test_wkt_that_is_none() -> None:
    with pytest.raises(CrsError) as refused:
        crs_from_wkt("not a CRS")
    assert refused.value.code == "crs.unknown"


def test_wgs84_and_cgcs2000_degrees_are_kept_bit_for_bit() -> None:
    lon, lat = np.array([118.4, 118.1234567890123]), np.array([29.1, 29.98765432101234])
    for name in ("EPSG:4326", "EPSG:4490"):
        got_lon, got_lat = to_wgs84(lon, lat, parse_crs(name))
        assert (got_lon == lon).all()
        assert (got_lat == lat).all()


def test_scalars_give_floats_and_arrays_arrays() -> None:
    lon, lat = to_wgs84(118, 29, WGS84)
    assert (type(lon), type(lat)) == (float, float)
    lons, _ = to_wgs84([118, 119], [29, 29], GCJ02)
    assert lons.shape == (2,)


@pytest.mark.parametrize("zone", range(21))
def test_gauss_krueger_with_and_without_prefix_agree(zone: int) -> None:
    meridian = 75.0 + 3 * zone
    without, with_prefix = parse_crs(f"EPSG:{4534 + zone}"), parse_crs(f"EPSG:{4513 + zone}")
    northing = 111_000.0 * (without.area_of_use[1] + without.area_of_use[3]) / 2
    plain = to_wgs84(500_000.0, northing, without)
    prefixed = to_wgs84((25 + zone) * 1e6 + 500_000.0, northing, with_prefix)
    assert plain == pytest.approx(prefixed, abs=1e-12)
    assert plain[0] == pytest.approx(meridian, abs=1e-12)


NAN = float("nan")


@pytest.mark.parametrize(
    ("crs", "x", "y", "code"),
    [
        ("EPSG:4326", NAN, 29.1, "not_finite"),
        ("EPSG:4326", 118.4, float("inf"), "not_finite"),
        ("EPSG:4548", NAN, 3.2e6, "not_finite"),
        ("EPSG:4326", 29.1, 118.4, "swapped"),
        ("gcj02", 29.1, 118.4, "swapped"),
        ("EPSG:4326", 181.0, 29.1, "out_of_range"),
        ("EPSG:4326", 118.4, -90.5, "out_of_range"),
        ("EPSG:4326", 500_000.0, 3_200_000.0, "out_of_range"),
        ("EPSG:4548", 39_500_000.0, 3_200_000.0, "zone_prefix"),
        ("EPSG:4527", 500_000.0, 3_200_000.0, "zone_prefix"),
        ("EPSG:4527", 40_500_000.0, 3_200_000.0, "zone_prefix"),
        ("EPSG:4527", 3_200_000.0, 39_500_000.0, "swapped"),
        ("EPSG:4548", 3_200_000.0, 500_000.0, "swapped"),
        ("EPSG:4548", 118.4, 29.1, "out_of_area"),
        ("EPSG:4490", -87.6, 41.8, "out_of_area"),
        ("gcj02", -87.6, 41.8, "out_of_area"),
        ("bd09", 2.35, 48.85, "out_of_area"),
        ("EPSG:27700", 5_000_000.0, 5_000_000.0, "out_of_area"),
    ],
)
def test_coordinates_that_cannot_be_right(crs: str, x: float, y: float, code: str) -> None:
    with pytest.raises(CoordinateError) as refused:
        to_wgs84(x, y, parse_crs(crs), field="point")
    assert refused.value.code == f"coordinates.{code}"
    assert refused.value.field == "point"
    assert str(refused.value).startswith("point: (")


def test_text_is_no_coordinate() -> None:
    with pytest.raises(CoordinateError) as refused:
        to_wgs84("here", 1.0, WGS84)
    assert refused.value.code == "coordinates.not_a_number"


def test_the_first_bad_coordinate_of_many_is_named() -> None:
    with pytest.raises(CoordinateError) as refused:
        to_wgs84([118.0, 29.0, 29.0], [29.0, 118.0, 118.0], WGS84)
    assert refused.value.params["index"] == 1


def test_in_bulk_bad_coordinates_become_nan_in_their_place() -> None:
    lon, lat = to_wgs84_or_nan([118.0, 29.0, NAN, -87.0], [29.0, 118.0, 29.0, 41.0], GCJ02)
    assert np.isnan(lon).tolist() == [False, True, True, True]
    assert np.isnan(lat).tolist() == [False, True, True, True]
    assert (lon[0], lat[0]) == to_wgs84(118.0, 29.0, GCJ02)


IN_CHINA = st.tuples(st.floats(73.5, 135.0), st.floats(3.5, 53.5))


@given(IN_CHINA)
def test_gcj02_inverts_to_the_tolerance(point: tuple[float, float]) -> None:
    lon, lat = to_wgs84(*point, GCJ02)
    back = gcj02.wgs84_to_gcj02(np.array(lon), np.array(lat))
    assert np.abs(np.array(back) - point).max() < 1e-10
    metric = local_metric(lon, lat)
    east, north = np.subtract(metric.points_to_metres(*point), metric.points_to_metres(lon, lat))
    assert 20.0 < np.hypot(east, north) < 1200.0


@given(IN_CHINA)
def test_bd09_inverts_to_the_tolerance(point: tuple[float, float]) -> None:
    lon, lat = to_wgs84(*point, BD09)
    shifted = gcj02.wgs84_to_gcj02(np.array(lon), np.array(lat))
    assert np.abs(np.array(gcj02.gcj02_to_bd09(*shifted)) - point).max() < 1e-10


def test_published_pair_of_the_forward_formulas() -> None:
    # The pair that the test suites of the open implementations carry (Tiananmen).
    lon, lat = gcj02.wgs84_to_gcj02(np.array(116.404), np.array(39.915))
    assert (float(lon), float(lat)) == pytest.approx((116.41024449916938, 39.91640428150164))
    lon, lat = gcj02.gcj02_to_bd09(np.array(116.404), np.array(39.915))
    assert (float(lon), float(lat)) == pytest.approx((116.41036949371029, 39.92133699351021))


def test_geometries_keep_their_kind_and_their_shared_vertices() -> None:
    left, right = shapely.box(118.0, 29.0, 118.1, 29.1), shapely.box(118.1, 29.0, 118.2, 29.1)
    moved = geometry_to_wgs84(np.array([left, right]), GCJ02)
    assert shapely.coverage_is_valid(moved)
    assert not moved[0].equals(left)
    alone = geometry_to_wgs84(left, GCJ02)
    assert isinstance(alone, shapely.Polygon)
    assert alone.equals_exact(moved[0], 0.0)


def test_a_third_dimension_is_dropped() -> None:
    flat = geometry_to_wgs84(
        shapely.from_wkt("POLYGON Z ((118 29 5, 119 29 5, 118 30 5, 118 29 5))"), GCJ02
    )
    assert not flat.has_z


def test_the_local_metric_measures_true() -> None:
    cell = shapely.box(118.3, 29.0, 118.5, 29.2)
    hole = shapely.box(118.35, 29.05, 118.4, 29.1)
    metric = local_metric(*np.array([118.4, 29.1]))
    with_hole = shapely.difference(cell, hole)
    assert metric.to_metres(with_hole).area == pytest.approx(geodesic_area_m2(with_hole), rel=1e-5)
    assert metric.to_degrees(metric.to_metres(cell)).equals_exact(cell, 2e-8)


def test_geodesic_area_of_a_known_quadrangle() -> None:
    # A degree by a degree at the equator: the example of Karney's GeographicLib.
    quad = shapely.box(0, 0, 1, 1)
    assert geodesic_area_m2(quad) == pytest.approx(12_308_778_361.469, abs=0.01)
    assert geodesic_area_m2(quad.reverse()) == geodesic_area_m2(quad)


def test_an_error_survives_a_process_boundary() -> None:
    error = CoordinateError("coordinates.swapped", "Swap them.", "point", {"index": 3})
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert (type(copy), vars(copy)) == (CoordinateError, vars(error))
    assert isinstance(copy, GisError)
