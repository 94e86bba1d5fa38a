import { describe, expect, it } from 'vitest'

import en from '@/locales/en.json'
import zhCN from '@/locales/zh-CN.json'

interface Texts {
  [key: string]: string | Texts
}

function keysOf(texts: Texts, prefix = ''): string[] {
  return Object.entries(texts).flatMap(([key, value]) =>
    typeof value === 'string' ? [prefix + key] : keysOf(value, `${prefix}${key}.`),
  )
}

function parametersOf(texts: Texts): Record<string, string[]> {
  const at = (key: string) =>
    key.split('.').reduce<string | Texts>((node, part) => (node as Texts)[part]!, texts) as string
  return Object.fromEntries(
    keysOf(texts).map((key) => [key, [...new Set(at(key).match(/\{\w+\}/g))].sort()]),
  )
}

describe('the language files', () => {
  it('have the same keys', () => {
    expect(keysOf(en).sort()).toEqual(keysOf(zhCN).sort())
  })

  it('have the same parameters at each key', () => {
    expect(parametersOf(en)).toEqual(parametersOf(zhCN))
  })
})
