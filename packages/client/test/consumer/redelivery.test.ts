import { describe, expect, test } from 'vitest'
import { redeliveryOf } from '../../src/consumer/redelivery.ts'
import { Consumer, DeadLetter, type ReceivedMessage, RetryAfter } from '../../src/index.ts'
import { type Scene, send, startScene } from '../client-kit.ts'

const refused = expect.objectContaining({ code: 'INVALID_ARGUMENT' })

async function consumer(scene: Scene, options: object): Promise<Consumer> {
  const made = new Consumer({ ...scene.client(), group: 'readers', topics: 'T', from: 'earliest', ...options })
  await scene.settle(made.start())
  return made
}

describe('what becomes of a message whose handler failed', () => {
  test.each([
    { kind: 'drop' },
    { kind: 'toString' },
    { kind: 'retry', delayMs: Number.NaN },
    { kind: 'retry', delayMs: -1 },
    { kind: 'retry', delayMs: '5s' },
  ])('is nothing that cannot be done: %j', (decided) => {
    const decide = () => redeliveryOf(new Error('no'), {} as ReceivedMessage, () => decided as never)
    expect(decide).toThrow(refused)
  })

  test('is no delay that is no number', () => {
    expect(() => new RetryAfter(Number.NaN)).toThrow(refused)
    expect(() => new RetryAfter('5s' as never)).toThrow(refused)
    expect(new RetryAfter(0).delayMs).toBe(0)
  })

  test('is another delivery when the policy does not decide at once', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    await send(scene, 'T', ['a'])
    let attempts = 0
    const made = await consumer(scene, {
      onError: async () => undefined,
      handler: () => {
        if (++attempts === 1) throw new Error('not yet')
      },
    })
    await scene.cluster.until('it is handled again', () => attempts === 2)
    await scene.settle(made.close())
  })

  test('is another delivery of one message of a batch that was stored whole, and of none beside it', async () => {
    const scene = await startScene()
    const broker = scene.cluster.client.broker(scene.cluster.brokers[0]!)
    await broker.createTopic('T', 1, 6, '+queue.type=BatchCQ')
    // Official brokers take none of them back, ours those that have an id.
    const ids: Record<string, Record<string, string>> = { known: { UNIQ_KEY: 'id' } }
    const bodies = ['known', 'unknown', 'handled', 'dead']
    const batch = bodies.map((body) => ({ topic: 'T', body, properties: { KEYS: body, ...ids[body] } }))
    expect((await broker.sendBatch(batch, 'batch')).queueOffset).toBe(0)
    const seen: string[] = []
    const made = await consumer(scene, {
      handler: ({ body, keys, attempt, queueOffset }: ReceivedMessage) => {
        seen.push(`${body} ${keys[0]} ${attempt}${attempt === 1 ? ` at ${queueOffset}` : ''}`)
        if (String(body) === 'dead') throw new DeadLetter()
        if (String(body) !== 'handled' && attempt === 1) throw new RetryAfter(1000)
      },
    })
    await scene.cluster.until('all are handled', () => seen.length === 6)
    await scene.cluster.until('the dead one is there', async () => (await broker.maxOffset('%DLQ%readers')) === 1)
    await scene.settle(made.close())
    expect(seen.slice(0, 4).sort()).toEqual(bodies.map((body, index) => `${body} ${body} 1 at ${index}`).sort())
    expect(seen.slice(4).sort()).toEqual(['known known 2', 'unknown unknown 2'])
    expect(await scene.bodies('%DLQ%readers')).toEqual(['dead'])
    expect(await broker.committedOffset('readers', 'T', 0)).toBe(4)
  })

  test('is not left to a word that means nothing', async () => {
    const scene = await startScene()
    const make = () => consumer(scene, { undecodable: 'Retry', handler: () => {} })
    await expect(make()).rejects.toThrow(refused)
  })
})
