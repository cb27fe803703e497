import os from 'node:os'
import type { Platform } from '@rocketmq-ts/platform'
import type { SettingsEnvironment } from '@rocketmq-ts/settings'

/** What the defaults of settings depend on, read from this machine. */
export function readEnvironment({ network }: Pick<Platform, 'network'>): SettingsEnvironment {
  return {
    hostName: network.hostName(),
    localAddress: network.localAddress(),
    homeFolder: os.homedir(),
    variables: process.env,
    processors: os.availableParallelism(),
  }
}
