import { mkdirSync, mkdtempSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder `interop/`. */
export const interopFolder = resolve(dirname(fileURLToPath(import.meta.url)), '..')

/** The folder of the clone. */
export const repositoryFolder = resolve(interopFolder, '..')

/** Git-ignored: fetched jars, compiled classes, and the folders of runs. */
export const cacheFolder = join(interopFolder, '.cache')

/**
 * A new, empty folder for one run (stores, settings, logs), below the cache folder.
 * @param label the first part of the folder's name, to recognise the run by
 */
export function createWorkFolder(label: string): string {
  const runs = join(cacheFolder, 'runs')
  mkdirSync(runs, { recursive: true })
  return mkdtempSync(join(runs, `${label}-`))
}
