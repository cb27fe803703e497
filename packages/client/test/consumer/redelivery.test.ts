import { describe, expect, test } from 'vitest'
import { redeliveryOf } from '../../src/consumer/redelivery.ts'
import { Consumer, type ReceivedMessage, RetryAfter } from '../../src/index.ts'
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

  test('is not left to a word that means nothing', async () => {
    const scene = await startScene()
    const make = () => consumer(scene, { undecodable: 'Retry', handler: () => {} })
    await expect(make()).rejects.toThrow(refused)
  })
})
