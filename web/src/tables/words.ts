/** How the tables' values are said. */
import { useI18n } from 'vue-i18n'

import type { Unit } from '@/api/types'
import { categoryName, unitName } from '@/common/names'
import { useBureau } from '@/stores/bureau'
import { measureWords } from './measure'
import type { Column } from './types'

/** The words for a value of a column; codes without words of their own stay as they are. */
export function useWords(units: () => readonly Unit[]) {
  const { t, te, locale } = useI18n()
  const bureau = useBureau()

  function choice(code: string, first = 'route'): string {
    const key = [first, 'route', 'step', 'hours', 'tables.parameter', 'tables.scope', 'tables.class', 'tables.interval', 'tables.switch']
      .map((section) => `${section}.${code}`)
      .find((each) => te(each))
    return key ? t(key) : code
  }

  function unit(code: string): string {
    const known = units().find((each) => each.code === code)
    return known ? unitName(known, locale.value) : code
  }

  function word(column: Pick<Column, 'kind' | 'measure'>, value: unknown): string {
    if (value === null || value === undefined) return '—'
    if (Array.isArray(value)) return value.map((each) => choice(String(each), 'step')).join(' → ')
    const text = String(value)
    if (column.kind === 'category') {
      const known = bureau.categories.find((each) => each.code === text)
      return known ? categoryName(known, locale.value) : text
    }
    if (column.kind === 'unit') return unit(text)
    if (column.kind === 'scope') return te(`tables.scope.${text}`) ? t(`tables.scope.${text}`) : unit(text)
    if (column.kind === 'choice') return choice(text)
    return column.measure ? measureWords(Number(value), column.measure, locale.value) : text
  }

  return { word, choice, unit }
}
