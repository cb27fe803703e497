import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { repositoryFolder } from './paths.ts'
import { isBrokerReady, isNameServerReady } from './readiness.ts'
import { type ServerCommand, startServer } from './server-process.ts'
import { addressOf, brokerSettings, writeSettings } from './settings.ts'
import type { Target } from './target.ts'

/** The servers of this repository, run from their sources. */
export function ourTarget(workFolder: string): Target {
  mkdirSync(workFolder, { recursive: true })
  return {
    name: 'ours',
    workFolder,
    startNameServer: async ({ port, config }) => {
      const name = `namesrv-${port}`
      const file = join(workFolder, `${name}.conf`)
      writeSettings(file, { ...config })
      const address = `127.0.0.1:${port}`
      return startServer({
        ...ourCommand(workFolder, name, ['namesrv', '-p', String(port), '-c', file]),
        address,
        isReady: () => isNameServerReady(address),
      })
    },
    startBroker: async (options) => {
      const file = join(workFolder, `${options.brokerName}.conf`)
      writeSettings(file, brokerSettings(options))
      const address = addressOf(options)
      return startServer({
        ...ourCommand(workFolder, options.brokerName, ['broker', '-c', file]),
        address,
        isReady: () => isBrokerReady(options.brokerName, address, options.namesrvAddr),
      })
    },
  }
}

function ourCommand(workFolder: string, name: string, args: string[]): Omit<ServerCommand, 'address' | 'isReady'> {
  // A name server keeps its key-value entries in the home folder: one home a server keeps runs apart.
  const home = join(workFolder, 'homes', name)
  mkdirSync(home, { recursive: true })
  return {
    name,
    executable: join(repositoryFolder, 'node_modules', '.bin', 'node'),
    args: [join(repositoryFolder, 'apps', 'rocketmq', 'src', 'main.ts'), ...args],
    cwd: workFolder,
    env: { HOME: home },
    logFile: join(workFolder, 'logs', `${name}.log`),
  }
}
