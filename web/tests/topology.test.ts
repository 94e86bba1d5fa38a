import { describe, expect, it } from 'vitest'

import { contains, shareWithin, widened, type Bounds } from '@/grid/bounds'
import { changeOf, mayStand, movedArcs } from '@/grid/drawing'
import { estimated } from '@/grid/estimates'
import { cellsUnder } from '@/grid/ground'
import { degreesOf, restsOf, snapped } from '@/grid/snapping'
import { keepsEnds, redrawn, replacement, restored, rounded, stretchAround } from '@/grid/stretch'
import {
  applied,
  arcFeatures,
  cellsBeside,
  faceAreaM2,
  faceFeatures,
  neighboursOf,
  previewAreas,
  ringsOf,
} from '@/grid/topology'
import type { EditResult, Line, Point, Topology } from '@/grid/types'

// Two squares side by side: arc 0 is their boundary, 1 goes around the left one, 2 around the right.
const SHARED: Line = [
  [118.41, 29.1],
  [118.41, 29.103333333333337],
  [118.41, 29.106666666666673],
  [118.41, 29.11],
]
const topology: Topology = {
  revision: 1,
  outline: [1, 2],
  arcs: {
    '0': SHARED,
    '1': [
      [118.41, 29.11],
      [118.4, 29.11],
      [118.4, 29.1],
      [118.41, 29.1],
    ],
    '2': [
      [118.41, 29.1],
      [118.42, 29.1],
      [118.42, 29.11],
      [118.41, 29.11],
    ],
  },
  nodes: { '0': [0, 2, ~1], '1': [1, ~0, ~2] },
  faces: { '0': { cells: ['W'], rings: [[0, 1]] }, '1': { cells: ['E'], rings: [[2, ~0]] } },
  cells: {
    W: { name: 'West', station: '01', area_m2: 1_078_895, households: 10, calls: 3 },
    E: { name: 'East', station: '02', area_m2: 1_078_895, calls: 4 },
  },
}
const stretch = stretchAround('0', SHARED, [118.41, 29.104])

function drag(index: number, to: Point): Line {
  return rounded(stretch.coords).map((point, i) => (i === index ? to : point))
}

describe('a draft as shared arcs', () => {
  it('gives each face closed rings, turning arcs that run backwards', () => {
    const [ring] = ringsOf(topology, '1')
    expect(ring).toHaveLength(7)
    expect(ring![0]).toEqual(ring!.at(-1))
    expect(ring![4]).toEqual(SHARED[2])
  })

  it('knows whose a face is, and which arcs are the outline', () => {
    const gap = { ...topology, faces: { ...topology.faces, '1': { cells: [], rings: [[2, ~0]] } } }
    expect(faceFeatures(gap).features.map(({ properties }) => properties.code)).toEqual(['W', ''])
    expect(arcFeatures(topology).map((each) => each.properties!['outline'])).toEqual([
      false,
      true,
      true,
    ])
    expect(neighboursOf(gap, '1')).toEqual(['W'])
  })

  it('takes over what an edit changed, and lets go of what is gone', () => {
    const result: EditResult = {
      revision: 2,
      edit: { id: 1, verb: 'merge_cells', text: '', area_change_m2: {}, undone: false },
      reload: false,
      outline: [],
      arcs: { '0': null },
      nodes: { '0': null },
      faces: { '1': null, '0': { cells: ['W'], rings: [[1, 2]] } },
      cells: { E: null },
    }
    const after = applied(topology, result)
    expect(Object.keys(after.arcs)).toEqual(['1', '2'])
    expect(Object.keys(after.faces)).toEqual(['0'])
    expect(Object.keys(after.cells)).toEqual(['W'])
    expect(after.arcs['1']).toBe(topology.arcs['1'])
    expect(after.outline).toEqual([1, 2])
    expect(faceAreaM2(after, '0')).toBeCloseTo(
      faceAreaM2(topology, '0') + faceAreaM2(topology, '1'),
      3,
    )
  })
})

describe('a stretch in the hand', () => {
  it('is what lies around the place, no more', () => {
    const line: Line = Array.from({ length: 100 }, (_, i) => [118 + i / 1000, 29])
    const { first, last, coords } = stretchAround('7', line, [118.0502, 29.0001], 3)
    expect([first, last]).toEqual([47, 54])
    expect(coords).toEqual(line.slice(47, 55))
  })

  it('keeps the doubles of what was not moved', () => {
    const to: Point = [118.411, 29.1034]
    expect(restored(stretch.coords, drag(1, to))).toEqual([SHARED[0], to, SHARED[2], SHARED[3]])
  })

  it('becomes the least replacement', () => {
    const to: Point = [118.411, 29.1034]
    expect(changeOf(topology, stretch, drag(1, to))).toEqual({
      verb: 'replace_stretch',
      arc: 0,
      first: 0,
      last: 2,
      coords: [to],
    })
    expect(changeOf(topology, stretch, rounded(stretch.coords))).toBeNull()
  })

  it('may have vertices put in and taken out', () => {
    const points = rounded(stretch.coords)
    const added: Point = [118.4105, 29.105]
    const more = [...points.slice(0, 2), added, ...points.slice(2)]
    expect(replacement(stretch, more)).toMatchObject({ first: 1, last: 2, coords: [added] })
    const fewer = points.filter((_, index) => index !== 1)
    expect(replacement(stretch, fewer)).toMatchObject({ first: 0, last: 2, coords: [] })
  })

  it('moves a node with all its arcs', () => {
    const to: Point = [118.4101, 29.1102]
    expect(changeOf(topology, stretch, drag(3, to))).toEqual({
      verb: 'move_node',
      node: 1,
      lon: to[0],
      lat: to[1],
    })
  })

  it('has its ends held where the arc goes on', () => {
    const line: Line = Array.from({ length: 20 }, (_, i) => [118 + i / 1000, 29])
    const part = stretchAround('7', line, [118.0101, 29], 2)
    const drawn = rounded(part.coords)
    expect(keepsEnds(part, line.length, drawn)).toBe(true)
    expect(keepsEnds(part, line.length, [[118, 30], ...drawn.slice(1)])).toBe(false)
    expect(keepsEnds(stretch, SHARED.length, drag(0, [118.411, 29.1]))).toBe(true)
    expect(mayStand(topology, stretch, drag(0, [118.411, 29.1]))).toBe(true)
    const partly = { ...topology, nodes: { '1': topology.nodes['1']! } }
    expect(mayStand(partly, stretch, drag(0, [118.411, 29.1]))).toBe(false)
  })

  it('shows what both neighbours would measure', () => {
    const still = previewAreas(topology, movedArcs(topology, stretch, rounded(stretch.coords)))
    for (const { before, after } of still) expect(after).toBeCloseTo(before, 2)
    const [west, east] = previewAreas(topology, movedArcs(topology, stretch, drag(1, [118.411, 29.1033])))
    expect(west!.after - west!.before).toBeGreaterThan(10_000)
    expect(west!.after - west!.before).toBeCloseTo(east!.before - east!.after, 4)
    expect([west!.households, east!.households, east!.calls]).toEqual([10, null, 4])
  })

  it('is replaced by a line drawn from boundary to boundary, whichever way', () => {
    const [west, through]: Point[] = [[118.41, 29.1], [118.412, 29.104]]
    const between: Point = [118.4101, 29.105]
    const forwards = redrawn('0', SHARED, [west!, through!, between])
    expect(forwards).toMatchObject({ verb: 'replace_stretch', arc: 0, first: 0, last: 2 })
    expect(forwards.coords).toEqual([through, [118.41, 29.105]])
    expect(redrawn('0', SHARED, [between, through!, west!])).toEqual(forwards)
    const whole = redrawn('0', SHARED, [SHARED[1]!, through!, SHARED[2]!])
    expect(whole).toMatchObject({ first: 0, last: 2, coords: [SHARED[1], through] })
  })
})

describe('a hand that comes near', () => {
  const lines = [SHARED]
  const reach = 0.0002

  it('is drawn to a vertex first, then to a line, bit for bit', () => {
    const magnets = { vertices: SHARED, lines }
    expect(snapped(magnets, [118.4101, 29.1034], reach)).toBe(SHARED[1])
    expect(snapped(magnets, [118.4101, 29.105], reach)).toEqual([118.41, 29.105])
    expect(snapped(magnets, [118.4103, 29.105], reach)).toBeNull()
  })

  it('lets a dragged vertex rest where it was, or in line with its neighbours', () => {
    const line = drag(1, [118.42, 29.104])
    const magnets = restsOf(stretch, line, 1)
    expect(snapped(magnets, [118.4101, 29.1034], reach)).toEqual(rounded(SHARED)[1])
    expect(snapped(magnets, [118.4101, 29.105], reach)).toEqual([118.41, 29.105])
    expect(restsOf(stretch, line, 0).lines).toEqual([])
  })

  it('measures its reach by the scale of the map', () => {
    expect(degreesOf(10, 10, 29)).toBeCloseTo(2 * degreesOf(10, 11, 29), 12)
    expect(degreesOf(512, 0, 0)).toBeCloseTo(360, 9)
  })
})

describe('what of a large draft is in view', () => {
  const view: Bounds = [118, 29, 119, 30]

  it('is reckoned by its share of the ground', () => {
    expect(shareWithin([118, 28, 120, 30], view)).toBe(0.25)
    expect(shareWithin([100, 0, 101, 1], view)).toBe(0)
  })

  it('is loaded with ground around it', () => {
    expect(widened(view)).toEqual([117.5, 28.5, 119.5, 30.5])
    expect(contains(widened(view), view)).toBe(true)
    expect(contains(view, widened(view))).toBe(false)
  })
})

describe('ground that is drawn around', () => {
  it('names the cell in its middle first, then what it reaches into', () => {
    const ring: Line = [
      [118.409, 29.102],
      [118.418, 29.102],
      [118.418, 29.105],
      [118.409, 29.105],
      [118.409, 29.102],
    ]
    expect(cellsUnder(topology, ring)).toEqual(['E', 'W'])
    expect(cellsUnder(topology, ring.map(([lon, lat]) => [lon + 1, lat]))).toEqual([])
    expect(cellsBeside(topology, 'E')).toEqual(['W'])
  })
})

describe('households and calls under the hand', () => {
  const cell = { name: '', households: 100, calls: 8 }
  const grows = { ...cell, code: 'W', before: 1000, after: 1250 }
  const shrinks = { ...cell, code: 'E', before: 1000, after: 750 }

  it('pass over with the ground', () => {
    expect(estimated([grows, shrinks], 'households')).toEqual([125, 75])
    expect(estimated([grows, { ...shrinks, after: 1000 }], 'calls')).toEqual([8, 8])
  })

  it('are not known where those of the giver are not', () => {
    expect(estimated([grows, { ...shrinks, households: null }], 'households')).toEqual([100, null])
  })
})
