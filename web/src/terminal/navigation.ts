/** Links that hand a place over to a map app; pure. Only the place goes along, never what happened. */
import { gcj02ToBd09, wgs84ToGcj02, type LonLat } from '@/base/shifted'

export const MAP_APPS = ['amap', 'baidu', 'tencent', 'other'] as const
export type MapApp = (typeof MAP_APPS)[number]

/** A tenth of a metre; more digits are only longer. */
const DIGITS = 6
const CALLER = 'gridserver'

/** The link that opens an app with the way to a place (WGS84), driving. */
export function wayTo(app: MapApp, place: { lon: number; lat: number }): string {
  const wgs84: LonLat = [place.lon, place.lat]
  switch (app) {
    case 'amap': {
      const [lon, lat] = said(wgs84ToGcj02(wgs84))
      return `amapuri://route/plan/?sourceApplication=${CALLER}&dlat=${lat}&dlon=${lon}&dev=0&t=0`
    }
    case 'baidu': {
      const [lon, lat] = said(gcj02ToBd09(wgs84ToGcj02(wgs84)))
      return `baidumap://map/direction?destination=${lat},${lon}&coord_type=bd09ll&mode=driving&src=${CALLER}`
    }
    case 'tencent': {
      const [lon, lat] = said(wgs84ToGcj02(wgs84))
      return `qqmap://map/routeplan?type=drive&tocoord=${lat},${lon}&referer=${CALLER}`
    }
    default: {
      // RFC 5870: WGS84, latitude first; the query makes Android's apps set a mark.
      const [lon, lat] = said(wgs84)
      return `geo:${lat},${lon}?q=${lat},${lon}`
    }
  }
}

function said([lon, lat]: LonLat): [string, string] {
  return [lon.toFixed(DIGITS), lat.toFixed(DIGITS)]
}
