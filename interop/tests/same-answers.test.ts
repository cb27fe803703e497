import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { observations, type ServerAddress, withoutDifferences } from '../same-answers/case.ts'
import { cases } from '../same-answers/cases/index.ts'
import { findings } from '../same-answers/compare.ts'
import { type Cluster, startCluster } from '../targets/cluster.ts'
import { targetName } from '../targets/target.ts'
import { lacksTools } from '../targets/tooling.ts'

/**
 * The same frames, sent to the official broker and to ours. With INTEROP_TARGET=official both are official: that shows
 * that nothing but the servers can make a difference.
 */
describe.skipIf(lacksTools('java', 'mvn'))('a broker answers a request as the official broker does', () => {
  const clusters: Cluster[] = []
  const start = async (target: 'ours' | 'official', label: string): Promise<ServerAddress> => {
    const cluster = await startCluster({ label, target })
    clusters.push(cluster)
    const { address } = cluster.brokers[0]!
    const separator = address.lastIndexOf(':')
    return { host: address.slice(0, separator), port: Number(address.slice(separator + 1)) }
  }
  let official: ServerAddress
  let compared: ServerAddress
  beforeAll(async () => {
    ;[official, compared] = await Promise.all([
      start('official', 'answers-official'),
      start(targetName(), 'answers-compared'),
    ])
  })
  afterAll(async () => {
    await Promise.all(clusters.map((cluster) => cluster.dispose()))
  })

  for (const one of cases) {
    it.concurrent(one.title, async () => {
      const [expected, actual] = await Promise.all([observations(one, official), observations(one, compared)])
      const told = targetName() === 'ours' ? one : withoutDifferences(one)
      expect(findings(told, expected, actual).join('\n')).toBe('')
    })
  }
})
