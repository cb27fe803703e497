import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { openTarget } from '../targets/cluster.ts'
import { createWorkFolder, repositoryFolder } from '../targets/paths.ts'
import { allocateBrokerPort, allocateNameServerPort } from '../targets/ports.ts'
import { isBrokerReady } from '../targets/readiness.ts'
import { type ServerProcess, startServer } from '../targets/server-process.ts'
import { brokerSettings, writeSettings } from '../targets/settings.ts'
import { SmallDisk } from './small-disk.ts'

export const diskBytes = 64 * 1024 * 1024

/** Files and tables that fit. */
const smallFiles = {
  mappedFileSizeCommitLog: String(2 * 1024 * 1024),
  mappedFileSizeConsumeQueue: String(20 * 1000),
  maxHashSlotNum: '1000',
  maxIndexNum: '20000',
  // Looks at the disk, and writes of the config files, within the time of a test.
  cleanResourceInterval: '200',
  flushConsumerOffsetInterval: '500',
  cleanFileForciblyEnable: 'false',
}

/** Our broker, its store on a disk of its own. */
export interface SmallDiskBroker {
  readonly disk: SmallDisk
  readonly server: ServerProcess
  /** host:port of its name server. */
  readonly nameServer: string
  /** Lines of its log so far that match. */
  logLines(pattern: RegExp): string[]
  /** A file of config/ as it is on the disk now; undefined without one. */
  configFile(name: string): string | undefined
  dispose(): Promise<void>
}

/**
 * @param label names the folder of the run
 * @param ballast files that are on the disk before the broker is, with their sizes in bytes
 */
export async function startOnSmallDisk(
  label: string,
  ballast: Record<string, number>,
  config: Record<string, string>,
): Promise<SmallDiskBroker> {
  const workFolder = createWorkFolder(label)
  const started: ServerProcess[] = []
  let disk: SmallDisk | undefined
  const dispose = async (): Promise<void> => {
    await Promise.all(started.map((server) => server.kill()))
    await disk?.unmount()
    if (process.env.INTEROP_KEEP !== '1') rmSync(workFolder, { recursive: true, force: true })
  }
  try {
    const nameServer = await openTarget(workFolder, 'ours').startNameServer({ port: await allocateNameServerPort() })
    started.push(nameServer)
    const mountPoint = join(workFolder, 'disk')
    mkdirSync(mountPoint)
    const small = await SmallDisk.mount(mountPoint, diskBytes)
    disk = small
    for (const [name, byteCount] of Object.entries(ballast)) small.addBallast(name, byteCount)
    const server = await startBroker(workFolder, small, nameServer.address, config)
    started.push(server)
    return {
      disk: small,
      server,
      nameServer: nameServer.address,
      logLines: (pattern) =>
        readFileSync(server.logFile, 'utf8')
          .split('\n')
          .filter((line) => pattern.test(line)),
      configFile: (name) => {
        const path = join(small.outsidePath, 'store', 'config', name)
        return existsSync(path) ? readFileSync(path, 'utf8') : undefined
      },
      dispose,
    }
  } catch (error) {
    await dispose()
    throw error
  }
}

async function startBroker(
  workFolder: string,
  disk: SmallDisk,
  namesrvAddr: string,
  config: Record<string, string>,
): Promise<ServerProcess> {
  const listenPort = await allocateBrokerPort()
  const brokerName = 'broker-a'
  const settingsFile = join(workFolder, `${brokerName}.conf`)
  const storeDir = join(disk.path, 'store')
  const options = { brokerName, clusterName: 'DefaultCluster', listenPort, namesrvAddr, storeDir }
  writeSettings(settingsFile, brokerSettings({ ...options, config: { ...smallFiles, ...config } }))
  const address = `127.0.0.1:${listenPort}`
  const node = join(repositoryFolder, 'node_modules', '.bin', 'node')
  const main = join(repositoryFolder, 'apps', 'rocketmq', 'src', 'main.ts')
  return startServer({
    ...disk.inside(node, [main, 'broker', '-c', settingsFile]),
    name: brokerName,
    address,
    cwd: workFolder,
    env: {},
    logFile: join(workFolder, 'logs', `${brokerName}.log`),
    isReady: () => isBrokerReady(brokerName, address, namesrvAddr),
  })
}
