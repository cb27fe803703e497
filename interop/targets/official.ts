import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fetchJars } from './jars.ts'
import { interopFolder } from './paths.ts'
import { isBrokerReady, isNameServerReady } from './readiness.ts'
import { type ServerCommand, startServer } from './server-process.ts'
import { addressOf, brokerSettings, writeSettings } from './settings.ts'
import type { Target } from './target.ts'
import { requireTool } from './tooling.ts'

/** The reflective access that the servers need on Java 17. */
export const openModules = [
  '--add-opens=java.base/java.nio=ALL-UNNAMED',
  '--add-opens=java.base/sun.nio.ch=ALL-UNNAMED',
  '--add-opens=java.base/java.lang=ALL-UNNAMED',
  '--add-opens=java.base/jdk.internal.ref=ALL-UNNAMED',
  '--add-exports=java.base/sun.nio.ch=ALL-UNNAMED',
  '--add-exports=java.base/jdk.internal.ref=ALL-UNNAMED',
  '--add-exports=java.base/jdk.internal.util.random=ALL-UNNAMED',
]

/** A broker that starts on a busy machine is slow at first: by default it refuses what waited 200 ms. */
const patience = { waitTimeMillsInSendQueue: '10000' }

/** The official servers of `official-servers/pom.xml`, run with the machine's Java. */
export function officialTarget(workFolder: string): Target {
  return {
    name: 'official',
    workFolder,
    startNameServer: async ({ port, config }) => {
      const name = `namesrv-${port}`
      const file = join(workFolder, `${name}.conf`)
      writeSettings(file, { listenPort: String(port), ...config })
      const address = `127.0.0.1:${port}`
      return startServer({
        ...(await javaCommand(
          workFolder,
          name,
          ['-Xms64m', '-Xmx256m'],
          'org.apache.rocketmq.namesrv.NamesrvStartup',
          file,
        )),
        address,
        isReady: () => isNameServerReady(address),
      })
    },
    startBroker: async (options) => {
      const file = join(workFolder, `${options.brokerName}.conf`)
      writeSettings(file, { ...patience, ...brokerSettings(options) })
      const address = addressOf(options)
      const heap = ['-Xms512m', '-Xmx512m', '-XX:MaxDirectMemorySize=1g']
      return startServer({
        ...(await javaCommand(workFolder, options.brokerName, heap, 'org.apache.rocketmq.broker.BrokerStartup', file)),
        address,
        isReady: () => isBrokerReady(options.brokerName, address, options.namesrvAddr),
      })
    },
  }
}

async function javaCommand(
  workFolder: string,
  name: string,
  heap: string[],
  mainClass: string,
  settingsFile: string,
): Promise<Omit<ServerCommand, 'address' | 'isReady'>> {
  const lib = await fetchJars('official-servers', join(interopFolder, 'official-servers', 'pom.xml'))
  // The servers write logs and locks below user.home; one home a server keeps them apart.
  const home = join(workFolder, 'home', name)
  mkdirSync(home, { recursive: true })
  return {
    name,
    executable: requireTool('java'),
    args: [
      ...openModules,
      ...heap,
      '-XX:TieredStopAtLevel=1',
      '-XX:+UseSerialGC',
      `-Duser.home=${home}`,
      '-cp',
      join(lib, '*'),
      mainClass,
      '-c',
      settingsFile,
    ],
    cwd: home,
    env: { ROCKETMQ_HOME: home },
    logFile: join(workFolder, 'logs', `${name}.log`),
  }
}
