import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from './paths.ts'
import { runCommandOrThrow } from './run-command.ts'
import { requireTool } from './tooling.ts'

const fetching = new Map<string, Promise<string>>()

/**
 * The folder with the jars that a pom lists and all that they depend on. Maven fetches them once for each content of the
 * pom; later calls find the folder.
 * @param name the first part of the folder's name in the cache
 */
export function fetchJars(name: string, pom: string): Promise<string> {
  let folder = fetching.get(pom)
  if (folder === undefined) {
    folder = fetchOnce(name, pom)
    fetching.set(pom, folder)
  }
  return folder
}

async function fetchOnce(name: string, pom: string): Promise<string> {
  const hash = createHash('sha256').update(readFileSync(pom)).digest('hex').slice(0, 12)
  const folder = join(cacheFolder, 'jars', `${name}-${hash}`)
  return buildFolderOnce(folder, (unfinished) =>
    runCommandOrThrow(
      requireTool('mvn'),
      ['-q', '-B', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${unfinished}`],
      { timeoutMs: 300_000 },
    ),
  )
}

/**
 * Makes a folder's content unless the folder is there. It gets its name only when it is whole, so that neither an
 * interrupted nor a parallel run leaves half of it.
 */
export async function buildFolderOnce(
  folder: string,
  build: (unfinished: string) => Promise<unknown>,
): Promise<string> {
  if (existsSync(folder)) return folder
  mkdirSync(cacheFolder, { recursive: true })
  const unfinished = mkdtempSync(join(cacheFolder, 'unfinished-'))
  try {
    await build(unfinished)
    mkdirSync(join(folder, '..'), { recursive: true })
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
