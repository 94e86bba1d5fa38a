"""Pure geometry: nothing here knows the server, the web or the database.

For callers
    `errors` what is refused · `crs` names, conversion, measuring · `files` reading and writing ·
    `coverage` faults of a set of cells · `locator` which cell holds a point · `testing` samples

Behind them
    `gcj02` the shifted coordinates of Chinese map services · `tangent` a plane in metres ·
    `features` rows, cells and limits · `sources`, `geojson`, `ogr`, `writing` one format each, and
    where it lies · `faults` a fault as a value · `outline`, `tangles` steps of the coverage check

Coordinates are EPSG:4326, longitude first, unless a name or docstring says otherwise.
"""
