import { SeededRandom } from '@rocketmq-ts/platform/test-kit'
import { describe, expect, test } from 'vitest'
import { Producer } from '../../src/index.ts'
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
})
