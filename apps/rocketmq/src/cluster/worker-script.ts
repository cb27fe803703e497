import { createRequire } from 'node:module'
import type { WorkerOptions } from 'node:worker_threads'

/** What a thread runs. */
export interface WorkerScript {
  /** A file, or with `eval` a program. */
  readonly script: URL | string
  readonly options?: Pick<WorkerOptions, 'eval'>
}

/**
 * The thread of a broker. It is found by `imports` of package.json: it is elsewhere once the package is built. The single
 * executable has another file in the place of this one, which takes the program from itself.
 */
export function brokerWorkerScript(): WorkerScript {
  return { script: createRequire(import.meta.url).resolve('#broker-worker') }
}
