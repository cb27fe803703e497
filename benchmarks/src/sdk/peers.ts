import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { buildFolderOnce, fetchJars } from '../../../interop/targets/jars.ts'
import { allocateBrokerPort, allocateNameServerPort } from '../../../interop/targets/ports.ts'
import { isBrokerReady } from '../../../interop/targets/readiness.ts'
import { type ServerCommand, type ServerProcess, startServer } from '../../../interop/targets/server-process.ts'
import { benchmarksFolder, cacheFolder, nodeExecutable, repositoryFolder } from '../paths.ts'

const run = promisify(execFile)

/** A client that is measured, and the server that it speaks to. */
export interface SdkPeer {
  /** Of its module in `clients/`. */
  readonly client: string
  readonly title: string
  readonly server: 'rocketmq' | 'kafka' | 'nats' | 'redis'
}

export const sdkPeers: readonly SdkPeer[] = [
  { client: 'ours', title: 'ours, our broker', server: 'rocketmq' },
  { client: 'platformatic-kafka', title: '@platformatic/kafka, Kafka', server: 'kafka' },
  { client: 'kafkajs', title: 'kafkajs, Kafka', server: 'kafka' },
  { client: 'nats', title: 'nats, JetStream on files', server: 'nats' },
  { client: 'bullmq', title: 'bullmq, Redis with AOF everysec', server: 'redis' },
]

const kafkaServerLog = 'org.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer'

const natsServer = 'github.com/nats-io/nats-server/v2@v2.15.2'

/** Starts a server with its data in the folder. @throws Error that says what is missing on this machine */
export async function startSdkServer(server: SdkPeer['server'], folder: string): Promise<ServerProcess> {
  mkdirSync(folder, { recursive: true })
  const port = await allocateNameServerPort()
  const launch = await launches[server](folder, port)
  return startServer({
    name: server,
    address: `127.0.0.1:${port}`,
    cwd: folder,
    env: {},
    logFile: join(folder, 'server.log'),
    isReady: () => isListening(port),
    ...launch,
  })
}

type Launch = Pick<ServerCommand, 'executable' | 'args'> & Partial<ServerCommand>

const launches: Record<SdkPeer['server'], (folder: string, port: number) => Promise<Launch>> = {
  async rocketmq(folder, port) {
    const brokerPort = await allocateBrokerPort()
    const ports = ['--namesrv-port', String(port), '--broker-port', String(brokerPort)]
    const executable = join(repositoryFolder, 'apps/rocketmq/bin/rocketmq.mjs')
    return {
      executable: nodeExecutable,
      args: [executable, 'start', '--data', join(folder, 'data'), ...ports],
      isReady: () => isBrokerReady('broker-a', `127.0.0.1:${brokerPort}`, `127.0.0.1:${port}`),
    }
  },
  async kafka(folder, port) {
    const jars = await fetchJars('kafka-server', join(benchmarksFolder, 'sdk/kafka-pom.xml'))
    const controllerPort = await allocateNameServerPort()
    const settings = {
      'process.roles': 'broker,controller',
      'node.id': '1',
      'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
      listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
      'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
      'controller.listener.names': 'CONTROLLER',
      'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
      'log.dirs': join(folder, 'logs'),
      'offsets.topic.replication.factor': '1',
      'transaction.state.log.replication.factor': '1',
      'transaction.state.log.min.isr': '1',
      'group.initial.rebalance.delay.ms': '0',
    }
    const file = join(folder, 'server.properties')
    writeFileSync(
      file,
      Object.entries(settings)
        .map(([key, value]) => `${key}=${value}\n`)
        .join(''),
    )
    const logged = ['-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', `-D${kafkaServerLog}=info`]
    const classPath = ['-cp', join(jars, '*'), ...logged]
    const format = ['format', '-t', 'AAAAAAAAAAAAAAAAAAAAAA', '-c', file]
    await run('java', [...classPath, 'kafka.tools.StorageTool', ...format], { cwd: folder })
    return {
      executable: 'java',
      args: ['-Xms1g', '-Xmx1g', '-XX:+UseG1GC', ...classPath, 'kafka.Kafka', file],
      // Its port is open before it answers.
      isReady: async () =>
        readFileSync(join(folder, 'server.log'), 'utf8').includes('Kafka Server started') || { notYet: 'not started' },
    }
  },
  async nats(folder, port) {
    const built = await buildFolderOnce(join(cacheFolder, natsServer.replaceAll(/[/@]/g, '-')), (unfinished) =>
      run('go', ['install', natsServer], { env: { ...process.env, GOBIN: unfinished } }),
    )
    return {
      executable: join(built, 'nats-server'),
      args: ['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', folder],
    }
  },
  async redis(folder, port) {
    await run('redis-server', ['--version']).catch(() => {
      throw new Error('redis-server is not on the PATH: install the package of that name')
    })
    const durable = ['--appendonly', 'yes', '--appendfsync', 'everysec', '--save', '']
    const place = ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder]
    return { executable: 'redis-server', args: [...place, ...durable, '--maxmemory-policy', 'noeviction'] }
  },
}

function isListening(port: number): Promise<true | { notYet: string }> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', (error) => resolve({ notYet: error.message }))
  })
}

/** Clients of others, installed once for each content of their list. @returns the folder that has them */
export function installPeers(): Promise<string> {
  const list = readFileSync(join(benchmarksFolder, 'sdk/package.json'))
  const hash = createHash('sha256').update(list).digest('hex').slice(0, 12)
  return buildFolderOnce(join(cacheFolder, 'sdk-peers', hash), async (unfinished) => {
    writeFileSync(join(unfinished, 'package.json'), list)
    const args = ['install', '--no-audit', '--no-fund', '--no-package-lock', '--ignore-scripts']
    await run('npm', args, { cwd: unfinished })
  })
}
