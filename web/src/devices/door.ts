/** What the pages of devices ask of the server. */
import { api, ask } from '@/api/client'
import type { Code, Device, Wanted } from './types'

const DEVICES = '/api/v1/devices'
const of = (id: number) => ({ path: { device_id: id } })

/** The first `limit` of the devices within one's scope, the last heard of first; is there more? */
export async function devices(wanted: Wanted, limit: number): Promise<{ items: Device[]; more: boolean }> {
  const query = {
    limit,
    unit: wanted.unit || undefined,
    state: wanted.state || undefined,
    words: wanted.words.trim() || undefined,
  }
  const page = await ask(api.GET(DEVICES, { params: { query } }))
  return { items: page.items, more: page.next !== null }
}

export async function ownDevices(): Promise<Device[]> {
  return (await ask(api.GET(`${DEVICES}/mine`))).items
}

export function revoke(id: number, reason: string): Promise<Device> {
  return ask(api.POST(`${DEVICES}/{device_id}/revoke`, { params: of(id), body: { reason } }))
}

/** Makes a code by which one device of the account is enrolled. */
export function makeCode(username: string): Promise<Code> {
  return ask(api.POST(`${DEVICES}/codes`, { body: { username } }))
}

export function admit(id: number): Promise<Device> {
  return ask(api.POST(`${DEVICES}/{device_id}/admit`, { params: of(id) }))
}
