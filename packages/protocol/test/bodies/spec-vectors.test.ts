import { describe, expect, test } from 'vitest'
import {
  type Body,
  brokerMemberGroupBody,
  clusterInfoBody,
  consumeDirectlyBody,
  consumeStatsBody,
  dataVersionBody,
  heartbeatBody,
  heartbeatFingerprint,
  lockBatchRequestBody,
  newTagSubscription,
  queryAssignmentRequestBody,
  resetOffsetBody,
  resetOffsetListBody,
  topicRouteBody,
  topicStatsBody,
} from '../../src/bodies/index.ts'

const heartbeatText =
  '{"clientID":"ip@pid","consumerDataSet":[{"consumeFromWhere":"CONSUME_FROM_LAST_OFFSET","consumeType":"CONSUME_PASSIVELY","groupName":"cg","messageModel":"CLUSTERING","subscriptionDataSet":[{"classFilterMode":false,"codeSet":[65,66],"expressionType":"TAG","subString":"A || B","subVersion":1795406896992,"tagsSet":["A","B"],"topic":"T1"}],"unitMode":false}],"heartbeatFingerprint":0,"producerDataSet":[{"groupName":"pg"}],"withoutSub":false}'
const queue = '{"brokerName":"broker-a","queueId":0,"topic":"T1"}'

function rewritten<T>(body: Body<T>, text: string): string {
  return body.encode(body.decode(Buffer.from(text))).toString()
}

describe('golden bodies are read and written byte for byte', () => {
  test('heartbeat', () => {
    expect(rewritten(heartbeatBody, heartbeatText)).toBe(heartbeatText)
  })

  test('lock request', () => {
    const text = `{"clientId":"c","consumerGroup":"cg","mqSet":[${queue}],"onlyThisBroker":false}`
    expect(rewritten(lockBatchRequestBody, text)).toBe(text)
  })

  test('consume statistics', () => {
    const text = `{"consumeTps":0.0,"offsetTable":{${queue}:{"brokerOffset":10,"consumerOffset":5,"lastTimestamp":0,"pullOffset":0}}}`
    expect(rewritten(consumeStatsBody, text)).toBe(text)
  })

  test('topic statistics', () => {
    const text = `{"offsetTable":{${queue}:{"lastUpdateTimestamp":0,"maxOffset":3,"minOffset":0}},"topicPutTps":0.0}`
    expect(rewritten(topicStatsBody, text)).toBe(text)
  })

  test('offsets to reset, as a table', () => {
    expect(rewritten(resetOffsetBody, `{"offsetTable":{${queue}:9}}`)).toBe(`{"offsetTable":{${queue}:9}}`)
  })

  test('query assignment', () => {
    const text = '{"clientId":"c","consumerGroup":"cg","messageModel":"CLUSTERING","strategyName":"AVG","topic":"T1"}'
    expect(rewritten(queryAssignmentRequestBody, text)).toBe(text)
  })

  test('consume directly', () => {
    const text = '{"autoCommit":true,"consumeResult":"CR_SUCCESS","order":false,"spentTimeMills":0}'
    expect(rewritten(consumeDirectlyBody, text)).toBe(text)
  })

  test('data version', () => {
    const text = '{"counter":0,"stateVersion":0,"timestamp":1795406897182}'
    expect(rewritten(dataVersionBody, text)).toBe(text)
  })
})

describe('a route', () => {
  const strict =
    '{"brokerDatas":[{"brokerAddrs":{"0":"127.0.0.1:10911"},"brokerName":"broker-a","cluster":"DefaultCluster","enableActingMaster":false}],"filterServerTable":{},"queueDatas":[{"brokerName":"broker-a","perm":6,"readQueueNums":4,"topicSysFlag":0,"writeQueueNums":4}]}'
  const old = strict.replace('{"0":', '{0:')

  test.each([strict, old])('is read in both forms', (text) => {
    expect(topicRouteBody.decode(Buffer.from(text)).brokerDatas[0]?.brokerAddrs).toEqual(
      new Map([[0, '127.0.0.1:10911']]),
    )
  })

  test('is written in the form that is asked for', () => {
    const route = topicRouteBody.parse(strict)
    expect(topicRouteBody.encode(route, 'standard').toString()).toBe(strict)
    expect(topicRouteBody.encode(route, 'java').toString()).toBe(old)
  })

  test('in the standard form sorts tables, integer keys by value', () => {
    const route = topicRouteBody.parse(
      '{"brokerDatas":[{"brokerAddrs":{10:"c",2:"b",0:"a"},"brokerName":"b","cluster":"c"}],"filterServerTable":{"zz":[],"aa":[]}}',
    )
    expect(topicRouteBody.encode(route, 'standard').toString()).toBe(
      '{"brokerDatas":[{"brokerAddrs":{"0":"a","2":"b","10":"c"},"brokerName":"b","cluster":"c","enableActingMaster":false}],"filterServerTable":{"aa":[],"zz":[]},"queueDatas":[]}',
    )
  })
})

test('cluster information and member groups have bare integer keys', () => {
  const cluster =
    '{"brokerAddrTable":{"broker-a":{"brokerAddrs":{0:"127.0.0.1:10911"},"brokerName":"broker-a","cluster":"C","enableActingMaster":false}},"clusterAddrTable":{"C":["broker-a"]}}'
  expect(rewritten(clusterInfoBody, cluster)).toBe(cluster)
  expect(rewritten(clusterInfoBody, cluster.replace('{0:', '{"0":'))).toBe(cluster)
  const group = '{"brokerMemberGroup":{"brokerAddrs":{0:"127.0.0.1:10911"},"brokerName":"broker-a","cluster":"C"}}'
  expect(rewritten(brokerMemberGroupBody, group)).toBe(group)
})

describe('offsets to reset', () => {
  const list = '{"offsetTable":[{"brokerName":"broker-a","offset":9,"queueId":0,"topic":"T1"}]}'
  const expected = { offsetTable: [[{ topic: 'T1', brokerName: 'broker-a', queueId: 0 }, 9]] }

  test('are read as a table, as a list, and as a table with quoted keys', () => {
    expect(resetOffsetBody.parse(`{"offsetTable":{${queue}:9}}`)).toEqual(expected)
    expect(resetOffsetBody.parse(list)).toEqual(expected)
    expect(resetOffsetBody.parse(JSON.stringify({ offsetTable: { [queue]: 9 } }))).toEqual(expected)
  })

  test('are written as a list for clients in C++', () => {
    expect(rewritten(resetOffsetListBody, list)).toBe(list)
  })
})

describe('the fingerprint of a heartbeat', () => {
  const heartbeat = heartbeatBody.parse(heartbeatText)

  test('is the one the official client computes', () => {
    expect(heartbeatFingerprint(heartbeat)).toBe(917064083)
  })

  test('ignores client id, versions of subscriptions and itself', () => {
    const other = heartbeatBody.parse(heartbeatText.replace('1795406896992', '5').replace('ip@pid', 'other'))
    expect(heartbeatFingerprint({ ...other, heartbeatFingerprint: 3, withoutSub: true })).toBe(917064083)
    expect(heartbeat.consumerDataSet[0]?.subscriptionDataSet[0]?.subVersion).toBe(1795406896992)
  })

  test('changes with a subscription', () => {
    expect(heartbeatFingerprint(heartbeatBody.parse(heartbeatText.replace('A || B', 'A')))).not.toBe(917064083)
  })
})

test('a subscription by tags is the one the official client makes', () => {
  const [consumer] = heartbeatBody.parse(heartbeatText).consumerDataSet
  expect(newTagSubscription('T1', 'A || B', 1795406896992)).toEqual(consumer?.subscriptionDataSet[0])
  expect(newTagSubscription('T1', '', 1)).toMatchObject({ subString: '*', tagsSet: [], codeSet: [] })
})
