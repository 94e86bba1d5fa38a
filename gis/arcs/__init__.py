"""The coverage as shared arcs and nodes: an edit of a boundary is one for both sides of it.

`ArcCoverage.from_cells` takes cells apart; the edits return another `ArcCoverage` and an `Edit`;
`ArcCoverage.polygons` puts the cells together again. Within:

===============  ==================================================================
``planar``       signed arcs around nodes, and the faces between them
``noding``       boundaries of cells as linework
``draft``        a working copy, on which one edit is carried out
``index``        which arcs are near
``coverage``     the coverage as a value; undo and redo
``checks``       what an edit must not do
``edits``        moving a boundary
``cuts``         cutting faces along a line
``transfers``    giving ground to another cell
``topology``     JSON
===============  ==================================================================
"""

from gis.arcs.coverage import ArcCoverage, Edit
from gis.arcs.draft import Face
from gis.arcs.edits import insert_vertex, move_node, move_vertex, remove_vertex, replace_stretch
from gis.arcs.planar import OUTSIDE, Arc
from gis.arcs.topology import edit_from_json, edit_to_json, from_topology, to_topology
from gis.arcs.transfers import assign_face, merge_cells, move_area, rename_cell, split_cell

__all__ = [
    "OUTSIDE",
    "Arc",
    "ArcCoverage",
    "Edit",
    "Face",
    "assign_face",
    "edit_from_json",
    "edit_to_json",
    "from_topology",
    "insert_vertex",
    "merge_cells",
    "move_area",
    "move_node",
    "move_vertex",
    "remove_vertex",
    "rename_cell",
    "replace_stretch",
    "split_cell",
    "to_topology",
]
