import diagnosticsChannel from 'node:diagnostics_channel'
import { afterEach, describe, expect, test } from 'vitest'
import { Consumer, type ProcessDiagnostics, Producer, type SendDiagnostics } from '../src/index.ts'
import { startScene } from './client-kit.ts'

const unsubscribe: (() => void)[] = []
afterEach(() => {
  for (const end of unsubscribe.splice(0)) end()
})

function listen(channel: string): unknown[] {
  const told: unknown[] = []
  const listener = (message: unknown): void => void told.push(message)
  diagnosticsChannel.subscribe(channel, listener)
  unsubscribe.push(() => diagnosticsChannel.unsubscribe(channel, listener))
  return told
}

describe('diagnostics channels', () => {
  test('tell of sends and of handled messages, their ends and their errors', async () => {
    const scene = await startScene({ brokerSettings: { autoCreateTopicEnable: 'false' } })
    await scene.createTopic('T', 1)
    const sent = listen('tracing:rocketmq:send:asyncEnd')
    const failed = listen('tracing:rocketmq:send:error')
    const processed = listen('tracing:rocketmq:process:start')
    const threw = listen('tracing:rocketmq:process:error')
    const producer = new Producer({ ...scene.client(), group: 'shop' })
    const [receipt] = await scene.settle(producer.send([{ topic: 'T', body: 'a' }]))
    await scene.failure(producer.send({ topic: 'missing', body: 'a' }))
    expect((sent as SendDiagnostics[]).map(({ topic, group, count }) => ({ topic, group, count }))).toEqual([
      { topic: 'T', group: 'shop', count: 1 },
      { topic: 'missing', group: 'shop', count: 1 },
    ])
    expect(failed).toMatchObject([{ topic: 'missing', error: { code: 'TOPIC_NOT_EXIST' } }])
    let attempts = 0
    const consumer = new Consumer({
      ...scene.client(),
      group: 'readers',
      topics: 'T',
      from: 'earliest',
      handler: () => {
        if (++attempts === 1) throw new Error('not yet')
      },
    })
    await scene.settle(consumer.start())
    await scene.cluster.until('it is handled', () => attempts === 2)
    expect((processed as ProcessDiagnostics[]).map(({ messageIds }) => messageIds)).toEqual([
      [receipt!.messageId],
      [receipt!.messageId],
    ])
    expect(threw).toMatchObject([{ group: 'readers', broker: 'broker-1', queueId: 0, error: { message: 'not yet' } }])
    await scene.settle(Promise.all([producer.close(), consumer.close()]))
  })
})
