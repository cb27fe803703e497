import { execFileSync } from 'node:child_process'
import { cpus, release, totalmem, type } from 'node:os'
import { findTool } from '../../../interop/targets/tooling.ts'
import { nodeExecutable } from '../paths.ts'
import { officialHeapMb } from '../servers/launch.ts'

/** What figures depend on. */
export interface Machine {
  processor: string
  cores: number
  memoryGb: number
  system: string
  node: string
  java: string | undefined
  /** Of the official broker, which gets all of it at its start. */
  heapMb: number
}

export function describeMachine(): Machine {
  const processors = cpus()
  return {
    processor: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memoryGb: Math.round(totalmem() / 1e9),
    system: `${type()} ${release().split('.').slice(0, 2).join('.')}`,
    node: firstLine(nodeExecutable, ['--version']) ?? process.version,
    java: findTool('java') === undefined ? undefined : firstLine('java', ['--version']),
    heapMb: officialHeapMb(),
  }
}

function firstLine(executable: string, args: string[]): string | undefined {
  try {
    return execFileSync(executable, args, { encoding: 'utf8', timeout: 10_000, stdio: ['ignore', 'pipe', 'ignore'] })
      .split('\n')[0]
      ?.trim()
  } catch {
    // A version that cannot be asked for is left out of the description; nothing depends on it.
    return undefined
  }
}
