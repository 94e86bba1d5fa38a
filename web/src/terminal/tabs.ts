/** The tabs of the handheld, in their order; each room adds its own with its page. */
import type { IconName } from '@/common/AppIcon.vue'

export interface Tab {
  path: string
  name: string
  icon: IconName
}

export const TABS: readonly Tab[] = [
  { path: '/terminal', name: 'tasks', icon: 'list' },
  { path: '/terminal/map', name: 'map', icon: 'map' },
  { path: '/terminal/messages', name: 'messages', icon: 'bell' },
  { path: '/terminal/bulletins', name: 'bulletins', icon: 'shield' },
  { path: '/terminal/duty', name: 'duty', icon: 'calendar' },
  { path: '/terminal/me', name: 'me', icon: 'person' },
]
