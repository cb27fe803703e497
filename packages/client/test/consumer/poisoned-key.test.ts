import { SeededRandom } from '@rocketmq-ts/platform/test-kit'
import { commands, consumerRunningInfoBody } from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import { type ConsumerOptions, Producer, RetryAfter } from '../../src/index.ts'
import { numbered, type Scene, startScene } from '../client-kit.ts'
import { Group } from './group-kit.ts'

/** Sends bodies `key:number` to one queue, those of the keys in turns. */
async function sendInTurns(scene: Scene, keys: readonly string[], count: number): Promise<void> {
  const producer = new Producer({ ...scene.client(), group: 'shop' })
  for (let number = 0; number < count; number++) {
    const messages = keys.map((key) => ({ topic: 'T', body: `${key}:${number}`, shardingKey: key }))
    await scene.settle(producer.send(messages))
  }
  await scene.settle(producer.close())
}

function ofKey(key: string, bodies: readonly string[]): string[] {
  return bodies.filter((body) => body.startsWith(`${key}:`))
}

/** Each body once, in the order in which it was handled first. */
function first(bodies: readonly string[]): string[] {
  return [...new Set(bodies)]
}

describe('a sharding key whose message fails', () => {
  const options = { topics: 'T', order: 'shardingKey', pendingMessagesMax: 20, concurrency: 4 } as const

  test('does not hold up others, and goes on in its order with each message once when that is handled', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    await sendInTurns(scene, ['bad', 'good'], 300)
    const group = new Group(scene)
    let isBad = true
    const { consumer } = await group.join('one', options, ({ body }) => {
      if (isBad && String(body) === 'bad:0') throw new Error('not yet')
    })
    await group.sees(numbered(300, 'good:'), 30_000)
    expect(ofKey('good', group.bodies)).toEqual(numbered(300, 'good:'))
    expect(first(ofKey('bad', group.bodies))).toEqual(['bad:0'])
    isBad = false
    await group.sees(numbered(300, 'bad:'), 120_000)
    expect(first(ofKey('bad', group.bodies))).toEqual(numbered(300, 'bad:'))
    expect(ofKey('bad', group.bodies).filter((body) => body !== 'bad:0')).toEqual(numbered(300, 'bad:').slice(1))
    await scene.settle(consumer.close())
    // All of it was committed.
    const handled = group.bodies.length
    const next = await group.join('two', options)
    await scene.cluster.sleep(30_000)
    expect(group.bodies).toHaveLength(handled)
    await scene.settle(next.consumer.close())
  })

  test('keeps its order with others whatever fails, and leaves what is not handled to the next member', async () => {
    for (let seed = 0; seed < 10; seed++) {
      const scene = await startScene({ seed })
      await scene.createTopic('T', 1)
      const keys = ['a', 'b', 'c']
      await sendInTurns(scene, keys, 60)
      const random = new SeededRandom(seed)
      const group = new Group(scene)
      const fails = () => {
        if (random.below(8) === 0) throw new Error('not now')
      }
      const { consumer, machine } = await group.join('one', options, fails)
      await scene.cluster.sleep(random.below(60_000))
      if (seed % 2 === 0) machine.kill()
      else await scene.settle(consumer.close())
      const next = await group.join('two', options, fails)
      await group.sees(
        keys.flatMap((key) => numbered(60, `${key}:`)),
        3_600_000,
      )
      for (const key of keys) expect(first(ofKey(key, group.bodies))).toEqual(numbered(60, `${key}:`))
      await scene.settle(next.consumer.close())
    }
  })

  test('holds others up only when very many wait behind it', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    await sendInTurns(scene, ['bad', 'good'], 600)
    const group = new Group(scene)
    const { consumer } = await group.join('one', { ...options, pendingMessagesMax: 4 }, ({ body }) => {
      if (String(body) === 'bad:0') throw new Error('never')
    })
    await scene.cluster.sleep(60_000)
    const seen = ofKey('good', group.bodies).length
    expect(seen).toBeGreaterThanOrEqual(200)
    expect(seen).toBeLessThan(500)
    await scene.settle(consumer.close())
  })

  test.each<[what: string, room: Partial<ConsumerOptions>]>([
    ['messages', { pendingMessagesMax: 22 }],
    ['bytes', { pendingMessagesMax: 10_000, pendingBytesMax: 26_000 }],
  ])('has no more %s than it may when very many of them succeed at once', async (_what, room) => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    const producer = new Producer({ ...scene.client(), group: 'shop' })
    const bodies: string[] = []
    const send = async (key: string, first: number, end: number): Promise<void> => {
      const added = Array.from({ length: end - first }, (_, index) => `${key}:${first + index}:`.padEnd(1000, '.'))
      bodies.push(...added)
      await scene.settle(producer.send(added.map((body) => ({ topic: 'T', body, shardingKey: key }))))
    }
    const keys = numbered(20, 'key')
    for (const key of keys) await send(key, 0, 1)
    // Where those of a key stand together, one pull brings many of them.
    for (const key of keys) await send(key, 1, 24)
    await scene.settle(producer.close())
    const group = new Group(scene)
    let isBad = true
    const { consumer } = await group.join('one', { ...options, ...room, concurrency: 64 }, async () => {
      if (isBad) throw new RetryAfter(1000)
      await scene.cluster.sleep(20)
    })
    await scene.cluster.sleep(30_000)
    expect(new Set(group.bodies).size).toBe(20)
    isBad = false
    let most = 0
    const broker = scene.cluster.newClient().broker(scene.cluster.brokers[0]!)
    const areAllHandled = async (): Promise<boolean> => {
      const header = { consumerGroup: 'readers', clientId: consumer.clientId }
      const { body } = await broker.ask(commands.getConsumerRunningInfo, header)
      const [, queue] = consumerRunningInfoBody.decode(body).mqTable.find(([{ topic }]) => topic === 'T')!
      most = Math.max(most, (queue as { cachedMsgCount: number }).cachedMsgCount)
      return new Set(group.bodies).size === bodies.length
    }
    await scene.cluster.until('all are handled', areAllHandled, 120_000)
    // A pull begins when there is room for one message.
    expect(most).toBeLessThanOrEqual(22 + 31)
    for (const key of keys) {
      expect(first(ofKey(key, group.bodies))).toEqual(ofKey(key, bodies))
    }
    await scene.settle(consumer.close())
  })
})
