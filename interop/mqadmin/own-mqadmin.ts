import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Cluster } from '../targets/cluster.ts'
import { interopFolder } from '../targets/paths.ts'

const executable = join(interopFolder, '..', 'apps', 'rocketmq', 'bin', 'rocketmq.mjs')

/** What `rocketmq mqadmin` of this repository prints for a cluster: to standard output, to standard error, and its exit code. */
export async function runOwnMqadmin(
  cluster: Pick<Cluster, 'target' | 'namesrvAddr'>,
  args: readonly string[],
): Promise<{ printed: string; said: string; code: number | null }> {
  const home = join(cluster.target.workFolder, 'own')
  mkdirSync(home, { recursive: true })
  const child = spawn(process.execPath, [executable, 'mqadmin', ...args, '-n', cluster.namesrvAddr], {
    cwd: home,
    env: { ...process.env, HOME: home },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [printed, said, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  return { printed, said, code }
}
