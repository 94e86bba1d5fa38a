/** Which of the built files the handheld needs to open without signal; pure. */

/** A built file, as far as it is looked at here. */
export interface Built {
  type: 'chunk' | 'asset'
  facadeModuleId?: string | null
  isEntry?: boolean
  imports?: readonly string[]
  dynamicImports?: readonly string[]
  viteMetadata?: { importedCss: Set<string>; importedAssets: Set<string> }
}

export type Bundle = Readonly<Record<string, Built>>

/** Pages and parts that load lazily and belong to the handheld, by where their sources lie. */
const ROOMS = /\/src\/(terminal|login|live|map|worker)\//

/**
 * The names of the files that the entry `index.html` and every lazy part of the handheld need,
 * style sheets and assets included.
 */
export function terminalFiles(bundle: Bundle): Set<string> {
  const wanted = new Set<string>()
  const waiting = Object.keys(bundle).filter((name) => isRoot(bundle[name]!))
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const chunk = bundle[name]
    if (wanted.has(name) || !chunk) continue
    wanted.add(name)
    waiting.push(...(chunk.imports ?? []))
    for (const file of chunk.viteMetadata?.importedCss ?? []) wanted.add(file)
    for (const file of chunk.viteMetadata?.importedAssets ?? []) wanted.add(file)
  }
  return wanted
}

function isRoot({ facadeModuleId, isEntry }: Built): boolean {
  const source = facadeModuleId ?? ''
  return (isEntry === true && source.endsWith('/index.html')) || ROOMS.test(source)
}
