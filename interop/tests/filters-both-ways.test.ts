import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type ConsumerFilterData, consumerFiltersBody } from '@rocketmq-ts/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Server } from '../same-answers/case.ts'
import { heartbeat, makeTopic } from '../same-answers/steps.ts'
import { openTarget } from '../targets/cluster.ts'
import { pollUntil } from '../targets/deadline.ts'
import { createWorkFolder } from '../targets/paths.ts'
import { allocateBrokerPort, allocateNameServerPort } from '../targets/ports.ts'
import { hostAndPort, type ServerProcess } from '../targets/server-process.ts'
import type { TargetName } from '../targets/target.ts'
import { lacksTools } from '../targets/tooling.ts'

const expressions: Readonly<Record<string, string>> = {
  Filtered: "n > 5 AND color = 'it''s red'",
  'Filtered-by-a-name-of-more-than-sixteen-bytes': 'TAGS IS NOT NULL',
}

describe.skipIf(lacksTools('java', 'mvn'))('consumerFilter.json', () => {
  let folder: string
  let nameServer: ServerProcess
  let listenPort: number
  beforeAll(async () => {
    folder = createWorkFolder('filters')
    const port = await allocateNameServerPort()
    nameServer = await openTarget(join(folder, 'name-server'), 'ours').startNameServer({ port })
    listenPort = await allocateBrokerPort()
  })
  afterAll(async () => {
    await nameServer?.kill()
    rmSync(folder, { recursive: true, force: true })
  })

  const startBroker = (maker: TargetName, storeDir: string): Promise<ServerProcess> =>
    openTarget(join(folder, `${maker}-of-${storeDir.split('/').at(-1)}`), maker).startBroker({
      brokerName: 'broker-a',
      clusterName: 'DefaultCluster',
      listenPort,
      namesrvAddr: nameServer.address,
      storeDir,
      config: { enablePropertyFilter: 'true' },
    })

  /** What the file holds of each topic once a broker has written it. */
  const written = async (storeDir: string, isThere: (data: ConsumerFilterData) => boolean) => {
    const path = join(storeDir, 'config', 'consumerFilter.json')
    const read = () => {
      const { filterDataByTopic } = consumerFiltersBody.parse(readFileSync(path, 'utf8'))
      return Object.keys(expressions).map((topic) => filterDataByTopic.get(topic)?.groupFilterData.get('g'))
    }
    const condition = async () => {
      try {
        return read().every((data) => data !== undefined && isThere(data)) || { notYet: JSON.stringify(read()) }
      } catch (error) {
        return { notYet: String(error) }
      }
    }
    await pollUntil('the expressions in the file', condition, { intervalMs: 200 })
    return read() as ConsumerFilterData[]
  }

  it.each([
    ['official', 'ours'],
    ['ours', 'official'],
  ] as const)('of %s is kept by %s, and its groups have the same bits', async (from, to) => {
    const storeDir = join(folder, `from-${from}`)
    mkdirSync(storeDir)
    const first = await startBroker(from, storeDir)
    const server = new Server(hostAndPort(first.address))
    for (const topic of Object.keys(expressions)) await makeTopic(topic).run(server)
    const subscriptionDataSet = Object.entries(expressions).map(([topic, subString]) => ({
      classFilterMode: false,
      codeSet: [],
      expressionType: 'SQL92',
      subString,
      subVersion: 7,
      tagsSet: [],
      topic,
    }))
    await heartbeat('g', 'any', { consumerFields: { subscriptionDataSet } }).run(server)
    const before = await written(storeDir, ({ deadTime }) => deadTime === 0)
    server.close()
    await first.stop()
    const second = await startBroker(to, storeDir)
    // Who takes a store over knows that nobody asks any more, and writes that.
    const after = await written(storeDir, ({ deadTime, bornTime }) => deadTime >= bornTime)
    await second.stop()
    const lasting = (all: readonly ConsumerFilterData[]) => all.map(({ deadTime: _, dead: __, ...rest }) => rest)
    expect(lasting(after)).toEqual(lasting(before))
    expect(after.map(({ expression, clientVersion }) => [expression, clientVersion])).toEqual(
      Object.values(expressions).map((expression) => [expression, 7]),
    )
  })
})
