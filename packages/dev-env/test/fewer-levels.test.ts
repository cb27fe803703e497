import { expect, test } from 'vitest'
import { Scene } from './commands/scene.ts'

test('a delayed message comes at its time although its level is not among the settings any more', async () => {
  const scene = await Scene.start({ brokerSettings: { messageDelayLevel: '1s 5s 10s 60s' } })
  await scene.broker.createTopic('T', 1)
  const send = (body: string, level: number) =>
    scene.broker.send({ topic: 'T', body, properties: { DELAY: String(level) } })
  await send('level 4', 4)
  await send('level 2', 2)
  await scene.broker.changeSettings({ messageDelayLevel: '1s 5s' })
  await scene.restart()
  await scene.cluster.sleep(50_000)
  expect(await scene.newClient().broker(scene.machine).maxOffset('T')).toBe(1)
  await scene.cluster.sleep(15_000)
  const broker = scene.newClient().broker(scene.machine)
  expect((await broker.readQueue('T')).map(({ body }) => String(body))).toEqual(['level 2', 'level 4'])
})
