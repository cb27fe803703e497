import { globSync, readFileSync } from 'node:fs'

const decoderPattern = /^export (?:async )?function ((?:parse|decode|read|find|locate|split)[A-Z]\w*)/gm

/**
 * Names, sorted, of the exported functions in a folder of source files that read foreign data. They are told by their
 * names, which begin with parse, decode, read, find, locate or split.
 */
export function exportedDecoders(folder: string): string[] {
  const names = globSync(`${folder}/**/*.ts`)
    .filter((path) => !path.includes('/test-kit/'))
    .flatMap((path) => [...readFileSync(path, 'utf8').matchAll(decoderPattern)].map((match) => match[1]!))
  return [...new Set(names)].sort()
}
