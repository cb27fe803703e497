import { mkdirSync } from 'node:fs'
import { totalmem } from 'node:os'
import { join } from 'node:path'
import { fetchJars } from '../../../interop/targets/jars.ts'
import { interopFolder } from '../../../interop/targets/paths.ts'
import { isBrokerReady, isNameServerReady } from '../../../interop/targets/readiness.ts'
import { type ServerProcess, startServer } from '../../../interop/targets/server-process.ts'
import { brokerSettings, writeSettings } from '../../../interop/targets/settings.ts'
import type { BrokerOptions, TargetName } from '../../../interop/targets/target.ts'
import { requireTool } from '../../../interop/targets/tooling.ts'
import { nodeExecutable, repositoryFolder } from '../paths.ts'

/** How ours is run beyond the ordinary. */
export interface LaunchOptions {
  /** Arguments of Node, such as `--cpu-prof`. */
  nodeArguments?: string[]
  environment?: Record<string, string>
}

interface Launch {
  executable: string
  args: string[]
  cwd: string
  env: Record<string, string>
}

/** Reflective access that the official servers need on Java 17. */
const openModules = [
  'opens=java.base/java.nio',
  'opens=java.base/sun.nio.ch',
  'opens=java.base/java.lang',
  'opens=java.base/jdk.internal.ref',
  'exports=java.base/sun.nio.ch',
  'exports=java.base/jdk.internal.ref',
  'exports=java.base/jdk.internal.util.random',
].map((access) => `--add-${access}=ALL-UNNAMED`)

/** 4 GiB, or a third of the memory of a machine that has less than 12. */
export function officialHeapMb(totalBytes = totalmem()): number {
  return Math.min(4096, Math.floor(totalBytes / 3 / 2 ** 20))
}

/** Settings of the official broker's virtual machine that its own start script has, but for the size of the heap. */
function brokerJvm(): string[] {
  const heap = officialHeapMb()
  return [
    '-server',
    `-Xms${heap}m`,
    `-Xmx${heap}m`,
    '-XX:+UseG1GC',
    '-XX:G1HeapRegionSize=16m',
    '-XX:+AlwaysPreTouch',
    '-XX:MaxDirectMemorySize=8g',
  ]
}

/** Starts a name server and waits until it accepts connections. */
export async function launchNameServer(target: TargetName, port: number, folder: string): Promise<ServerProcess> {
  const name = `namesrv-${port}`
  const file = join(folder, `${name}.conf`)
  writeSettings(file, target === 'ours' ? {} : { listenPort: String(port) })
  const address = `127.0.0.1:${port}`
  const launch =
    target === 'ours'
      ? ourLaunch(folder, ['namesrv', '-p', String(port), '-c', file])
      : await officialLaunch(folder, name, ['-Xms64m', '-Xmx512m'], 'namesrv.NamesrvStartup', file)
  return startServer({
    ...launch,
    name,
    address,
    logFile: join(folder, 'logs', `${name}.log`),
    isReady: () => isNameServerReady(address),
  })
}

/** Starts a broker and waits until name servers list it. */
export async function launchBroker(
  target: TargetName,
  options: BrokerOptions,
  folder: string,
  launchOptions: LaunchOptions = {},
): Promise<ServerProcess> {
  const name = options.brokerName
  const file = join(folder, `${name}.conf`)
  writeSettings(file, brokerSettings(options))
  const address = `127.0.0.1:${options.listenPort}`
  const launch =
    target === 'ours'
      ? ourLaunch(folder, ['broker', '-c', file], launchOptions)
      : await officialLaunch(folder, name, brokerJvm(), 'broker.BrokerStartup', file)
  return startServer({
    ...launch,
    name,
    address,
    logFile: join(folder, 'logs', `${name}.log`),
    isReady: () => isBrokerReady(name, address, options.namesrvAddr),
  })
}

/** Starts ours with a name server and several brokers in one process; returns the process and the brokers' addresses. */
export async function launchCluster(
  folder: string,
  brokers: number,
  ports: { nameServer: number; firstBroker: number },
): Promise<{ process: ServerProcess; addresses: string[] }> {
  const name = `cluster-of-${brokers}`
  const addresses = Array.from({ length: brokers }, (_, index) => `127.0.0.1:${ports.firstBroker + 10 * index}`)
  const options = {
    data: join(folder, 'data'),
    'namesrv-port': ports.nameServer,
    'broker-port': ports.firstBroker,
    brokers,
  }
  const args = Object.entries(options).flatMap(([key, value]) => [`--${key}`, String(value)])
  const process = await startServer({
    ...ourLaunch(folder, ['start', ...args]),
    name,
    address: addresses[0]!,
    logFile: join(folder, 'logs', `${name}.log`),
    isReady: async () => {
      for (const address of addresses) {
        const ready = await isNameServerReady(address)
        if (ready !== true) return ready
      }
      return true
    },
  })
  return { process, addresses }
}

function ourLaunch(cwd: string, args: string[], { nodeArguments = [], environment = {} }: LaunchOptions = {}): Launch {
  mkdirSync(cwd, { recursive: true })
  const main = join(repositoryFolder, 'apps', 'rocketmq', 'src', 'main.ts')
  return { executable: nodeExecutable, args: [...nodeArguments, main, ...args], cwd, env: environment }
}

async function officialLaunch(
  folder: string,
  name: string,
  jvm: string[],
  mainClass: string,
  settingsFile: string,
): Promise<Launch> {
  const lib = await fetchJars('official-servers', join(interopFolder, 'official-servers', 'pom.xml'))
  // The servers write logs and locks below user.home; one home a server keeps them apart.
  const home = join(folder, 'home', name)
  mkdirSync(home, { recursive: true })
  const classPath = ['-cp', join(lib, '*'), `org.apache.rocketmq.${mainClass}`]
  return {
    executable: requireTool('java'),
    args: [...openModules, ...jvm, `-Duser.home=${home}`, ...classPath, '-c', settingsFile],
    cwd: home,
    env: { ROCKETMQ_HOME: home },
  }
}
