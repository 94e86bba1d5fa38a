/** The charge of the device, as far as the browser tells it (Chromium does). */
import { onScopeDispose, ref, type Ref } from 'vue'

export interface Charge {
  /** From 0 to 1. */
  level: number
  charging: boolean
}

interface BatteryManager extends EventTarget, Charge {}

/** Null where the browser tells nothing. */
export function useCharge(): Readonly<Ref<Charge | null>> {
  const charge = ref<Charge | null>(null)
  const leaving = new AbortController()
  const { signal } = leaving

  async function follow(): Promise<void> {
    const battery = await (navigator as { getBattery?(): Promise<BatteryManager> }).getBattery?.()
    if (!battery || signal.aborted) return
    const read = () => (charge.value = { level: battery.level, charging: battery.charging })
    read()
    battery.addEventListener('levelchange', read, { signal })
    battery.addEventListener('chargingchange', read, { signal })
  }

  void follow()
  onScopeDispose(() => leaving.abort())
  return charge
}
