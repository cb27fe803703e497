import { expect, test } from 'vitest'
import { createLiteGroup, createParent, LiteConsumer, sendToLite } from '../src/index.ts'
import { Scene } from './commands/scene.ts'

const slotBytes = 512

test('a lite topic whose place on the disk is damaged while the broker runs is passed by, and the others are given', async () => {
  const scene = await Scene.start({ brokerSettings: { enableLmq: 'true' } })
  await createParent(scene.broker, 'P')
  await createLiteGroup(scene.broker, 'g', 'P', { 'lite.sub.wildcard': 'true' })
  for (const name of ['a', 'b', 'c']) await sendToLite(scene.broker, 'P', name, name)
  const broker = await scene.restart()
  const file = scene.machine.disk.open('/data/store/consumequeue.light', 'update')
  file.write(Buffer.alloc(1, 0xff), 2 * slotBytes + 20)
  file.close()
  const consumer = new LiteConsumer(broker, scene.machine.name, 'g', 'P')
  await consumer.change({ action: 'COMPLETE_ADD' })
  await scene.cluster.sleep(30_000)
  expect((await consumer.bodies()).sort()).toEqual(['a', 'c'])
})
