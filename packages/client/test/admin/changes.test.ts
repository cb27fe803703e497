import { commands, permission, topicConfigBody } from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import { Admin, Consumer, Producer, Reader } from '../../src/index.ts'
import { clientMachine, send, startScene } from '../client-kit.ts'

describe('an admin that changes what is there', () => {
  test('tells how a topic is set on each broker, and changes what is given alone', async () => {
    const scene = await startScene({ brokers: 2 })
    const admin = new Admin(scene.client())
    await scene.settle(admin.createTopic('T', { queues: 3, attributes: { 'message.type': 'FIFO' } }))
    const before = {
      readQueues: 3,
      writeQueues: 3,
      access: 'readWrite',
      order: false,
      attributes: { 'message.type': 'FIFO' },
    }
    expect(await scene.settle(admin.topicConfigurations('T'))).toEqual([
      { broker: 'broker-1', ...before },
      { broker: 'broker-2', ...before },
    ])
    const changed = await scene.settle(
      admin.changeTopic('T', { writeQueues: 1, access: 'read', brokers: ['broker-2'] }),
    )
    expect(changed).toEqual([{ broker: 'broker-2', ...before, writeQueues: 1, access: 'read' }])
    expect((await scene.settle(admin.topicConfigurations('T')))[0]).toEqual({ broker: 'broker-1', ...before })
    expect((await scene.settle(admin.changeTopic('T', { access: 'none' })))[0]).toMatchObject({
      access: 'none',
      writeQueues: 3,
    })
    expect(await scene.failure(admin.changeTopic('nothing', { queues: 1 }))).toMatchObject({ code: 'TOPIC_NOT_EXIST' })
    await scene.settle(admin.createTopic('part', { brokers: ['broker-1'] }))
    const elsewhere = await scene.failure(admin.changeTopic('part', { queues: 1, brokers: ['broker-2'] }))
    expect(elsewhere).toMatchObject({ code: 'TOPIC_NOT_EXIST' })
    expect(elsewhere.message).toContain('part is not on broker-2')
    await scene.settle(admin.close())
  })

  test('keeps what a topic may beside being read and written', async () => {
    const scene = await startScene()
    const broker = scene.cluster.client.broker(scene.cluster.brokers[0]!)
    const inherits = permission.inherit
    await broker.createTopic('T', 1, permission.read | permission.write | inherits)
    const admin = new Admin(scene.client())
    await scene.cluster.until('it has a route', () => scene.settle(admin.topics()).then((all) => all.includes('T')))
    expect(await scene.settle(admin.changeTopic('T', { access: 'read' }))).toMatchObject([{ access: 'read' }])
    const { body } = await broker.ask(commands.getTopicConfig, { topic: 'T' })
    expect(topicConfigBody.decode(body).perm).toBe(permission.read | inherits)
    await scene.settle(admin.close())
  })

  test('tells how a group is set without making it, and changes what is given alone', async () => {
    const scene = await startScene({ brokers: 2 })
    const admin = new Admin(scene.client())
    await scene.settle(admin.createGroup('readers', { retriesMax: 3, retryQueues: 2 }))
    const before = {
      retriesMax: 3,
      consumeEnabled: true,
      order: false,
      broadcastEnabled: true,
      retryQueues: 2,
    }
    expect(await scene.settle(admin.groupConfigurations('readers'))).toEqual([
      { broker: 'broker-1', ...before },
      { broker: 'broker-2', ...before },
    ])
    expect(await scene.settle(admin.changeGroup('readers', { consumeEnabled: false, brokers: ['broker-1'] }))).toEqual([
      { broker: 'broker-1', ...before, consumeEnabled: false },
    ])
    expect((await scene.settle(admin.groupConfigurations('readers')))[1]).toEqual({ broker: 'broker-2', ...before })
    expect(await scene.failure(admin.groupConfigurations('nobody'))).toMatchObject({
      code: 'SUBSCRIPTION_GROUP_NOT_EXIST',
    })
    expect(await scene.settle(admin.groups())).not.toContain('nobody')
    expect(await scene.failure(admin.changeGroup('readers', { retriesMax: -1 }))).toMatchObject({
      code: 'INVALID_ARGUMENT',
    })
    await scene.settle(admin.close())
  })

  test('sets a group to an offset or by a distance, within the ends of each queue', async () => {
    const scene = await startScene()
    const admin = new Admin(scene.client())
    await scene.settle(admin.createTopic('T', { queues: 1 }))
    await scene.settle(admin.createGroup('readers'))
    await send(scene, 'T', ['a', 'b', 'c', 'd', 'e'])
    const set = async (to: Parameters<Admin['resetOffsets']>[2]) =>
      (await scene.settle(admin.resetOffsets('readers', 'T', to)))[0]!.after
    expect(await set({ offset: 3 })).toBe(3)
    expect(await set({ shift: -2 })).toBe(1)
    expect(await set({ shift: -5 })).toBe(0)
    expect(await set({ offset: 99 })).toBe(5)
    for (const to of [{ offset: -1 }, { offset: 1.5 }, { shift: Number.NaN }]) {
      expect(await scene.failure(admin.resetOffsets('readers', 'T', to))).toMatchObject({ code: 'INVALID_ARGUMENT' })
    }
    await scene.settle(admin.close())
  })

  test('copies how far one group is to another, or only says what that would be', async () => {
    const scene = await startScene()
    const admin = new Admin(scene.client())
    await scene.settle(admin.createTopic('T', { queues: 2 }))
    for (const group of ['one', 'other']) await scene.settle(admin.createGroup(group))
    await send(scene, 'T', ['a', 'b'], { queue: { topic: 'T', broker: 'broker-1', queueId: 1 } })
    expect(await scene.failure(admin.copyOffsets('one', 'other', 'T'))).toMatchObject({ code: 'QUERY_NOT_FOUND' })
    await scene.settle(admin.resetOffsets('one', 'T', 'latest'))
    const planned = await scene.settle(admin.copyOffsets('one', 'other', 'T', { dryRun: true }))
    expect(planned.map(({ before, after }) => [before, after])).toEqual([
      [undefined, 0],
      [undefined, 2],
    ])
    const again = await scene.settle(admin.copyOffsets('one', 'other', 'T'))
    expect(again).toEqual(planned)
    const after = await scene.settle(admin.copyOffsets('one', 'other', 'T', { dryRun: true }))
    expect(after.map(({ before }) => before)).toEqual([0, 2])
    await scene.settle(admin.close())
  })

  test('copies an offset whose messages are deleted as the first one that is there', async () => {
    const hours = Array.from({ length: 24 }, (_, hour) => String(hour).padStart(2, '0'))
    const brokerSettings = { mappedFileSizeCommitLog: '65536', fileReservedTime: '1', deleteWhen: hours.join(';') }
    const scene = await startScene({ brokerSettings })
    const admin = new Admin(scene.client())
    const queue = { topic: 'T', broker: 'broker-1', queueId: 1 }
    await scene.settle(admin.createTopic('T', { queues: 2 }))
    for (const group of ['one', 'other']) await scene.settle(admin.createGroup(group))
    for (const { broker, queueId } of [{ ...queue, queueId: 0 }, queue]) {
      await scene.settle(admin.commitOffset('one', { topic: 'T', broker, queueId }, 0))
    }
    await send(scene, 'T', Array(40).fill('x'.repeat(4000)), { queue })
    const first = async () => (await scene.settle(admin.describeTopic('T'))).queues[1]!.minOffset
    const machine = clientMachine(scene.cluster)
    for (let hour = 0; hour < 4 && (await first()) === 0; hour++) {
      await scene.settle(
        new Promise<void>((resolve) => void machine.runtime.clock.after(3_600_000, resolve)),
        4_000_000,
      )
    }
    const minOffset = await first()
    expect(minOffset).toBeGreaterThan(0)
    for (const dryRun of [true, false]) {
      const copied = await scene.settle(admin.copyOffsets('one', 'other', 'T', { dryRun }))
      expect(copied.map(({ after }) => after)).toEqual([0, minOffset])
    }
    await scene.settle(admin.close())
  })

  test('tells how far all groups are, and of one what is being handled', async () => {
    const scene = await startScene()
    const admin = new Admin(scene.client())
    await scene.settle(admin.createTopic('T', { queues: 1 }))
    await scene.settle(admin.createGroup('readers'))
    await scene.settle(admin.resetOffsets('readers', 'T', 'earliest'))
    await send(scene, 'T', ['a', 'b'])
    const gate = Promise.withResolvers<void>()
    const handler = () => gate.promise
    const consumer = new Consumer({ ...scene.client(), group: 'readers', topics: 'T', handler })
    await scene.settle(consumer.start())
    await scene.cluster.until('both are being handled', async () => {
      const [progress] = await scene.settle(admin.progress('readers', 'T'))
      return progress?.deliveredOffset === 2
    })
    const all = await scene.settle(admin.progressOfAll())
    expect(all.find(({ group }) => group === 'readers')?.queues).toEqual([
      {
        queue: { topic: 'T', broker: 'broker-1', queueId: 0 },
        groupOffset: 0,
        endOffset: 2,
        lag: 2,
        deliveredOffset: undefined,
        lastDoneTimestamp: undefined,
      },
    ])
    gate.resolve()
    await scene.settle(Promise.all([consumer.close(), admin.close()]))
  })

  test('reads and changes settings of brokers and name servers, by name or address', async () => {
    const scene = await startScene({ brokers: 2 })
    const admin = new Admin(scene.client())
    expect((await scene.settle(admin.brokerConfiguration('broker-2'))).get('brokerName')).toBe('broker-2')
    await scene.settle(admin.changeBroker(scene.cluster.brokers[1]!.address, { fileReservedTime: '48' }))
    expect((await scene.settle(admin.brokerConfiguration('broker-2'))).get('fileReservedTime')).toBe('48')
    expect((await scene.settle(admin.brokerConfiguration('broker-1'))).get('fileReservedTime')).toBe('72')
    const refused = await scene.failure(admin.changeBroker('broker-1', { nonsense: '1' }))
    expect(refused.message).toContain('nonsense')
    const servers = await scene.settle(admin.nameServerConfigurations())
    expect(servers.size).toBe(1)
    expect([...servers.values()][0]!.has('listenPort')).toBe(true)
    expect(await scene.failure(admin.changeBroker('broker-1', {}))).toMatchObject({ code: 'INVALID_ARGUMENT' })
    await scene.settle(admin.close())
  })

  test('keeps producers away from a broker, and lets them come back', async () => {
    const scene = await startScene({ brokers: 2 })
    const admin = new Admin(scene.client())
    await scene.settle(admin.createTopic('T', { queues: 1 }))
    const [count] = (await scene.settle(admin.setBrokerWritable('broker-1', false))).values()
    expect(count).toBeGreaterThan(0)
    const [receipt] = await send(scene, 'T', ['a'])
    expect(receipt!.queue.broker).toBe('broker-2')
    expect([...(await scene.settle(admin.setBrokerWritable('broker-1', true))).values()]).toEqual([count])
    await scene.settle(admin.close())
  })

  test('names all producers, and what a member tells of itself', async () => {
    const scene = await startScene()
    await scene.createTopic('T', 1)
    const admin = new Admin(scene.client())
    const producer = new Producer({ ...scene.client(), group: 'shop' })
    await scene.settle(producer.send({ topic: 'T', body: 'x' }))
    await scene.cluster.until('it is known', async () => (await scene.settle(admin.allProducers())).length === 1)
    expect((await scene.settle(admin.allProducers()))[0]).toMatchObject({
      group: 'shop',
      broker: 'broker-1',
      clientId: producer.clientId,
    })
    const consumer = new Consumer({ ...scene.client(), group: 'readers', topics: 'T', handler: () => {} })
    await scene.settle(consumer.start())
    await scene.cluster.until('it has its queue', async () => {
      const status = await scene.settle(admin.memberStatus('readers', consumer.clientId))
      return status.queues.some(({ topic }) => topic === 'T')
    })
    expect(await scene.failure(admin.memberStatus('readers', 'nobody'))).toMatchObject({ name: 'RocketMQError' })
    await scene.settle(Promise.all([producer.close(), consumer.close(), admin.close()]))
  })

  test('tells of a name server that does not answer what is wrong with it', async () => {
    const scene = await startScene()
    const { nameServers } = scene.client()
    const gone = '127.0.0.1:1'
    const admin = new Admin({ ...scene.client(), nameServers: [...nameServers, gone] })
    const views = await scene.settle(admin.nameServers())
    expect(views.map(({ address, brokers }) => [address === gone, brokers?.length])).toEqual([
      [false, 1],
      [true, undefined],
    ])
    expect(views[1]!.error).toMatchObject({ code: expect.stringMatching(/CONNECT_FAILED|TIMEOUT/) })
    await scene.settle(admin.close())
  })
})

describe('a dead letter', () => {
  test('is given to its group once more, and to no other, as it was sent', async () => {
    const scene = await startScene()
    const admin = new Admin(scene.client())
    await scene.settle(admin.createTopic('T', { queues: 1 }))
    const seen: Record<string, string[]> = { readers: [], others: [] }
    let isBroken = true
    const open = (group: string) =>
      new Consumer({
        ...scene.client(),
        group,
        topics: 'T',
        from: 'earliest',
        attemptsMax: 1,
        handler: ({ body, topic, keys, tag, properties, messageId, attempt }) => {
          seen[group]!.push(JSON.stringify([String(body), topic, keys, tag, properties, messageId, attempt]))
          if (isBroken && group === 'readers') throw new Error('broken')
        },
      })
    const consumers = [open('readers'), open('others')]
    await scene.settle(Promise.all(consumers.map((consumer) => consumer.start())))
    await send(scene, 'T', ['x'.repeat(10_000)], { keys: 'k', tag: 'new', properties: { colour: 'blue' } })
    const reader = new Reader({ ...scene.client(), topic: '%DLQ%readers' })
    await scene.cluster.until('it is a dead letter', async () => {
      const there = await scene.settle(admin.describeTopic('%DLQ%readers').catch(() => undefined))
      return there?.queues.some(({ maxOffset }) => maxOffset > 0) === true
    })
    const messages = reader.messages()
    const { value: letter } = await scene.settle(messages.next())
    isBroken = false
    await scene.settle(admin.redeliver('readers', letter!))
    await scene.cluster.until('it is handled', () => seen.readers!.length === 2)
    expect(seen.readers![1]).toBe(seen.readers![0])
    await scene.cluster.sleep(5000)
    expect(seen.others!.length).toBe(1)
    const place = letter!.queue
    expect(await scene.settle(admin.committedOffset('TOOLS_CONSUMER', place))).toBeUndefined()
    await scene.settle(admin.commitOffset('TOOLS_CONSUMER', place, 1))
    expect(await scene.settle(admin.committedOffset('TOOLS_CONSUMER', place))).toBe(1)
    expect(await scene.failure(admin.commitOffset('TOOLS_CONSUMER', place, -1))).toMatchObject({
      code: 'INVALID_ARGUMENT',
    })
    await scene.settle(Promise.all([reader.close(), admin.close(), ...consumers.map((consumer) => consumer.close())]))
  })
})
