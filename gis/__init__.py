"""Pure geometry: nothing here knows the server, the web or the database.

For callers
    `errors` what is refused · `crs` names, conversion, measuring · `files` reading and writing,
    `summary` what a file holds · `killable` work that may be stopped · `coverage` faults of a set
    of cells · `repair` proposals and carrying them out · `arcs` boundaries edited for both sides ·
    `diff` what changed between two coverages · `locator` which cell holds a point · `testing`
    samples

Behind them
    `gcj02` the shifted coordinates of Chinese map services · `tangent` a plane in metres ·
    `areas` of what is straight in degrees · `features` rows, cells and limits · `sources`,
    `geojson`, `esrijson`, `jsonrings`, `ogr`, `writing` one format each, and where it lies ·
    `faults` a fault as a value · `crowding`, `dissolve`, `outline`, `tangles` steps of the
    coverage check

Coordinates are EPSG:4326, longitude first, unless a name or docstring says otherwise.
"""
