import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { pollUntil } from '../../../interop/targets/deadline.ts'
import { allocateBrokerPort, allocateNameServerPort } from '../../../interop/targets/ports.ts'
import { isBrokerReady } from '../../../interop/targets/readiness.ts'
import type { ServerProcess } from '../../../interop/targets/server-process.ts'
import type { BrokerOptions, TargetName } from '../../../interop/targets/target.ts'
import { growStore } from '../load/generator.ts'
import type { Setup } from '../rows/row.ts'
import { type LaunchOptions, launchBroker, launchCluster, launchNameServer } from './launch.ts'
import { writeTopics } from './topics-file.ts'

/** The servers of one target that a row's load is put on. */
export interface BenchServers {
  readonly target: TargetName
  /** host:port of the brokers, separated by commas. */
  readonly brokerAddresses: string
  readonly namesrvAddr: string
  /** The process whose use of processor and memory is the row's. */
  readonly broker: ServerProcess
  readonly storeFolder: string
  /** From the launch until the name server listed the broker. */
  readonly startMs: number
  /** Stands still, so that the other target has the machine for itself. */
  pause(): void
  /** Goes on; resolves once name servers list the broker (again). */
  resume(): Promise<void>
  /** Starts one more broker with a store of its own at the same name server. */
  startAnother(): Promise<{ options: BrokerOptions; launch: () => Promise<ServerProcess> }>
  /** SIGKILL to all, and waits until they are gone. */
  kill(): Promise<void>
}

export interface StartOptions extends LaunchOptions {
  folder: string
  /** Told when something takes its time. */
  say: (text: string) => void
}

/** Starts a target's servers for a set-up; those that started are ended when one of them fails. */
export async function startServers(target: TargetName, setup: Setup, options: StartOptions): Promise<BenchServers> {
  mkdirSync(options.folder, { recursive: true })
  return setup.brokersInOneProcess === undefined
    ? startSeparate(target, setup, options)
    : startInOneProcess(setup.brokersInOneProcess, setup, options)
}

async function startSeparate(target: TargetName, setup: Setup, options: StartOptions): Promise<BenchServers> {
  const { folder, say } = options
  const started: ServerProcess[] = []
  const kill = async (): Promise<void> => {
    await Promise.all(started.map((server) => server.kill()))
  }
  try {
    const nameServer = await launchNameServer(target, await allocateNameServerPort(), folder)
    started.push(nameServer)
    const optionsOf = async (brokerName: string): Promise<BrokerOptions> => ({
      brokerName,
      clusterName: 'DefaultCluster',
      listenPort: await allocateBrokerPort(),
      namesrvAddr: nameServer.address,
      storeDir: join(folder, 'stores', brokerName),
      config: {
        enablePropertyFilter: 'true',
        flushDiskType: 'ASYNC_FLUSH',
        ...setup.brokerConfig,
        ...(target === 'official' ? setup.officialConfig : {}),
      },
    })
    const brokerOptions = await optionsOf('broker-a')
    if (setup.grownMessages !== undefined) {
      const { name, queues } = setup.topics[0]!
      say(`making a store of ${setup.grownMessages.toLocaleString('en')} messages`)
      await growStore(brokerOptions.storeDir, name, queues, setup.grownMessages)
    }
    writeTopics(brokerOptions.storeDir, setup.topics, setup.groups)
    say(`starting ${target}`)
    const launchedAt = performance.now()
    const broker = await launchBroker(target, brokerOptions, folder, options)
    started.push(broker)
    let others = 0
    return {
      target,
      brokerAddresses: broker.address,
      namesrvAddr: nameServer.address,
      broker,
      storeFolder: brokerOptions.storeDir,
      startMs: performance.now() - launchedAt,
      pause: () => signal(broker, 'SIGSTOP'),
      resume: async () => {
        signal(broker, 'SIGCONT')
        await pollUntil(`${broker.name} listed again`, () =>
          isBrokerReady('broker-a', broker.address, nameServer.address),
        )
      },
      startAnother: async () => {
        const other = await optionsOf(`another-${++others}`)
        return {
          options: other,
          launch: async () => {
            const server = await launchBroker(target, other, folder, options)
            started.push(server)
            return server
          },
        }
      },
      kill,
    }
  } catch (error) {
    await kill()
    throw error
  }
}

async function startInOneProcess(brokers: number, setup: Setup, options: StartOptions): Promise<BenchServers> {
  const ports = { nameServer: await allocateNameServerPort(), firstBroker: await blockOfPorts(brokers) }
  const data = join(options.folder, 'data')
  const launchedAt = performance.now()
  const { process: server, addresses } = await launchCluster(options.folder, brokers, ports)
  return {
    target: 'ours',
    brokerAddresses: addresses.join(','),
    namesrvAddr: `127.0.0.1:${ports.nameServer}`,
    broker: server,
    storeFolder: data,
    startMs: performance.now() - launchedAt,
    pause: () => signal(server, 'SIGSTOP'),
    resume: async () => signal(server, 'SIGCONT'),
    startAnother: () => Promise.reject(new Error(`${setup.brokersInOneProcess} brokers in one process have no other`)),
    kill: () => server.kill(),
  }
}

/** `rocketmq start` takes ports 10 apart, which is how far apart the allocated ones may be: two in a row are looked for. */
async function blockOfPorts(brokers: number): Promise<number> {
  const ports = new Set<number>()
  for (let attempt = 0; attempt < 2000; attempt++) {
    ports.add(await allocateBrokerPort())
    for (const first of ports) {
      if (Array.from({ length: brokers }, (_, index) => first + 10 * index).every((port) => ports.has(port)))
        return first
    }
  }
  throw new Error(`no ${brokers} ports that are 10 apart`)
}

function signal(server: ServerProcess, name: 'SIGSTOP' | 'SIGCONT'): void {
  try {
    process.kill(server.pid, name)
  } catch (error) {
    throw new Error(`${server.name} has ended\n${server.logTail()}`, { cause: error })
  }
}
