/** What the service worker serves and keeps, by address; pure. */

/** Pages that open without signal; the desk's never do. */
export const TERMINAL_PAGES = /^\/(terminal(\/.*)?|login)?$/

const TILE = /^\/tiles\/grid\/\d+\/\d+\/\d+\.mvt$/

/** Answers that are the same for every account. */
const COMMON: readonly RegExp[] = [
  /^\/api\/v1\/bureau$/,
  /^\/api\/v1\/categories$/,
  /^\/api\/v1\/units$/,
  /^\/api\/v1\/grid\/(outline|neighbours)$/,
  /^\/api\/v1\/grid\/versions\/[^/]+\/cells$/,
]

/** A tile whose address names the edition, so that it never holds another. */
export function isTile({ pathname, searchParams }: URL): boolean {
  return TILE.test(pathname) && searchParams.has('v')
}

export function isTileDescription({ pathname }: URL): boolean {
  return pathname === '/tiles/grid.json'
}

export function isCommonAnswer({ pathname }: URL): boolean {
  return COMMON.some((address) => address.test(pathname))
}
