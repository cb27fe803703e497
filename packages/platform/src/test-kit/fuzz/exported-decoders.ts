import { globSync, readFileSync } from 'node:fs'

const decoderPattern = /^export (?:async )?function ((?:parse|decode|read|find|locate|split)[A-Z]\w*)/gm

/**
 * Names of the exported functions below a folder of source files that read what others wrote, by how they are called:
 * parse, decode, read, find, locate or split something. Sorted.
 */
export function exportedDecoders(folder: string): string[] {
  const names = globSync(`${folder}/**/*.ts`)
    .filter((path) => !path.includes('/test-kit/'))
    .flatMap((path) => [...readFileSync(path, 'utf8').matchAll(decoderPattern)].map((match) => match[1]!))
  return [...new Set(names)].sort()
}
