import {
  createRouter,
  createWebHistory,
  type RouteLocationNormalized,
  type RouteLocationRaw,
} from 'vue-router'

import type { Role } from '@/api/types'
import { CALLBACK } from '@/login/provider'
import { useDevice } from '@/stores/device'
import { useSession } from '@/stores/session'

declare module 'vue-router' {
  interface RouteMeta {
    /** Which half of the front end a page belongs to; without one it is open to all. */
    side?: 'command' | 'terminal'
    /** The roles without any of which the page is of no use. */
    roles?: readonly Role[]
  }
}

const LOCK = '/terminal/lock'
/** Opened by the code that enrols this device, whoever is signed in. */
const ENROL = '/enrol'

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: '/', redirect: () => '/login' },
    { path: '/login', component: () => import('@/login/LoginPage.vue') },
    { path: ENROL, component: () => import('@/login/EnrolDevicePage.vue') },
    { path: CALLBACK, component: () => import('@/login/LoginPage.vue') },
    {
      path: '/command',
      component: () => import('@/command/CommandPage.vue'),
      meta: { side: 'command' },
    },
    {
      path: '/incidents',
      component: () => import('@/supervision/IncidentsPage.vue'),
      meta: { side: 'command', roles: ['command', 'admin', 'auditor'] },
    },
    {
      path: '/reviews',
      component: () => import('@/supervision/ReviewsPage.vue'),
      meta: { side: 'command', roles: ['command', 'admin', 'auditor'] },
    },
    {
      path: '/logs',
      component: () => import('@/supervision/DayLogPage.vue'),
      meta: { side: 'command', roles: ['command', 'admin', 'auditor'] },
    },
    {
      path: '/handovers',
      component: () => import('@/supervision/HandoversPage.vue'),
      meta: { side: 'command', roles: ['command', 'admin', 'auditor'] },
    },
    {
      path: '/incidents/:id(\\d+)',
      component: () => import('@/supervision/IncidentPage.vue'),
      props: ({ params }) => ({ id: Number(params['id']) }),
      meta: { side: 'command', roles: ['command', 'admin', 'auditor'] },
    },
    {
      path: '/audit',
      component: () => import('@/audit/AuditPage.vue'),
      meta: { side: 'command', roles: ['auditor'] },
    },
    {
      path: '/wall',
      component: () => import('@/wall/WallPage.vue'),
      meta: { side: 'command', roles: ['command', 'admin', 'auditor', 'wall'] },
    },
    {
      path: '/figures',
      component: () => import('@/figures/FiguresPage.vue'),
      meta: { side: 'command', roles: ['command', 'admin', 'auditor'] },
    },
    {
      path: '/map',
      component: () => import('@/map/MapPage.vue'),
      meta: { side: 'command', roles: ['command', 'admin', 'auditor'] },
    },
    {
      path: '/playback',
      component: () => import('@/playback/PlaybackPage.vue'),
      meta: { side: 'command', roles: ['command', 'admin', 'auditor'] },
    },
    {
      path: '/grid',
      component: () => import('@/grid/WorkshopPage.vue'),
      meta: { side: 'command', roles: ['gis_admin'] },
    },
    {
      path: '/exchange',
      component: () => import('@/exchange/ExchangePage.vue'),
      meta: { side: 'command', roles: ['admin'] },
    },
    {
      path: '/duty',
      component: () => import('@/duty/DutyPage.vue'),
      meta: { side: 'command', roles: ['command', 'admin', 'auditor'] },
    },
    {
      path: '/orders',
      component: () => import('@/orders/OrdersPage.vue'),
      meta: { side: 'command', roles: ['command', 'admin', 'auditor'] },
    },
    {
      path: '/bulletins',
      component: () => import('@/bulletins/BulletinsPage.vue'),
      meta: { side: 'command', roles: ['command', 'auditor'] },
    },
    {
      path: '/settings/tables',
      component: () => import('@/tables/TablesPage.vue'),
      meta: { side: 'command', roles: ['admin', 'command', 'auditor'] },
    },
    {
      path: '/settings/places',
      component: () => import('@/places/PlacesPage.vue'),
      meta: { side: 'command', roles: ['gis_admin', 'admin', 'command', 'auditor'] },
    },
    {
      path: '/captures',
      component: () => import('@/captures/CapturesPage.vue'),
      meta: { side: 'command', roles: ['gis_admin', 'command', 'admin', 'auditor'] },
    },
    { path: '/account', component: () => import('@/account/AccountPage.vue') },
    { path: LOCK, component: () => import('@/terminal/LockPage.vue') },
    {
      path: '/settings/accounts',
      component: () => import('@/account/AccountsPage.vue'),
      meta: { side: 'command', roles: ['admin', 'auditor'] },
    },
    {
      path: '/settings/devices',
      component: () => import('@/devices/DevicesPage.vue'),
      meta: { side: 'command', roles: ['admin', 'command'] },
    },
    {
      path: '/terminal',
      component: () => import('@/terminal/TerminalPage.vue'),
      meta: { side: 'terminal' },
      children: [
        { path: '', component: () => import('@/terminal/TaskList.vue') },
        { path: 'map', component: () => import('@/terminal/TerminalMap.vue') },
        { path: 'duty', component: () => import('@/terminal/DutyPage.vue') },
        { path: 'messages', component: () => import('@/terminal/messages/MessagesPage.vue') },
        {
          path: 'messages/:id',
          component: () => import('@/terminal/messages/MessagePage.vue'),
          props: ({ params }) => ({ id: Number(params['id']) }),
        },
        { path: 'bulletins', component: () => import('@/terminal/bulletins/BulletinsPage.vue') },
        {
          path: 'bulletins/:id',
          component: () => import('@/terminal/bulletins/BulletinPage.vue'),
          props: ({ params }) => ({ id: Number(params['id']) }),
        },
        { path: 'capture', component: () => import('@/terminal/capture/CapturePage.vue') },
        { path: 'log', component: () => import('@/terminal/DayLogPage.vue') },
        { path: 'me', component: () => import('@/terminal/MePage.vue') },
        {
          path: 'tasks/:id',
          component: () => import('@/terminal/TaskPage.vue'),
          props: ({ params }) => ({ id: Number(params['id']) }),
        },
      ],
    },
    { path: '/:rest(.*)*', redirect: '/login' },
  ],
})

router.beforeEach(async (to: RouteLocationNormalized) => {
  const session = useSession()
  if (to.path === LOCK || to.path === ENROL || comesBack(to)) return true
  fetchParts(to)
  await session.restore()
  if (!session.account) return unsigned(to)
  return to.path !== '/login' && session.mayOpen(to) ? true : session.home
})

/** From the bureau's identity provider, with an answer that the login page takes. */
function comesBack({ path, query }: RouteLocationNormalized): boolean {
  return path === CALLBACK && query['state'] !== undefined
}

/** What a page is made of comes while the session is asked for; what fails is told by the router. */
function fetchParts({ matched }: RouteLocationNormalized): void {
  for (const { components } of matched) {
    const page = components?.['default'] as (() => Promise<unknown>) | undefined
    if (typeof page === 'function') page().catch(() => undefined)
  }
}

/** Without signal, what this device keeps may be opened; otherwise one signs in. */
function unsigned(to: RouteLocationNormalized): true | RouteLocationRaw {
  const isKept = useSession().unreachable && useDevice().lastAccount() !== null
  if (isKept) return { path: LOCK, query: back(to) }
  return to.path === '/login' ? true : { path: '/login', query: back(to) }
}

function back(to: RouteLocationNormalized): Record<string, string> {
  return to.path === '/' || to.path === '/login' ? {} : { to: to.fullPath }
}
