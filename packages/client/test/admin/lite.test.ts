import { describe, expect, test } from 'vitest'
import { Admin } from '../../src/index.ts'
import { sendLite, simple, startLite } from '../lite/lite-kit.ts'

describe('an admin', () => {
  test('makes topics that have lite topics, and changes when unused ones go', async () => {
    const scene = await startLite()
    const admin = new Admin(scene.client())
    await scene.settle(admin.createTopic('T', { queues: 2, lite: { expirationMinutes: 60 } }))
    const [created] = await scene.settle(admin.topicConfigurations('T'))
    expect(created!.attributes).toEqual({ 'message.type': 'LITE', 'lite.topic.expiration': '60' })
    const [changed] = await scene.settle(admin.changeTopic('T', { lite: { expirationMinutes: -1 } }))
    expect(changed!.attributes).toMatchObject({ 'lite.topic.expiration': '-1' })
    for (const lite of [{ expirationMinutes: 0 }, { expirationMinutes: 43_201 }, { minutes: 5 }]) {
      const made = admin.createTopic('U', { lite: lite as object })
      expect(await scene.failure(made)).toMatchObject({ code: 'INVALID_ARGUMENT' })
    }
    await scene.settle(admin.close())
  })

  test('makes groups that consume lite topics, and changes them with what they are beside that', async () => {
    const scene = await startLite()
    const admin = new Admin(scene.client())
    const lite = {
      topic: 'chat',
      exclusive: true,
      wildcard: false,
      subscriptionsMax: 5,
      eventsMax: 50,
      resetWhenTakenOver: true,
      resetOnUnsubscribe: false,
    }
    await scene.settle(admin.createGroup('g', { retriesMax: 3, lite }))
    expect(await scene.settle(admin.groupConfigurations('g'))).toMatchObject([{ retriesMax: 3, lite }])
    await scene.settle(admin.changeGroup('g', { retriesMax: 4 }))
    expect(await scene.settle(admin.groupConfigurations('g'))).toMatchObject([{ retriesMax: 4, lite }])
    const changed = await scene.settle(admin.changeGroup('g', { lite: { subscriptionsMax: -1 } }))
    expect(changed).toMatchObject([{ retriesMax: 4, lite: { ...lite, subscriptionsMax: -1 } }])
    expect(await scene.settle(admin.groupConfigurations('g'))).toEqual(changed)
    await scene.settle(admin.createGroup('plain'))
    expect((await scene.settle(admin.groupConfigurations('plain')))[0]!.lite).toBeUndefined()
    for (const wrong of [{ eventsMax: 9 }, { subscriptionsMax: 1.5 }, { quota: 1 }]) {
      const made = admin.createGroup('g', { lite: wrong as object })
      expect(await scene.failure(made)).toMatchObject({ code: 'INVALID_ARGUMENT' })
    }
    await scene.settle(admin.close())
  })

  test('keeps the expiration of lite topics where a change gives none', async () => {
    const scene = await startLite()
    const admin = new Admin(scene.client())
    await scene.settle(admin.createTopic('T', { lite: { expirationMinutes: 60 } }))
    const expiring = { 'message.type': 'LITE', 'lite.topic.expiration': '60' }
    expect(await scene.settle(admin.changeTopic('T', { lite: {} }))).toMatchObject([{ attributes: expiring }])
    const never = await scene.settle(admin.changeTopic('T', { lite: { expirationMinutes: -1 } }))
    expect(never).toMatchObject([{ attributes: { ...expiring, 'lite.topic.expiration': '-1' } }])
    await scene.settle(admin.close())
  })

  test('shows topics, lite topics, members and how far groups are', async () => {
    const scene = await startLite({ brokers: 2 })
    const admin = new Admin(scene.client())
    const consumer = simple(scene, { liteTopics: ['a', 'b'], invisibleMs: 60_000 })
    await scene.settle(consumer.start())
    const [sent] = await sendLite(scene, 'a', '1', '2', '3')
    const { queue } = sent!
    await sendLite(scene, 'b', '1')
    for (;;) {
      const messages = await scene.settle(consumer.receive({ waitMs: 2000 }))
      const [first] = messages.filter(({ liteTopic }) => liteTopic === 'a')
      if (first !== undefined) await scene.settle(consumer.ack(first))
      if (messages.length === 0) break
    }
    await scene.cluster.sleep(2000)
    const brokers = await scene.settle(admin.liteBrokers())
    expect(brokers.map(({ broker }) => broker)).toEqual(['broker-1', 'broker-2'])
    expect(brokers[0]!.topics).toEqual([{ topic: 'chat', expirationMinutes: -1, groups: ['readers'] }])
    expect(brokers.reduce((sum, { lightQueues }) => sum + lightQueues, 0)).toBe(2)
    expect(brokers.map(({ subscriptions }) => subscriptions)).toEqual([2, 2])

    const parents = await scene.settle(admin.describeLiteParent('chat'))
    expect(parents).toMatchObject([
      { broker: 'broker-1', topic: 'chat', expirationMinutes: -1, groups: ['readers'] },
      { broker: 'broker-2' },
    ])
    expect(parents.reduce((sum, { liteTopics }) => sum + liteTopics, 0)).toBe(2)

    const described = await scene.settle(admin.describeLiteTopic('chat', 'a'))
    const there = described.find(({ broker }) => broker === queue.broker)!
    expect(there).toMatchObject({ liteTopic: 'a', isChosen: true, minOffset: 0, maxOffset: 3 })
    expect(there.lastStoredTimestamp).toBeGreaterThan(0)
    expect(there.subscribers).toEqual([{ clientId: consumer.clientId, group: 'readers' }])
    const other = described.find(({ broker }) => broker !== queue.broker)!
    expect(other).toMatchObject({ isChosen: false, maxOffset: 0, lastStoredTimestamp: undefined })

    const [client] = await scene.settle(admin.describeLiteClient('chat', 'readers', consumer.clientId))
    expect(client).toMatchObject({ count: 2, liteTopics: ['a', 'b'] })
    const [one] = await scene.settle(admin.describeLiteClient('chat', 'readers', consumer.clientId, { max: 1 }))
    expect(one!.liteTopics).toHaveLength(1)
    const [nobody] = await scene.settle(admin.describeLiteClient('chat', 'readers', 'nobody'))
    expect(nobody).toMatchObject({ count: undefined, liteTopics: [], lastAskedTimestamp: undefined })

    const progress = await scene.settle(admin.liteProgress('readers'))
    const behind = progress.find(({ broker }) => broker === queue.broker)!
    expect(behind.liteTopics).toContainEqual({ liteTopic: 'a', lag: 2, oldestTimestamp: expect.any(Number) })
    const ofOne = await scene.settle(admin.liteProgress('readers', { liteTopic: 'a' }))
    expect(ofOne.reduce((sum, { lag }) => sum + lag, 0)).toBe(2)
    expect(await scene.settle(admin.triggerLiteDispatch('readers'))).toEqual(['broker-1', 'broker-2'])
    await scene.settle(admin.triggerLiteDispatch('readers', { clientId: consumer.clientId }))
    await scene.settle(Promise.all([consumer.close(), admin.close()]))
  })

  test('says what is not there, and what consumes no lite topics', async () => {
    const scene = await startLite()
    const admin = new Admin(scene.client())
    await scene.createTopic('plain', 1)
    await scene.settle(admin.createGroup('plain'))
    for (const [call, code] of [
      [() => admin.describeLiteParent('none'), 'TOPIC_NOT_EXIST'],
      [() => admin.describeLiteParent('plain'), 'INVALID_PARAMETER'],
      [() => admin.describeLiteTopic('none', 'a'), 'TOPIC_NOT_EXIST'],
      [() => admin.describeLiteTopic('chat', 'a b'), 'INVALID_ARGUMENT'],
      [() => admin.describeLiteClient('chat', 'none', 'c'), 'SUBSCRIPTION_GROUP_NOT_EXIST'],
      [() => admin.describeLiteClient('chat', 'readers', 'c', { max: -1 }), 'INVALID_ARGUMENT'],
      [() => admin.liteProgress('none'), 'SUBSCRIPTION_GROUP_NOT_EXIST'],
      [() => admin.liteProgress('plain'), 'INVALID_PARAMETER'],
      [() => admin.liteProgress('readers', { top: -1 }), 'INVALID_ARGUMENT'],
      [() => admin.triggerLiteDispatch('none'), 'SUBSCRIPTION_GROUP_NOT_EXIST'],
    ] as const) {
      expect(await scene.failure(call())).toMatchObject({ code })
    }
    await scene.settle(admin.close())
  })
})
