/** Makes a basemap ready to be drawn: a PMTiles file is read by ranges, through its own protocol. */
import { addProtocol } from 'maplibre-gl'
import { PMTiles, Protocol } from 'pmtiles'

import type { Ground } from './basemap'
import type { Basemap } from './types'

interface Metadata {
  vector_layers?: { id: string }[]
}

let protocol: Protocol | null = null

export async function prepared(basemap: Basemap): Promise<Ground> {
  if (basemap.format !== 'pmtiles') return { basemap, layers: new Set() }
  const file = new PMTiles(new URL(basemap.address, window.location.origin).href)
  if (!protocol) {
    protocol = new Protocol()
    addProtocol('pmtiles', protocol.tile)
  }
  protocol.add(file)
  const { vector_layers } = (await file.getMetadata()) as Metadata
  return { basemap, layers: new Set(vector_layers?.map(({ id }) => id)) }
}
