import { expect, test } from 'vitest'
import { Producer } from '../../src/index.ts'
import { type Scene, startScene } from '../client-kit.ts'

const soonMs = 6000

/** Sends one message after the other until one of them is stored at a broker. @returns milliseconds that it took */
async function sentTo(scene: Scene, producer: Producer, broker: string): Promise<number> {
  const { simulation } = scene.cluster
  const startMs = simulation.monotonic()
  for (;;) {
    const { queue } = await scene.settle(producer.send({ topic: 'T', body: broker }, { timeoutMs: 60_000 }))
    if (queue.broker === broker) return simulation.monotonic() - startMs
    await scene.cluster.sleep(50)
  }
}

/** A route that lacks the broker is known to the producer. */
async function leftOut(scene: Scene, producer: Producer): Promise<void> {
  for (let inARow = 0; inARow < 10; ) {
    const { queue } = await scene.settle(producer.send({ topic: 'T', body: 'm' }, { timeoutMs: 60_000 }))
    inARow = queue.broker === 'broker-2' ? inARow + 1 : 0
  }
}

test('a producer sends to a broker again soon after it is back', async () => {
  const scene = await startScene({ brokers: 2, seed: 3 })
  const [broker] = scene.cluster.brokers
  await scene.createTopic('T', 1)
  const producer = new Producer({ ...scene.client(), group: 'shop' })
  await sentTo(scene, producer, 'broker-1')
  for (let round = 0; round < 3; round++) {
    broker!.kill()
    await leftOut(scene, producer)
    await broker!.start()
    expect(await sentTo(scene, producer, 'broker-1')).toBeLessThan(soonMs)
  }
  await scene.settle(producer.close())
})
