import {
  commands,
  encodeCompressedRegisterBroker,
  frameBytesMax,
  type RemotingCommand,
  registerBrokerBody,
  topicListBody,
  topicRouteBody,
} from '@rocketmq-ts/protocol'
import { expect, test } from 'vitest'
import { type RunningNameServer, register, registerBody, startNameServer, timeoutMs } from './name-server-kit.ts'

const topics = Array.from({ length: 100_000 }, (_, index) => `team.service.topic-${String(index).padStart(6, '0')}`)
const samples = [0, 1, 777, 49_999, 50_000, 99_998, 99_999].map((index) => topics[index]!)

async function expectAllRoutes({ client, address }: RunningNameServer): Promise<void> {
  const list = await client.invoke(address, commands.getAllTopicListFromNameserver, { header: {}, timeoutMs })
  expect(list.body.length).toBeLessThan(frameBytesMax)
  expect(topicListBody.decode(list.body).topicList.sort()).toEqual(topics)
  for (const topic of samples) {
    const { body } = await client.invoke(address, commands.getRouteinfoByTopic, { header: { topic }, timeoutMs })
    expect(topicRouteBody.decode(body).queueDatas).toEqual([
      { brokerName: 'broker-a', readQueueNums: 4, writeQueueNums: 4, perm: 6, topicSysFlag: 0 },
    ])
  }
}

function code({ code, remark }: RemotingCommand): [number, string | undefined] {
  return [code, remark]
}

test('a compressed registration of 100,000 topics fits into a frame, which a plain one does not', () => {
  const body = registerBody(topics)
  expect(registerBrokerBody.encode(body).length).toBeGreaterThan(frameBytesMax)
  expect(encodeCompressedRegisterBroker(body).length).toBeLessThan(frameBytesMax / 10)
})

test('100,000 topics are registered by one compressed body, listed and routed, and again by the same one', async () => {
  await using running = await startNameServer()
  const { client, address } = running
  expect(code(await register(client, address, topics, { form: 'compressed' }))).toEqual([0, undefined])
  await expectAllRoutes(running)
  expect(code(await register(client, address, topics, { form: 'compressed' }))).toEqual([0, undefined])
  await expectAllRoutes(running)
})

test('100,000 topics are registered by plain parts that each fit into a frame', async () => {
  await using running = await startNameServer()
  const { client, address } = running
  const partSize = 30_000
  for (let start = 0; start < topics.length; start += partSize) {
    const part = topics.slice(start, start + partSize)
    const answer = await register(client, address, part, { dataVersion: { counter: 1 + start / partSize } })
    expect(code(answer)).toEqual([0, undefined])
  }
  await expectAllRoutes(running)
})
