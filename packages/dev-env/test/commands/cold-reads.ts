import { coldDataBody, commands } from '@rocketmq-ts/protocol'
import { expect } from 'vitest'
import type { BrokerCalls } from '../../src/index.ts'
import { bodiesOf, codeOf, type Promises, type Scene, withSettings } from './scene.ts'

const limited = { coldDataFlowControlEnable: 'true' }
const body = 'x'.repeat(100_000)

function setThreshold(broker: BrokerCalls, text: string): Promise<string | undefined> {
  return codeOf(broker, commands.updateColdDataFlowCtrConfig, {}, Buffer.from(text))
}

async function stateOf(broker: BrokerCalls) {
  return coldDataBody.decode((await broker.ask(commands.getColdDataFlowCtrInfo, {})).body)
}

const count = 30
/** Of a message that is not read from the file together with the first one. */
const farOffset = 20

/** A broker whose messages are in its files alone. */
async function withOldMessages(scene: Scene): Promise<BrokerCalls> {
  await scene.store('T', ...Array.from({ length: count }, () => body))
  return await scene.restart()
}

/** Whether a pull of one message is answered before time passes. */
async function isAnsweredAtOnce(scene: Scene, broker: BrokerCalls, group: string, offset: number): Promise<boolean> {
  let isAnswered = false
  const pull = broker.pull({ topic: 'T', group, offset, countMax: 1 }).then(() => {
    isAnswered = true
  })
  await scene.cluster.sleep(100)
  const wasAnswered = isAnswered
  await scene.cluster.sleep(5000)
  await pull
  return wasAnswered
}

/** How much is read of messages that are not in memory any more. */
export const coldReads = {
  updateColdDataFlowCtrConfig: {
    'a group that read as much of old messages as it may waits, and then gets one; others do not wait': withSettings(
      limited,
      async (scene) => {
        const broker = await withOldMessages(scene)
        expect(await setThreshold(broker, 'g=500\n')).toBe('SUCCESS')
        expect((await broker.pull({ topic: 'T', group: 'g', countMax: 1 })).messages).toHaveLength(1)
        let isAnswered = false
        const held = broker.pull({ topic: 'T', group: 'g', offset: farOffset, countMax: 32 }).finally(() => {
          isAnswered = true
        })
        expect((await broker.pull({ topic: 'T', group: 'h', offset: farOffset, countMax: 2 })).messages).toHaveLength(2)
        expect(isAnswered).toBe(false)
        await scene.cluster.sleep(5000)
        expect(bodiesOf((await held).messages)).toEqual([body])
      },
    ),
    'new messages are given to it at once': withSettings(limited, async (scene) => {
      const broker = await withOldMessages(scene)
      await setThreshold(broker, 'g=500\n')
      await broker.pull({ topic: 'T', group: 'g', countMax: 1 })
      await broker.send({ topic: 'T', body: 'new' })
      expect(await isAnsweredAtOnce(scene, broker, 'g', count)).toBe(true)
    }),
    'nobody waits where it is off': async (scene) => {
      const broker = await withOldMessages(scene)
      await setThreshold(broker, 'g=1\n')
      await broker.pull({ topic: 'T', group: 'g', countMax: 1 })
      expect(await isAnsweredAtOnce(scene, broker, 'g', farOffset)).toBe(true)
    },
    'what is no number of bytes, or no name of a group, is refused, with all that came with it': async ({ broker }) => {
      for (const text of ['many', '-1', '0', ''])
        expect(await setThreshold(broker, `h=5\ng=${text}\n`)).toBe('INVALID_PARAMETER')
      expect(await setThreshold(broker, 'h=5\na/b=5\n')).toBe('INVALID_PARAMETER')
      expect((await stateOf(broker)).configTable).toEqual(new Map())
    },
  },
  removeColdDataFlowCtrConfig: {
    'the setting for all groups holds for the group again': withSettings(limited, async (scene) => {
      const broker = await withOldMessages(scene)
      await setThreshold(broker, 'g=500\n')
      expect(await codeOf(broker, commands.removeColdDataFlowCtrConfig, {}, Buffer.from('g'))).toBe('SUCCESS')
      await broker.pull({ topic: 'T', group: 'g', countMax: 1 })
      expect(await isAnsweredAtOnce(scene, broker, 'g', farOffset)).toBe(true)
    }),
  },
  getColdDataFlowCtrInfo: {
    'who read old messages of late is told, and how much may be read': withSettings(limited, async (scene) => {
      const broker = await withOldMessages(scene)
      await setThreshold(broker, 'h=7\n')
      const { messages } = await broker.pull({ topic: 'T', group: 'g', countMax: 1 })
      const state = await stateOf(broker)
      expect(state).toMatchObject({
        configTable: new Map([['h', 7]]),
        cgColdReadThreshold: 3_145_728,
        globalColdReadThreshold: 104_857_600,
        globalAcc: messages[0]!.totalSize,
      })
      expect(state.runtimeTable.get('g')).toMatchObject({ coldAcc: messages[0]!.totalSize })
      await scene.cluster.sleep(70_000)
      expect(await stateOf(broker)).toMatchObject({ runtimeTable: new Map(), globalAcc: 0 })
    }),
  },
} satisfies Promises
