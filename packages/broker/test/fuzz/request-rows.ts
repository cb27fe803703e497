import { type FuzzRow, fuzzRow, looseText, SeededRandom, SteppedClock, sameValue } from '@rocketmq-ts/platform/test-kit'
import {
  commands,
  type DecodedMessage,
  decodeMessageProperties,
  EncodedProperties,
  encodeBatchBody,
  encodeHost,
  JavaPropertiesError,
  newSubscriptionGroupConfig,
  newTopicConfig,
  ProtocolError,
  parseJavaProperties,
} from '@rocketmq-ts/protocol'
import type { RemotingConnection } from '@rocketmq-ts/remoting'
import { checkChange, type SettingsEnvironment, SettingsError, toPropertiesText } from '@rocketmq-ts/settings'
import type { StoreMessage } from '@rocketmq-ts/storage'
import {
  alteredAttributes,
  groupAttributeKinds,
  groupNameProblem,
  parseAttributeChanges,
  topicAttributeKinds,
  topicNameProblem,
} from '../../src/configuration/index.ts'
import { dueMessage } from '../../src/delay/delayed-message.ts'
import { Intake } from '../../src/intake/intake.ts'
import { withProperties } from '../../src/intake/property-text.ts'
import { tagsMatcher } from '../../src/reading/message-filter.ts'
import { pullSubscription } from '../../src/reading/pull-subscription.ts'
import { BrokerProperties } from '../../src/sending/broker-properties.ts'
import type { SendParts } from '../../src/sending/send-parts.ts'
import { takeBatch } from '../../src/sending/take-batch.ts'
import { brokerChangeRules, brokerSettings, readBrokerSettings } from '../../src/settings/index.ts'
import { parseAddressList } from '../../src/settings/parse-address-list.ts'
import { SendableTopic } from '../../src/topics/index.ts'
import { FakeLink, response } from '../clients/fake-link.ts'

const environment: SettingsEnvironment = {
  hostName: 'machine-1',
  localAddress: '192.0.2.7',
  homeFolder: '/home/someone',
  variables: {},
  processors: 4,
}
const settingsWords = [
  ...Object.keys(brokerSettings),
  '=',
  '\n',
  'true',
  'constructor',
  '__proto__',
  '-1',
  '2147483648',
  '1s 2m',
  '04;05',
  ';',
]
const settingsTexts = [
  '',
  'brokerName=a\nnamesrvAddr=127.0.0.1:9876\nflushDiskType=SYNC_FLUSH\ndeleteWhen=04\nmessageDelayLevel=1s 5s\n',
  'traceOn=true\nmaxMessageSize=1024\nconfigBlackList=a;b\n',
]

const host = encodeHost('127.0.0.1', 10911)
const stored: StoreMessage = {
  topic: 'T',
  queueId: 3,
  flag: 0,
  sysFlag: 0,
  bornTimestamp: 1,
  bornHost: host,
  storeHost: host,
  reconsumeTimes: 0,
  preparedTransactionOffset: 0,
  body: Buffer.from('b'),
  properties: EncodedProperties.ofText(''),
}

const propertyWords = [
  '\u0001',
  '\u0002',
  'DELAY\u0001',
  'REAL_TOPIC\u0001',
  'REAL_QID\u0001',
  'TIMER_DELAY_SEC\u0001',
  '1',
  '-1',
  '1e3',
  '4294967296',
  'NaN',
  'TRAN_MSG\u0001true',
]
const propertyTexts = [
  '',
  'KEYS\u0001k\u0002TAGS\u0001a\u0002',
  'DELAY\u00013\u0002KEYS\u0001k',
  'DELAY\u000199\u0002REAL_TOPIC\u0001T\u0002REAL_QID\u00015\u0002TIMER_DELAY_SEC\u00011\u0002',
]

const intakeParts = { topics: { ensureInternal: (topic: string) => newTopicConfig(topic) }, highestDelayLevel: 18 }
const sendIntake = new Intake('send', intakeParts)

const sendParts: SendParts = {
  topics: {
    checkSendable: (topic) => new SendableTopic(newTopicConfig(topic)),
    autoCreate: (topic) => newTopicConfig(topic),
    ensureInternal: (topic) => newTopicConfig(topic),
  },
  locks: { hasLocks: () => false },
  groups: { find: (group) => newSubscriptionGroupConfig(group) },
  random: new SeededRandom(1),
  brokerPermission: () => 6,
  sink: { put: () => {} },
  whenRegistered: async () => {},
  putWhole: () => {},
  clock: new SteppedClock(),
  storeHost: host,
  storeHostHex: host.toString('hex'),
  compactedBytesMax: 100_000,
  brokerName: 'broker-a',
  brokerProperties: new BrokerProperties('c'),
  sendOnce: undefined,
  settings: () => ({
    maxMessageSize: 4096,
    traceOn: false,
    regionId: '',
    rejectTransactionMessage: false,
    enableTopicMessageTypeCheck: false,
    brokerIP1: '127.0.0.1',
    startAcceptSendRequestTimeStamp: 0,
  }),
  uniqueId: () => 'U',
  intake: sendIntake,
  batchIntake: new Intake('batch', intakeParts),
}
const batchHeader = commands.sendMessage.requestCodec.decode({
  ...{ producerGroup: 'p', topic: 'T', defaultTopic: 'TBW102', defaultTopicQueueNums: '8', queueId: '1' },
  ...{ sysFlag: '0', bornTimestamp: '1', flag: '0', properties: '', batch: 'true' },
})

const batchSender = { connection: new FakeLink() as unknown as RemotingConnection, request: response({ flag: 0 }) }

function checkQueueId(queueId: number): void {
  if (!Number.isInteger(queueId) || queueId < 0 || queueId > 0x7fffffff) throw new Error(`${queueId} is no queue id`)
}

export const requestRows: readonly FuzzRow[] = [
  fuzzRow({
    name: 'broker.conf',
    covers: ['readBrokerSettings'],
    words: settingsWords,
    refusals: [SettingsError, JavaPropertiesError],
    seeds: () => settingsTexts.map((text) => Buffer.from(text)),
    cost: 20,
    decode: (input) =>
      readBrokerSettings(parseJavaProperties(looseText(input)), { source: 'broker.conf', environment }).values,
    check(values) {
      const again = parseJavaProperties(toPropertiesText(brokerSettings, values))
      if (!sameValue(readBrokerSettings(again, { source: 'again', environment }).values, values)) {
        throw new Error('the settings do not come back')
      }
    },
  }),
  fuzzRow({
    name: 'changes of settings',
    words: settingsWords,
    seeds: () => settingsTexts.map((text) => Buffer.from(text)),
    cost: 20,
    decode(input) {
      const { values } = readBrokerSettings({}, { source: 'broker.conf', environment })
      return checkChange({ ...brokerChangeRules, decidedKeys: new Map() }, { current: values, next: values }, input)
    },
    check(change) {
      if (change.outcome === 'taken') toPropertiesText(brokerSettings, change.values.next)
    },
  }),
  fuzzRow({
    name: 'list of addresses',
    covers: ['parseAddressList'],
    words: [';', ':', '[', ']', '65536', '0', '%', ' '],
    refusals: [SettingsError],
    seeds: () => ['', '127.0.0.1:9876;[fe80::1%2]:1', ' a:1 ; b:2 '].map((text) => Buffer.from(text)),
    decode: (input) => parseAddressList(looseText(input)),
    check(list) {
      if (!sameValue(parseAddressList(list.join(';')), list)) throw new Error('the addresses do not come back')
    },
  }),
  fuzzRow({
    name: 'attributes',
    covers: ['parseAttributeChanges'],
    words: [
      '+',
      '-',
      '=',
      ',',
      'message.type',
      'FIFO',
      'queue.type',
      'BatchCQ',
      'priority.factor',
      '101',
      '9223372036854775808',
      '__proto__',
    ],
    refusals: [ProtocolError],
    seeds: () =>
      ['', '+message.type=FIFO', '-reserve.time', '+priority.factor=+5', '+reserve.time=1,-message.type'].map((text) =>
        Buffer.from(text),
      ),
    decode(input) {
      const changes = parseAttributeChanges(looseText(input))
      const current = new Map([
        ['message.type', 'NORMAL'],
        ['reserve.time', '-1'],
      ])
      const results = [topicAttributeKinds, groupAttributeKinds].map((kinds) => altered(kinds, current, changes))
      if (results.every((result) => result instanceof ProtocolError)) throw results[0]
      return results
    },
    check(results) {
      for (const result of results) {
        if (result instanceof Map && [...result.keys()].some((name) => name === '')) throw new Error('a name is empty')
      }
    },
  }),
  fuzzRow({
    name: 'names of topics and groups',
    words: ['%', '|', '-', '_', ' ', '/', '..', '\n'],
    seeds: () => ['T', '%RETRY%g', 'a|b'].map((text) => Buffer.from(text)),
    decode: (input) => looseText(input),
    check(name) {
      const isTaken = topicNameProblem(name) === undefined || groupNameProblem(name) === undefined
      if (isTaken && !/^[^/\\\0\s]{1,127}$/.test(name)) throw new Error('a name leads out of the store')
    },
  }),
  fuzzRow({
    name: 'properties that are set in a text',
    words: propertyWords,
    seeds: () => propertyTexts.map((text) => Buffer.from(text)),
    decode: (input) => input.toString('utf8'),
    check(text) {
      const changed = decodeMessageProperties(withProperties(text, { DELAY: '2', REAL_QID: undefined, KEYS: 'new' }))
      const expected = decodeMessageProperties(text)
      expected.delete('REAL_QID')
      expected.set('DELAY', '2')
      expected.set('KEYS', 'new')
      const sorted = (table: Map<string, string>): [string, string][] => [...table].sort()
      if (!sameValue(sorted(changed), sorted(expected))) throw new Error('other properties changed')
    },
  }),
  fuzzRow({
    name: 'message with a delay level, sent and due',
    words: propertyWords,
    refusals: [ProtocolError],
    seeds: () => propertyTexts.map((text) => Buffer.from(text)),
    decode(input) {
      const properties = new EncodedProperties(input)
      return {
        asSent: sendIntake.take({ ...stored, properties }),
        asDue: dueMessage(messageWith(properties.text), host),
      }
    },
    check({ asSent, asDue }) {
      checkQueueId(asSent.queueId)
      if (asDue !== undefined) checkQueueId(asDue.queueId)
      const due = dueMessage(messageWith(asSent.properties.text), host)
      if (asSent.topic !== stored.topic && (due?.topic !== stored.topic || due.queueId !== stored.queueId)) {
        throw new Error('a delayed message does not come back to its queue')
      }
    },
  }),
  fuzzRow({
    name: 'batch that is sent',
    covers: ['takeBatch'],
    words: propertyWords,
    refusals: [ProtocolError],
    seeds: () => {
      const one = { flag: 0, body: Buffer.from('a'), propertiesBytes: Buffer.from('KEYS\u0001k\u0002') }
      return [[one], [one, { ...one, propertiesBytes: Buffer.alloc(0) }]].map(encodeBatchBody)
    },
    repair(input) {
      if (input.length >= 22) input.writeInt32BE(input.length, 0)
      return input
    },
    decode: (input) => takeBatch(batchHeader, { ...batchSender, body: input }, sendParts),
    check(batch) {
      for (const { queueId } of batch.kind === 'split' ? batch.messages : [batch.message]) checkQueueId(queueId)
    },
  }),
  fuzzRow({
    name: 'subscription of a pull',
    words: ['||', '*', 'SQL92', 'TAG', ' ', 'a'],
    refusals: [ProtocolError],
    seeds: () => ['*', 'A || B', ''].map((text) => Buffer.from(text)),
    decode: (input) =>
      pullSubscription(
        { topic: 'T', consumerGroup: 'g', sysFlag: 4, subscription: looseText(input), subVersion: 1 },
        newSubscriptionGroupConfig('g'),
        undefined,
      ),
    check(subscription) {
      const matches = tagsMatcher(subscription)
      if (subscription.codeSet.some((code) => !matches(code))) throw new Error('a tag does not match itself')
    },
  }),
]

function altered(
  kinds: typeof topicAttributeKinds,
  current: ReadonlyMap<string, string>,
  changes: ReadonlyMap<string, string>,
): Map<string, string> | ProtocolError {
  try {
    return alteredAttributes(kinds, current, changes)
  } catch (error) {
    if (error instanceof ProtocolError) return error
    throw error
  }
}

function messageWith(properties: string): DecodedMessage {
  const address = { host: '127.0.0.1', port: 1 }
  return {
    ...stored,
    bornHost: address,
    storeHost: address,
    properties,
    queueOffset: 0,
    physicalOffset: 0,
    storeTimestamp: 1,
    totalSize: 1,
  }
}
