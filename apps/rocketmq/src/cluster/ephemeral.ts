import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { ClusterOptions } from './plan-cluster.ts'

/**
 * A cluster that leaves nothing behind: its folder is removed when this process ends, unless it is killed.
 * @param isGiven whether the user has set an option
 * @returns the options that follow
 */
export function ephemeral(isGiven: (name: string) => boolean): Partial<ClusterOptions> {
  const data = fs.mkdtempSync(path.join(os.tmpdir(), 'rocketmq-'))
  process.once('exit', () => fs.rmSync(data, { recursive: true, force: true }))
  return {
    data,
    ...(isGiven('namesrvPort') ? {} : { namesrvPort: 0 }),
    ...(isGiven('brokerPort') ? {} : { brokerPort: 0 }),
  }
}
