import os from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Case, observations, type ServerAddress, withoutDifferences } from '../same-answers/case.ts'
import { cases, ipv6Cases } from '../same-answers/cases/index.ts'
import { findings } from '../same-answers/compare.ts'
import { type Cluster, startCluster } from '../targets/cluster.ts'
import { allocateBrokerPort } from '../targets/ports.ts'
import { hostAndPort } from '../targets/server-process.ts'
import { type ServerProcess, type TargetName, targetName } from '../targets/target.ts'
import { lacksTools } from '../targets/tooling.ts'

/** The brokers of one kind. */
interface Brokers {
  plain: ServerAddress
  /** Undefined where the machine has no IPv6. */
  ipv6: ServerAddress | undefined
}

const hasIpv6 = Object.values(os.networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'))

const config = {
  // Otherwise a thread of the official broker spins after the first transaction that ends.
  transactionOpMsgMaxSize: '1',
  transactionOpBatchInterval: '100000000',
  enablePropertyFilter: 'true',
  recallMessageEnable: 'true',
}

/**
 * The same frames, sent to the official broker and to ours. With INTEROP_TARGET=official both are official: that shows
 * that nothing but the servers can make a difference.
 */
describe.skipIf(lacksTools('java', 'mvn'))('a broker answers a request as the official broker does', () => {
  const clusters: Cluster[] = []
  const others: ServerProcess[] = []
  const start = async (target: TargetName, label: string): Promise<Brokers> => {
    const cluster = await startCluster({ label, target, config })
    clusters.push(cluster)
    const plain = hostAndPort(cluster.brokers[0]!.address)
    if (!hasIpv6) return { plain, ipv6: undefined }
    const other = await cluster.target.startBroker({
      brokerName: 'broker-six',
      clusterName: 'DefaultCluster',
      host: '[::1]',
      listenPort: await allocateBrokerPort(),
      namesrvAddr: cluster.namesrvAddr,
      storeDir: join(cluster.target.workFolder, 'stores', 'broker-six'),
    })
    others.push(other)
    return { plain, ipv6: hostAndPort(other.address) }
  }
  let official: Brokers
  let compared: Brokers
  beforeAll(async () => {
    ;[official, compared] = await Promise.all([
      start('official', 'answers-official'),
      start(targetName(), 'answers-compared'),
    ])
  })
  afterAll(async () => {
    await Promise.all(others.map((server) => server.kill()))
    await Promise.all(clusters.map((cluster) => cluster.dispose()))
  })

  const compare = async (one: Case, theirs: ServerAddress, ours: ServerAddress): Promise<void> => {
    const [expected, actual] = await Promise.all([observations(one, theirs), observations(one, ours)])
    const told = targetName() === 'ours' ? one : withoutDifferences(one)
    expect(findings(told, expected, actual).join('\n')).toBe('')
  }
  const plain = (one: Case) => () => compare(one, official.plain, compared.plain)
  for (const one of cases.filter(({ harm }) => harm === undefined)) it.concurrent(one.title, plain(one))
  for (const one of ipv6Cases) {
    it.skipIf(!hasIpv6).concurrent(one.title, () => compare(one, official.ipv6!, compared.ipv6!))
  }
  for (const one of cases.filter(({ harm }) => harm !== undefined)) it(one.title, plain(one))
})
