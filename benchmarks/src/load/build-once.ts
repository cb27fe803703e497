import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { cacheFolder } from '../paths.ts'

/** A name for what is built from the files of a folder: it changes with their content. */
export function contentHash(folder: string, matching: RegExp): string {
  const hash = createHash('sha256')
  for (const name of readdirSync(folder).sort()) {
    if (matching.test(name)) hash.update(`${name}\0`).update(readFileSync(join(folder, name)))
  }
  return hash.digest('hex').slice(0, 12)
}

/** Builds a folder below the cache unless it is there; it gets its name only when it is whole. */
export async function buildOnce(name: string, build: (unfinished: string) => Promise<unknown>): Promise<string> {
  const folder = join(cacheFolder, name)
  if (existsSync(folder)) return folder
  mkdirSync(dirname(folder), { recursive: true })
  const unfinished = mkdtempSync(join(cacheFolder, 'unfinished-'))
  try {
    await build(unfinished)
    try {
      renameSync(unfinished, folder)
    } catch (error) {
      // Another process was faster, and its content is the same.
      if (!existsSync(folder)) throw error
    }
  } finally {
    rmSync(unfinished, { recursive: true, force: true })
  }
  return folder
}
