import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder `benchmarks/`. */
export const benchmarksFolder = resolve(dirname(fileURLToPath(import.meta.url)), '..')

/** The folder of the clone. */
export const repositoryFolder = resolve(benchmarksFolder, '..')

/** Git-ignored: what is built, and the folders of runs. */
export const cacheFolder = join(benchmarksFolder, '.cache')

export const resultsFolder = join(benchmarksFolder, 'results')
export const documentFile = join(repositoryFolder, 'docs', 'performance.md')
export const baselineFile = join(benchmarksFolder, 'baseline.json')

/** Node as the servers are run with it. */
export const nodeExecutable = join(repositoryFolder, 'node_modules', '.bin', 'node')
