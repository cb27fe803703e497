import { brokerSettings } from '@rocketmq-ts/broker'
import { commands, parseJavaProperties } from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import { proofs } from './proofs.ts'
import { Scene } from './scene.ts'

const applied = Object.entries(brokerSettings).filter(([, { status }]) => status === 'applied')
const liveKeys = applied.filter(([, { effect }]) => effect === 'live').map(([key]) => key)

describe('a change takes effect at once of', () => {
  test('exactly the settings that are declared so', () => {
    expect(Object.keys(proofs).sort()).toEqual(liveKeys.sort())
  })

  for (const [key, proof] of Object.entries(proofs)) test(key, proof)
})

describe('a change by a request', () => {
  test('is in force after the broker was killed, and one that needs a restart is only then', async () => {
    const scene = await Scene.start()
    await scene.change({ maxMessageSize: '10', brokerTopicEnable: 'false' })
    const pull = () => scene.codeOf(newBroker(scene).pull({ topic: 'broker-1' }))
    expect(await pull()).toBe('SUCCESS')
    await scene.machine.restart()
    expect(await pull()).toBe('NO_PERMISSION')
    expect(await scene.codeOf(newBroker(scene).send({ topic: 'T', body: 'x'.repeat(11) }))).toBe('MESSAGE_ILLEGAL')
  })

  test('that was answered with success outlives a power failure, and one that was not is there as a whole or not at all', async () => {
    const outcomes = new Set<string>()
    for (let change = 1; change <= 12; change++) {
      const scene = await Scene.start({}, change)
      scene.machine.losePowerAt(change)
      const answer = await scene.change({ maxMessageSize: '10', fileReservedTime: '9' }).then(
        () => 'SUCCESS',
        () => 'none',
      )
      if (scene.machine.isAlive) scene.machine.powerLoss()
      await scene.cluster.sleep(1)
      await scene.machine.start()
      const { maxMessageSize, fileReservedTime } = await shown(scene)
      const isThere = maxMessageSize === '10'
      expect(fileReservedTime === '9').toBe(isThere)
      if (answer === 'SUCCESS') expect(isThere).toBe(true)
      outcomes.add(`${answer} ${isThere}`)
    }
    expect(outcomes).toContain('SUCCESS true')
    expect(outcomes).toContain('none false')
  })

  test('is refused and not made when the disk is full, and the answer says so', async () => {
    const scene = await Scene.start()
    scene.machine.faults.add({ label: 'full', operation: 'write', path: /broker\.properties/, kind: 'ENOSPC' })
    const refusal = await scene.change({ maxMessageSize: '10' }).catch((error: Error) => error.message)
    expect(refusal).toContain('/data/store/config/broker.properties: the disk is full; nothing was changed')
    expect((await shown(scene)).maxMessageSize).toBe('4194304')
    await scene.broker.send({ topic: 'T', body: 'x'.repeat(11) })
    await scene.change({ maxMessageSize: '10' })
    expect((await shown(scene)).maxMessageSize).toBe('10')
  })
})

/** By a new client: the connection of an old one may not know yet that the broker was gone. */
function newBroker(scene: Scene) {
  return scene.cluster.newClient().broker(scene.machine)
}

async function shown(scene: Scene): Promise<Record<string, string>> {
  const { body } = await newBroker(scene).ask(commands.getBrokerConfig, {})
  return Object.fromEntries(parseJavaProperties(body.toString('utf8')))
}
