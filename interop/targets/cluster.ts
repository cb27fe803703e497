import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { officialTarget } from './official.ts'
import { ourTarget } from './ours.ts'
import { createWorkFolder } from './paths.ts'
import { allocateBrokerPort, allocateNameServerPort } from './ports.ts'
import { type ServerProcess, type Target, type TargetName, targetName } from './target.ts'

export interface ClusterOptions {
  /** Names the run's folder. */
  label: string
  nameServers?: number
  /** broker-a, broker-b, … */
  brokers?: number
  /** Further keys of every broker's broker.conf. */
  config?: Record<string, string>
  /** For tests that compare both; otherwise `INTEROP_TARGET` decides. */
  target?: TargetName
}

/** Name servers and master brokers of one cluster named DefaultCluster, on free ports. */
export interface Cluster {
  readonly target: Target
  readonly nameServers: ServerProcess[]
  readonly brokers: ServerProcess[]
  /** host:port of each name server, separated by semicolons. */
  readonly namesrvAddr: string
  /** The end of each server's log, for failure messages. */
  logTails(): string
  /**
   * Ends all servers at once with SIGKILL (they have served their purpose) and removes the stores.
   * @param keepFiles for a look at the logs and stores after a failure; `INTEROP_KEEP=1` asks for it from outside
   */
  dispose(options?: { keepFiles?: boolean }): Promise<void>
}

/** Makes the target of that name, else the one that `INTEROP_TARGET` names, with its files in the folder. */
export function openTarget(workFolder: string, name: TargetName = targetName()): Target {
  mkdirSync(workFolder, { recursive: true })
  return name === 'ours' ? ourTarget(workFolder) : officialTarget(workFolder)
}

/** Starts a cluster and waits until it is ready for clients. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const workFolder = createWorkFolder(options.label)
  const target = openTarget(workFolder, options.target)
  const started: ServerProcess[] = []
  const dispose = async ({ keepFiles = process.env.INTEROP_KEEP === '1' } = {}): Promise<void> => {
    await Promise.all(started.map((server) => server.kill()))
    if (!keepFiles) rmSync(workFolder, { recursive: true, force: true })
  }
  const keep = async (starting: Promise<ServerProcess>): Promise<ServerProcess> => {
    const server = await starting
    started.push(server)
    return server
  }
  // All of a kind start at once; when one fails the others are awaited, so that none is left running.
  const all = async (starting: Promise<ServerProcess>[]): Promise<ServerProcess[]> => {
    await Promise.allSettled(starting)
    return Promise.all(starting)
  }
  try {
    const nameServerPorts = await allocate(options.nameServers ?? 1, allocateNameServerPort)
    const brokerPorts = await allocate(options.brokers ?? 1, allocateBrokerPort)
    const nameServers = await all(nameServerPorts.map((port) => keep(target.startNameServer({ port }))))
    const namesrvAddr = nameServers.map((server) => server.address).join(';')
    const brokers = await all(
      brokerPorts.map((listenPort, index) => {
        const brokerName = `broker-${String.fromCharCode('a'.charCodeAt(0) + index)}`
        const storeDir = join(workFolder, 'stores', brokerName)
        const { config = {} } = options
        return keep(
          target.startBroker({ brokerName, clusterName: 'DefaultCluster', listenPort, namesrvAddr, storeDir, config }),
        )
      }),
    )
    const logTails = (): string => started.map((server) => server.logTail()).join('\n')
    return { target, nameServers, brokers, namesrvAddr, logTails, dispose }
  } catch (error) {
    await dispose({ keepFiles: true })
    throw error
  }
}

async function allocate(count: number, one: () => Promise<number>): Promise<number[]> {
  const ports: number[] = []
  for (let index = 0; index < count; index++) ports.push(await one())
  return ports
}
