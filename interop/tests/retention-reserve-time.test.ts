import { commands } from '@rocketmq-ts/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BrokerClient } from '../crash/broker-client.ts'
import { type Cluster, startCluster } from '../targets/cluster.ts'
import { pollUntil } from '../targets/deadline.ts'

const pullOffsetMoved = 21
const hourMs = 3_600_000

// What an official broker does with the attribute is up to its tiered store, which it does not have by default.
describe('a topic with the attribute reserve.time', () => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await startCluster({
      label: 'retention-reserve-time',
      target: 'ours',
      config: { cleanResourceInterval: '200' },
    })
  })
  afterAll(async () => {
    await cluster?.dispose()
  })

  const setAttributes = (client: BrokerClient, topic: string, attributes: string) =>
    client.ask(commands.updateAndCreateTopic, {
      topic,
      defaultTopic: 'TBW102',
      readQueueNums: 2,
      writeQueueNums: 2,
      perm: 6,
      topicFilterType: 'SINGLE_TAG',
      order: false,
      force: false,
      attributes,
    })
  const pull = (client: BrokerClient, topic: string, offset: number) =>
    client.pull({ group: 'g', topic, queueId: 0, offset, countMax: 32 })
  const hidden = (client: BrokerClient, topic: string, minOffset: number) =>
    pollUntil(`${topic} to begin at ${minOffset}`, async () => {
      const now = await client.minOffset(topic, 0)
      return now === minOffset || { notYet: `it begins at ${now}` }
    })

  it('loses sight of its messages once it has passed, also over a restart, and takes new ones', async () => {
    const [broker] = cluster.brokers
    let client = await BrokerClient.connect(broker!.address)
    const send = (topic: string, text: string) =>
      client.send({ topic, queueId: 0, body: Buffer.from(text), properties: { UNIQ_KEY: text } })
    await setAttributes(client, 'short', `+reserve.time=${hourMs}`)
    await client.createTopic('long', 2)
    for (const topic of ['short', 'long']) for (const text of ['a', 'b', 'c']) await send(topic, text)
    expect((await pull(client, 'short', 0)).records.map(({ id }) => id)).toEqual(['a', 'b', 'c'])

    await setAttributes(client, 'short', '+reserve.time=1')
    await hidden(client, 'short', 3)
    expect(await pull(client, 'short', 0)).toMatchObject({
      code: pullOffsetMoved,
      nextOffset: 3,
      minOffset: 3,
      maxOffset: 3,
    })

    await setAttributes(client, 'short', '-reserve.time')
    await send('short', 'd')
    expect(await pull(client, 'short', 3)).toMatchObject({ nextOffset: 4, records: [{ id: 'd', queueOffset: 3 }] })
    client.close()
    await broker!.restart()
    client = await BrokerClient.connect(broker!.address)
    expect(await pull(client, 'short', 1)).toMatchObject({ code: pullOffsetMoved, nextOffset: 3 })
    expect((await pull(client, 'short', 3)).records.map(({ id }) => id)).toEqual(['d'])
    expect((await pull(client, 'long', 0)).records.map(({ id }) => id)).toEqual(['a', 'b', 'c'])
    client.close()
  })

  it('says once when it is longer than the log keeps its files', async () => {
    const client = await BrokerClient.connect(cluster.brokers[0]!.address)
    await setAttributes(client, 'longer', `+reserve.time=${1000 * hourMs}`)
    await setAttributes(client, 'longer', `+reserve.time=${1000 * hourMs}`)
    client.close()
    const told = cluster.brokers[0]!.logTail(10_000)
      .split('\n')
      .filter((line) => / WARN .*longer than fileReservedTime/.test(line) && line.includes('longer'))
    expect(told).toHaveLength(1)
  })
})
