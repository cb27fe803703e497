import { commands } from '@rocketmq-ts/protocol'
import { expect } from 'vitest'
import { codeOf, type Promises, type Scene, withSettings } from './scene.ts'

async function withMessage(scene: Scene) {
  const [sent] = await scene.store('T', 'a')
  await scene.join('g', 'T', scene.client)
  const [message] = await scene.broker.readQueue('T')
  return { message: message!, messageId: sent!.messageIds[0]! }
}

export const retries = {
  consumerSendMsgBack: {
    'a message comes again after 10 s at first, one redelivery more': async (scene) => {
      const { message, messageId } = await withMessage(scene)
      await scene.broker.sendBack(message, 'g', 0)
      await scene.cluster.sleep(9900)
      expect(await scene.bodiesIn('%RETRY%g')).toEqual([])
      await scene.cluster.sleep(500)
      const [again] = await scene.broker.readQueue('%RETRY%g')
      expect([String(again!.body), again!.reconsumeTimes]).toEqual(['a', 1])
      expect(again!.properties.get('RETRY_TOPIC')).toBe('T')
      expect(again!.properties.get('ORIGIN_MESSAGE_ID')).toBe(messageId)
    },
    'a message keeps its priority, however often it is redelivered': async (scene) => {
      const { broker } = scene
      await broker.createTopic('P', 4, 6, '+message.type=PRIORITY')
      await scene.join('g', 'P', scene.client)
      for (const priority of ['1', '3']) {
        await broker.send({ topic: 'P', body: priority, properties: { _SYS_MSG_PRIORITY_: priority } })
      }
      for (const queueId of [1, 3]) {
        const [message] = await broker.readQueue('P', queueId)
        await broker.sendBack(message!, 'g', 1)
        await scene.cluster.sleep(1500)
        const [again] = await broker.readQueue('%RETRY%g', queueId)
        expect([String(again!.body), again!.reconsumeTimes]).toEqual([String(queueId), 1])
        await broker.sendBack(again!, 'g', 1)
        await scene.cluster.sleep(1500)
        const [, third] = await broker.readQueue('%RETRY%g', queueId)
        expect([String(third!.body), third!.reconsumeTimes]).toEqual([String(queueId), 2])
      }
      expect((await broker.topics()).topicConfigTable.get('%RETRY%g')).toMatchObject({
        readQueueNums: 4,
        writeQueueNums: 4,
      })
    },
    'a message comes again after the time of the level that is asked for': async (scene) => {
      const { message } = await withMessage(scene)
      await scene.broker.sendBack(message, 'g', 1)
      await scene.cluster.sleep(1500)
      expect(await scene.bodiesIn('%RETRY%g')).toEqual(['a'])
    },
    'a message goes to the dead letters when its consumer gives it up': async (scene) => {
      const { message } = await withMessage(scene)
      await scene.broker.sendBack(message, 'g', -1)
      expect(await scene.bodiesIn('%DLQ%g')).toEqual(['a'])
    },
    'a message that was redelivered as often as it may be goes to the dead letters': async (scene) => {
      const { message } = await withMessage(scene)
      const header = { offset: message.physicalOffset, group: 'g', delayLevel: 1, originTopic: 'T', unitMode: false }
      await scene.broker.ask(commands.consumerSendMsgBack, { ...header, maxReconsumeTimes: 1 })
      await scene.cluster.sleep(1500)
      const [again] = await scene.broker.readQueue('%RETRY%g')
      const next = { ...header, offset: again!.physicalOffset, originTopic: '%RETRY%g', maxReconsumeTimes: 1 }
      await scene.broker.ask(commands.consumerSendMsgBack, next)
      const [dead] = await scene.broker.readQueue('%DLQ%g')
      expect([String(dead!.body), dead!.properties.get('RETRY_TOPIC')]).toEqual(['a', 'T'])
    },
    'what is no message is refused': async (scene) => {
      const { message } = await withMessage(scene)
      const header = {
        offset: message.physicalOffset + 1,
        group: 'g',
        delayLevel: 0,
        originTopic: 'T',
        unitMode: false,
      }
      expect(await codeOf(scene.broker, commands.consumerSendMsgBack, header)).toBe('SYSTEM_ERROR')
    },
    'an unknown group is refused': withSettings({ autoCreateSubscriptionGroup: 'false' }, async (scene) => {
      await scene.store('T', 'a')
      const header = { offset: 0, group: 'none', delayLevel: 0, originTopic: 'T', unitMode: false }
      expect(await codeOf(scene.broker, commands.consumerSendMsgBack, header)).toBe('SUBSCRIPTION_GROUP_NOT_EXIST')
    }),
  },
} satisfies Promises
