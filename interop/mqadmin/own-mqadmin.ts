import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Cluster } from '../targets/cluster.ts'
import { interopFolder } from '../targets/paths.ts'

const executable = join(interopFolder, '..', 'apps', 'rocketmq', 'bin', 'rocketmq.mjs')

/** What a command printed to standard output and to standard error, and its exit code. */
interface Ended {
  printed: string
  said: string
  code: number | null
}

/** Runs `rocketmq mqadmin` of this repository for a cluster. */
export function runOwnMqadmin(
  cluster: Pick<Cluster, 'target' | 'namesrvAddr'>,
  args: readonly string[],
): Promise<Ended> {
  return runOwn(cluster, [...args, '-n', cluster.namesrvAddr])
}

/** What it prints of a command, or of all commands. */
export async function ownHelp(cluster: Pick<Cluster, 'target'>, command?: string): Promise<string> {
  return (await runOwn(cluster, command === undefined ? [] : ['help', command])).printed
}

async function runOwn(cluster: Pick<Cluster, 'target'>, args: readonly string[]): Promise<Ended> {
  const home = join(cluster.target.workFolder, 'own')
  mkdirSync(home, { recursive: true })
  const child = spawn(process.execPath, [executable, 'mqadmin', ...args], {
    cwd: home,
    env: { ...process.env, HOME: home },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [printed, said, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  return { printed, said, code }
}
