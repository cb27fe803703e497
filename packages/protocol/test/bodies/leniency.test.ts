import { describe, expect, test } from 'vitest'
import {
  BodyError,
  brokerStatsBody,
  clusterInfoBody,
  consumeQueueQueryBody,
  consumerOffsetsBody,
  heartbeatBody,
  keyValueTableBody,
  lockBatchRequestBody,
  messageRequestModeSettingBody,
  newSubscriptionGroupConfig,
  newTopicConfig,
  subscriptionGroupConfigBody,
  topicConfigBody,
  topicListBody,
  topicRouteBody,
} from '../../src/bodies/index.ts'

describe('what the Java peers read, we read the same', () => {
  test('integers and doubles in quotes, and an integer for a double', () => {
    expect(brokerStatsBody.parse('{"statsMinute":{"sum":"5","tps":"1.5","avgpt":3}}').statsMinute).toEqual({
      sum: 5,
      tps: 1.5,
      avgpt: 3,
    })
  })

  test('null for absent', () => {
    expect(topicConfigBody.parse('{"topicName":"T","perm":null,"attributes":null}')).toEqual(newTopicConfig('T'))
    expect(keyValueTableBody.parse('{"table":{"a":null,"b":"1"}}').table).toEqual(new Map([['b', '1']]))
  })

  test('booleans in quotes and as 0 and 1', () => {
    expect(topicConfigBody.parse('{"topicName":"T","order":"true"}').order).toBe(true)
    expect(topicConfigBody.parse('{"topicName":"T","order":1}').order).toBe(true)
  })

  test('enums by ordinal, as the C++ client sends them, and in any case', () => {
    const [consumer] = heartbeatBody.parse(
      '{"clientID":"c","consumerDataSet":[{"groupName":"g","consumeType":1,"messageModel":"Clustering","consumeFromWhere":"4"}]}',
    ).consumerDataSet
    expect(consumer).toMatchObject({
      consumeType: 'CONSUME_PASSIVELY',
      messageModel: 'CLUSTERING',
      consumeFromWhere: 'CONSUME_FROM_FIRST_OFFSET',
    })
  })

  test('numbers and booleans for text', () => {
    expect(keyValueTableBody.parse('{"table":{"n":5,"b":true}}').table).toEqual(
      new Map([
        ['n', '5'],
        ['b', 'true'],
      ]),
    )
  })

  test('unknown fields', () => {
    expect(topicListBody.parse('{"topicList":["a"],"new":{"b":[1]}}')).toEqual({ topicList: ['a'] })
  })

  test('integer keys with and without quotes side by side', () => {
    expect(consumerOffsetsBody.parse('{"offsetTable":{"T@g":{"0":1,1:"2"}}}').offsetTable.get('T@g')).toEqual(
      new Map([
        [0, 1],
        [1, 2],
      ]),
    )
  })

  test('repetitions in sets', () => {
    expect(topicListBody.parse('{"topicList":["a","b","a"]}').topicList).toEqual(['a', 'b'])
  })
})

describe('names of users', () => {
  test('that are special to JavaScript are ordinary', () => {
    const body = keyValueTableBody.parse('{"table":{"__proto__":"a","constructor":"b"}}')
    expect(body.table).toEqual(
      new Map([
        ['__proto__', 'a'],
        ['constructor', 'b'],
      ]),
    )
    expect(keyValueTableBody.encode(body).toString()).toBe('{"table":{"__proto__":"a","constructor":"b"}}')
  })

  test('fields are never taken from a prototype', () => {
    expect(() => topicConfigBody.parse('{"__proto__":{"topicName":"T"}}')).toThrow(/topicName is missing/)
  })
})

describe('defaults', () => {
  test('of a topic are those of the Java peers', () => {
    expect(topicConfigBody.encode(newTopicConfig('T')).toString()).toBe(
      '{"attributes":{},"order":false,"perm":6,"readQueueNums":16,"topicFilterType":"SINGLE_TAG","topicName":"T","topicSysFlag":0,"writeQueueNums":16}',
    )
  })

  test('of a group are those of the Java peers', () => {
    const config = newSubscriptionGroupConfig('g', { retryMaxTimes: 3 })
    expect(subscriptionGroupConfigBody.encode(config).toString()).toBe(
      '{"attributes":{},"brokerId":0,"consumeBroadcastEnable":true,"consumeEnable":true,"consumeFromMinEnable":true,"consumeMessageOrderly":false,"consumeTimeoutMinute":15,"groupName":"g","groupRetryPolicy":{"type":"CUSTOMIZED"},"groupSysFlag":0,"notifyConsumerIdsChangedEnable":true,"retryMaxTimes":3,"retryQueueNums":1,"whichBrokerWhenConsumeSlowly":1}',
    )
  })

  test('are not shared between values', () => {
    newTopicConfig('A').attributes.set('k', 'v')
    expect(newTopicConfig('B').attributes.size).toBe(0)
  })
})

describe('longs beyond the safe range', () => {
  test('become the ends of the safe range, which are written as the ends of long', () => {
    const body = consumerOffsetsBody.parse(
      '{"offsetTable":{"T@g":{0:9223372036854775807,1:-9223372036854775808,2:9007199254740993}}}',
    )
    expect(body.offsetTable.get('T@g')).toEqual(
      new Map([
        [0, Number.MAX_SAFE_INTEGER],
        [1, Number.MIN_SAFE_INTEGER],
        [2, Number.MAX_SAFE_INTEGER],
      ]),
    )
    expect(consumerOffsetsBody.encode(body).toString()).toBe(
      '{"offsetTable":{"T@g":{0:9223372036854775807,1:-9223372036854775808,2:9223372036854775807}}}',
    )
  })

  test('stay exact where every bit counts', () => {
    const text =
      '{"maxQueueIndex":0,"minQueueIndex":0,"queueData":[{"eval":false,"physicOffset":0,"physicSize":0,"tagsCode":-9223372036854775807}]}'
    expect(consumeQueueQueryBody.parse(text).queueData?.[0]?.tagsCode).toBe(-9223372036854775807n)
    expect(consumeQueueQueryBody.encode(consumeQueueQueryBody.parse(text)).toString()).toBe(text)
  })
})

describe('errors name the body and the field', () => {
  test.each([
    [
      topicRouteBody,
      '{"queueDatas":[{"brokerName":"b"},{"brokerName":"b","perm":"rw"}]}',
      /^TopicRouteData: queueDatas\[1\]\.perm must be an integer of 32 bits, is "rw"$/,
    ],
    [
      topicRouteBody,
      '{"queueDatas":[{"perm":2147483648}]}',
      /queueDatas\[0\]\.perm must be|queueDatas\[0\]\.brokerName is missing/,
    ],
    [
      clusterInfoBody,
      '{"brokerAddrTable":{"b":{"brokerName":"b","brokerAddrs":{"x":"a"}}}}',
      /^ClusterInfo: brokerAddrTable\.b\.brokerAddrs has the key "x" where a safe integer is meant$/,
    ],
    [
      consumerOffsetsBody,
      '{"offsetTable":{"T@g":{2147483648:1}}}',
      /offsetTable\.T@g has the key "2147483648" where an integer of 32 bits is meant$/,
    ],
    [
      clusterInfoBody,
      '{"brokerAddrTable":{{"a":1}:{}}}',
      /brokerAddrTable has an object as a key where names are meant/,
    ],
    [
      lockBatchRequestBody,
      '{"mqSet":[{"topic":"T","queueId":0}]}',
      /^LockBatchRequestBody: mqSet\[0\]\.brokerName is missing$/,
    ],
    [topicListBody, '{"topicList":"a"}', /^TopicList: topicList must be a list, is "a"$/],
    [topicListBody, '[]', /^TopicList: must be an object, is a list$/],
    [topicListBody, '', /^TopicList: expected a value, found the end of the text at position 0$/],
    [topicListBody, '{"topicList":[}', /^TopicList: expected a value, found "}" at position 14$/],
    [
      messageRequestModeSettingBody,
      '{"mode":"PUSH"}',
      /^SetMessageRequestModeRequestBody: mode must be one of PULL, POP, is "PUSH"$/,
    ],
    [topicConfigBody, '{"topicName":"T","order":"maybe"}', /order must be true or false, is "maybe"/],
    [brokerStatsBody, '{"statsDay":{"tps":{}}}', /statsDay\.tps must be a number, is an object/],
    [brokerStatsBody, '{"statsDay":{"sum":1.5}}', /statsDay\.sum must be an integer of 64 bits, is 1.5/],
  ] as const)('%o %s', (body, text, message) => {
    expect(() => body.decode(Buffer.from(text))).toThrow(BodyError)
    expect(() => body.decode(Buffer.from(text))).toThrow(message)
  })

  test('when a value does not fit the wire, too', () => {
    expect(() => topicConfigBody.encode(newTopicConfig('T', { perm: 2 ** 31 }))).toThrow(
      /^TopicConfig: perm must be an integer of 32 bits/,
    )
    const offsets = { offsetTable: new Map([['T@g', new Map([[0, 2 ** 53]])]]) }
    expect(() => consumerOffsetsBody.encode(offsets)).toThrow(/offsetTable\.T@g\[0\] must be a safe integer/)
  })
})
