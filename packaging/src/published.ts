import { join } from 'node:path'

export const repositoryRoot = join(import.meta.dirname, '../..')

/** One package as users install it. Internal packages are bundled into it. */
export interface PublishedPackage {
  readonly name: `@rocketmq-ts/${string}`
  /** Of its sources, its README and the versions of what it needs. */
  readonly folder: string
  readonly description: string
  readonly keywords: readonly string[]
  /** Names of built files, and the sources that they begin with. */
  readonly entries: Readonly<Record<string, string>>
  /** The entry that programs import; its types are published too. */
  readonly library?: string
  /** Names of executables, and the files behind them. */
  readonly executables?: Readonly<Record<string, string>>
  /** Published packages that it uses as they are installed. */
  readonly uses?: readonly string[]
  /** What it loads by a name that the bundler does not see. */
  readonly loads?: readonly string[]
}

const keywords = ['rocketmq', 'apache-rocketmq', 'message-queue', 'messaging']

/** In an order in which each comes after those that it uses. */
export const publishedPackages: readonly PublishedPackage[] = [
  {
    name: '@rocketmq-ts/client',
    folder: 'packages/client',
    description: 'Apache RocketMQ client: producers, consumers, readers and an admin over the remoting protocol',
    keywords: [...keywords, 'producer', 'consumer', 'client'],
    entries: { index: 'src/index.ts' },
    library: 'index',
  },
  {
    name: '@rocketmq-ts/server',
    folder: 'apps/rocketmq',
    description:
      'Apache RocketMQ in TypeScript: a name server and a durable broker that RocketMQ clients use unmodified',
    keywords: [...keywords, 'broker', 'server', 'cli'],
    entries: { rocketmq: 'bin/published.mjs', 'broker-worker': 'src/broker-worker.ts' },
    executables: { rocketmq: 'rocketmq' },
    loads: ['fs-native-extensions'],
  },
  {
    name: '@rocketmq-ts/testing',
    folder: 'packages/testing',
    description: 'A RocketMQ name server and broker inside the process of a test',
    keywords: [...keywords, 'testing', 'embedded'],
    entries: { index: 'src/index.ts' },
    library: 'index',
    uses: ['@rocketmq-ts/client'],
    loads: ['fs-native-extensions'],
  },
]

/** Versions of Node that packages run on: those that are maintained, from the first that may require ES modules. */
export const supportedNode = '^22.12.0 || ^24.0.0 || >=26.0.0'
