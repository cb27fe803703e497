import { silentLog } from '@rocketmq-ts/platform'
import { SteppedClock } from '@rocketmq-ts/platform/test-kit'
import {
  checkClientBody,
  consumerConnectionBody,
  consumerIdListBody,
  encodeHost,
  heartbeatBody,
  newSubscriptionGroupConfig,
  newTagSubscription,
  newTopicConfig,
  offsetMessageId,
  producerConnectionBody,
  producerTableBody,
  upperHex,
} from '@rocketmq-ts/protocol'
import { ConnectionLostError, RequestTimeoutError } from '@rocketmq-ts/remoting'
import { describe, expect, test } from 'vitest'
import { checkClientConfig } from '../../src/clients/handlers/check-client-config.ts'
import { consumeMessageDirectly } from '../../src/clients/handlers/consume-message-directly.ts'
import { getAllProducerInfo } from '../../src/clients/handlers/get-all-producer-info.ts'
import { getConsumerConnectionList } from '../../src/clients/handlers/get-consumer-connection-list.ts'
import { getConsumerListByGroup } from '../../src/clients/handlers/get-consumer-list-by-group.ts'
import { getConsumerRunningInfo } from '../../src/clients/handlers/get-consumer-running-info.ts'
import { getProducerConnectionList } from '../../src/clients/handlers/get-producer-connection-list.ts'
import { heartBeat } from '../../src/clients/handlers/heart-beat.ts'
import { unregisterClient } from '../../src/clients/handlers/unregister-client.ts'
import { ClientRegistry } from '../../src/clients/index.ts'
import { ExpressionCompiler } from '../../src/filters/expression-compiler.ts'
import { ask } from '../call-kit.ts'
import { FakeLink } from './fake-link.ts'

function open() {
  const clients = new ClientRegistry({
    clock: new SteppedClock(1_795_462_296_773),
    log: silentLog,
    groups: { get: (name) => newSubscriptionGroupConfig(name), find: (name) => newSubscriptionGroupConfig(name) },
    topics: { ensureInternal: () => undefined },
    filters: { register: () => {}, unregister: () => {} },
    counters: { subscriptionsDiffer: () => {}, registered: () => {} },
    settings: () => ({ notifyConsumerIdsChangedEnable: true, channelExpiredTimeout: 120_000, enableLmq: false }),
    groupsPerConnectionMax: 100,
  })
  const { consumers, producers } = clients
  return { clients, consumers, producers }
}

/** A client of group g and producer group p has sent its heartbeat. */
async function withMember() {
  const parts = open()
  const link = new FakeLink()
  const body = heartbeatBody.encode({
    clientID: '192.0.2.2@1',
    producerDataSet: [{ groupName: 'p' }],
    consumerDataSet: [
      {
        groupName: 'g',
        consumeType: 'CONSUME_PASSIVELY',
        messageModel: 'CLUSTERING',
        consumeFromWhere: 'CONSUME_FROM_FIRST_OFFSET',
        subscriptionDataSet: [newTagSubscription('CapTopic', 'TagA || TagB', 1_795_462_297_018)],
        unitMode: false,
      },
    ],
    heartbeatFingerprint: 0,
    withoutSub: false,
  })
  const asked = await ask(heartBeat(parts), {}, { body, link, request: { language: 'JAVA', version: 513 } })
  return { ...parts, link, asked }
}

describe('a heartbeat', () => {
  test('is answered as by the official broker, after the members were told', async () => {
    const { asked, link } = await withMember()
    expect(asked).toMatchObject({ code: 0, header: { IS_SUPPORT_HEART_BEAT_V2: true, IS_SUB_CHANGE: true } })
    expect(link.takeNotices()).toEqual(['g'])
  })

  test('ends with its client leaving', async () => {
    const { clients, consumers, producers, link } = await withMember()
    const header = { clientID: '192.0.2.2@1', producerGroup: 'p', consumerGroup: 'g' }
    expect(await ask(unregisterClient({ clients }), header, { link })).toMatchObject({ code: 0, extFields: {} })
    expect([consumers.groups(), producers.groups()]).toEqual([[], []])
  })
})

describe('connections', () => {
  test('of a consumer group are listed with what it subscribes to', async () => {
    const { consumers, link } = await withMember()
    const asked = await ask(getConsumerConnectionList({ consumers }), { consumerGroup: 'g' })
    expect(consumerConnectionBody.decode(asked.body)).toEqual({
      connectionSet: [{ clientAddr: link.remoteAddress, clientId: '192.0.2.2@1', language: 'JAVA', version: 513 }],
      consumeFromWhere: 'CONSUME_FROM_FIRST_OFFSET',
      consumeType: 'CONSUME_PASSIVELY',
      messageModel: 'CLUSTERING',
      subscriptionTable: new Map([
        [
          'CapTopic',
          {
            classFilterMode: false,
            codeSet: [2598919, 2598920],
            expressionType: 'TAG',
            subString: 'TagA || TagB',
            subVersion: 1_795_462_297_018,
            tagsSet: ['TagA', 'TagB'],
            topic: 'CapTopic',
          },
        ],
      ]),
    })
    const list = await ask(getConsumerListByGroup({ consumers }), { consumerGroup: 'g' })
    expect([list.extFields, consumerIdListBody.decode(list.body)]).toEqual([{}, { consumerIdList: ['192.0.2.2@1'] }])
  })

  test('that differ in long expressions are listed with a remark that fits into a header', async () => {
    const { clients, consumers } = open()
    for (const clientID of ['a', 'b']) {
      const subscription = newTagSubscription('T', clientID.repeat(100_000), 1)
      clients.heartbeat(
        {
          clientID,
          producerDataSet: [],
          consumerDataSet: [
            {
              groupName: 'g',
              consumeType: 'CONSUME_PASSIVELY',
              messageModel: 'CLUSTERING',
              consumeFromWhere: 'CONSUME_FROM_FIRST_OFFSET',
              subscriptionDataSet: [subscription],
              unitMode: false,
            },
          ],
          heartbeatFingerprint: 0,
          withoutSub: false,
        },
        { link: new FakeLink(), language: 'JAVA', version: 513 },
      )
    }
    const { remark } = await ask(getConsumerConnectionList({ consumers }), { consumerGroup: 'g' })
    expect(remark).toMatch(/^members of g subscribe to different messages, .*topic T: client a .*client b /)
    expect(remark!.length).toBeLessThan(40_000)
  })

  test('of producers are listed by group', async () => {
    const { producers, link } = await withMember()
    const { body } = await ask(getProducerConnectionList({ producers }), { producerGroup: 'p' })
    expect(producerConnectionBody.decode(body).connectionSet).toEqual([
      { clientAddr: link.remoteAddress, clientId: '192.0.2.2@1', language: 'JAVA', version: 513 },
    ])
    const all = await ask(getAllProducerInfo({ producers }), {})
    expect(producerTableBody.decode(all.body).data.get('p')).toEqual([
      {
        clientId: '192.0.2.2@1',
        language: 'JAVA',
        lastUpdateTimestamp: 1_795_462_296_773,
        remoteIP: `/${link.remoteAddress}`,
        version: 513,
      },
    ])
  })

  test('of unknown groups are refused with the codes of the official broker', async () => {
    const { consumers, producers } = open()
    expect(await ask(getConsumerConnectionList({ consumers }), { consumerGroup: 'x' })).toMatchObject({
      code: 206,
      remark: 'the consumer group[x] not online',
    })
    expect(await ask(getProducerConnectionList({ producers }), { producerGroup: 'x' })).toMatchObject({
      code: 1,
      remark: 'the producer group[x] not exist',
    })
    expect(await ask(getConsumerListByGroup({ consumers }), { consumerGroup: 'x' })).toMatchObject({
      code: 1,
      remark: 'no consumer for this group, x',
      extFields: {},
    })
  })
})

describe('a question to a client', () => {
  test('is passed on, and its answer comes back as it is', async () => {
    const { consumers, link } = await withMember()
    link.answer = async () => ({ code: 0, body: Buffer.from('{"properties":{}}') })
    const header = { consumerGroup: 'g', clientId: '192.0.2.2@1', jstackEnable: false }
    const asked = await ask(getConsumerRunningInfo({ consumers }), header)
    expect([asked.code, asked.body.toString()]).toEqual([0, '{"properties":{}}'])
    expect(link.asked).toEqual([{ code: 307, header, body: undefined }])
    link.answer = async () => ({ code: 1, remark: 'too busy' })
    expect(await ask(getConsumerRunningInfo({ consumers }), header)).toMatchObject({ code: 1, remark: 'too busy' })
  })

  test('that nobody answers in time, or at all, is told so', async () => {
    const { consumers, link } = await withMember()
    const header = { consumerGroup: 'g', clientId: '192.0.2.2@1' }
    link.answer = () => Promise.reject(new RequestTimeoutError('GET_CONSUMER_RUNNING_INFO', 'c', 10_000))
    expect((await ask(getConsumerRunningInfo({ consumers }), header)).code).toBe(207)
    link.answer = () => Promise.reject(new ConnectionLostError('c', undefined))
    expect((await ask(getConsumerRunningInfo({ consumers }), header)).code).toBe(1)
    expect(await ask(getConsumerRunningInfo({ consumers }), { ...header, clientId: 'c1' })).toMatchObject({
      code: 1,
      remark: 'The Consumer <g> <c1> not online',
    })
  })

  test('to consume a message takes the message along', async () => {
    const { consumers, link } = await withMember()
    const record = Buffer.from('a record')
    const parts = {
      brokerName: 'broker-a',
      consumers,
      topics: { get: (name: string) => newTopicConfig(name, { topicSysFlag: 1 }) },
      groups: { get: (name: string) => newSubscriptionGroupConfig(name, { groupSysFlag: 2 }) },
      store: { recordAt: async (position: number) => (position === 364 ? record : undefined) },
    }
    link.answer = async () => ({ body: Buffer.from('{"consumeResult":"CR_SUCCESS"}') })
    const idOf = (position: number): string => offsetMessageId(upperHex(encodeHost('127.0.0.1', 10_911)), position)
    const header = { consumerGroup: 'g', clientId: '192.0.2.2@1', topic: 'CapTopic', msgId: idOf(364) }
    const asked = await ask(consumeMessageDirectly(parts), header)
    expect(asked.body.toString()).toBe('{"consumeResult":"CR_SUCCESS"}')
    expect(link.asked).toEqual([
      { code: 309, header: { ...header, brokerName: 'broker-a', topicSysFlag: 1, groupSysFlag: 2 }, body: record },
    ])
    expect((await ask(consumeMessageDirectly(parts), { ...header, msgId: idOf(365) })).code).toBe(1)
    expect((await ask(consumeMessageDirectly(parts), { ...header, msgId: 'zz' })).code).toBe(29)
  })
})

describe('a check of a subscription', () => {
  const checkBy = (isEnabled: boolean) => checkClientConfig({ compiler: new ExpressionCompiler(() => isEnabled) })
  const check = (expressionType: string, subString: string, isEnabled = true) => {
    const subscriptionData = { ...newTagSubscription('T', '*', 1), expressionType, subString }
    return ask(
      checkBy(isEnabled),
      {},
      { body: checkClientBody.encode({ clientId: 'c', group: 'g', subscriptionData }) },
    )
  }

  test('passes tags, and requests that name none', async () => {
    expect((await check('TAG', 'A || B')).code).toBe(0)
    expect((await ask(checkBy(true), {})).code).toBe(0)
    expect((await ask(checkBy(true), {}, { body: Buffer.from('{"clientId":"c"}') })).code).toBe(0)
  })

  test('refuses SQL92 as an official broker without enablePropertyFilter, and tags without any', async () => {
    const refused = await check('SQL92', 'a > 1', false)
    expect(refused.code).toBe(1)
    expect(refused.remark).toMatch(/^The broker does not support consumer to filter message by SQL92/)
    expect((await check('TAG', '||')).code).toBe(23)
  })
})
