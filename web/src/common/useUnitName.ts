import { useBureau } from '@/stores/bureau'

/** What a unit is called in the language of the page, as far as its name in it is known. */
export function useUnitName(): (unit: { code: string; name: string }) => string {
  const bureau = useBureau()
  return ({ code, name }) => bureau.stationNames[code] ?? (code === bureau.bureau?.code ? bureau.name : name)
}
