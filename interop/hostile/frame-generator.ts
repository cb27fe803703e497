import { type AnyCommand, commands, type ExtFields, encodeFrame, flags, type Role } from '@rocketmq-ts/protocol'
import type { SeededRandom } from '../crash/seeded-random.ts'

type Kind = 'str' | 'i32' | 'i64' | 'bool' | 'boundary'

export interface GeneratedRequest {
  readonly command: AnyCommand
  readonly opaque: number
  readonly frame: Buffer
  /** Whether a server may leave it without an answer for long: one-way, or a pull that waits. */
  readonly mayStayUnanswered: boolean
}

/** Names that exist on the server, so that requests get past the first checks. Not those of a good client. */
export interface Vocabulary {
  readonly topics: readonly string[]
  readonly groups: readonly string[]
}

const suspendFlag = 2
/** Commands that are held until a message comes, or whose answer another client has to give. */
const waitingCommands = new Set([
  'PULL_MESSAGE',
  'LITE_PULL_MESSAGE',
  'GET_CONSUMER_RUNNING_INFO',
  'CONSUME_MESSAGE_DIRECTLY',
])

const strangeTexts = [
  '',
  ' ',
  '\u0000',
  '\u0001\u0002',
  '../../etc/passwd',
  '%RETRY%',
  '%DLQ%x',
  'SCHEDULE_TOPIC_XXXX',
  'TBW102',
  'ünïcødé-\u{1F4A3}',
  '__proto__',
  'constructor',
  'toString',
  '{"a":',
  '[[[[',
  '* || * || ||',
  'a'.repeat(300),
  'k\u0001v\u0002'.repeat(50),
]
const strangeNumbers = [
  '0',
  '-1',
  '1',
  '2147483647',
  '-2147483648',
  '2147483648',
  '9223372036854775807',
  '-9223372036854775808',
  '9223372036854775808',
  '1e308',
  'NaN',
  'Infinity',
  '0x10',
  '1.5',
  ' 7 ',
  '',
]

/** Commands that a server of a role can get. */
export function commandsTo(role: Role): AnyCommand[] {
  return Object.values(commands).filter((command) => (command.to as readonly Role[]).includes(role))
}

/**
 * A well-formed frame made from the declaration of its command: mostly what a client would send, with one or a few
 * things about it that are hostile, so that it gets past the first checks.
 */
export function generateRequest(
  random: SeededRandom,
  command: AnyCommand,
  opaque: number,
  vocabulary: Vocabulary,
): GeneratedRequest {
  const extFields: ExtFields = {}
  const fields = Object.entries(command.request) as [string, { kind: Kind; absent: unknown }][]
  const strangeShare = random.pick([0, 0.1, 0.1, 0.5])
  for (const [name, field] of fields) {
    const isStrange = random.chance(strangeShare)
    if (random.chance(field.absent === 'required' ? (isStrange ? 0.1 : 0) : 0.4)) continue
    extFields[command.requestWireNames?.[name] ?? name] = isStrange
      ? random.pick(field.kind === 'str' ? strangeTexts : [...strangeNumbers, ...strangeTexts])
      : plainText(random, name, field.kind, vocabulary)
  }
  if (random.chance(0.1)) extFields[random.pick(['__proto__', 'constructor', 'x', ''])] = random.pick(strangeTexts)
  const isOneWay = random.chance(0.1)
  const frame = encodeFrame({
    code: command.code,
    opaque,
    flag: isOneWay ? flags.oneWay : 0,
    extFields,
    body: generateBody(random, command, vocabulary),
    // A ROCKETMQ header holds the lower 16 bits of a code only.
    serializeType: random.chance(0.3) && command.code < 32_768 ? 'ROCKETMQ' : 'JSON',
  })
  const isWaiting = waitingCommands.has(command.name) && (Number(extFields.sysFlag ?? suspendFlag) & suspendFlag) !== 0
  return { command, opaque, frame, mayStayUnanswered: isOneWay || isWaiting }
}

function plainText(random: SeededRandom, name: string, kind: Kind, vocabulary: Vocabulary): string {
  switch (kind) {
    case 'i32':
    case 'i64':
      return /perm/i.test(name) ? '6' : String(random.chance(0.7) ? random.between(0, 3) : random.between(0, 5000))
    case 'bool':
      return random.pick(['true', 'false'])
    case 'boundary':
      return random.pick(['lower', 'upper'])
    case 'str':
      break
  }
  if (/topicFilterType/.test(name)) return 'SINGLE_TAG'
  if (/defaultTopic/.test(name)) return 'TBW102'
  if (/topic/i.test(name)) return random.pick(vocabulary.topics)
  if (/group/i.test(name)) return random.pick(vocabulary.groups)
  if (/expressionType/.test(name)) return random.pick(['TAG', 'SQL92'])
  if (/subscription/.test(name)) return random.pick(['*', 'TagA || TagB'])
  if (name === 'properties') return randomProperties(random)
  return random.pick(['name', 'broker-x', '127.0.0.1:1', 'k', '1'])
}

function randomProperties(random: SeededRandom): string {
  const names = [
    'TAGS',
    'KEYS',
    'UNIQ_KEY',
    'DELAY',
    'TRAN_MSG',
    'RETRY_TOPIC',
    'TIMER_DELAY_SEC',
    'REAL_TOPIC',
    'WAIT',
  ]
  const values = ['1', '-1', '99', 'true', 'a b c', 'x'.repeat(100), ...strangeNumbers]
  return Array.from(
    { length: random.between(0, 6) },
    () => `${random.pick(names)}\u0001${random.pick(values)}\u0002`,
  ).join('')
}

function generateBody(random: SeededRandom, command: AnyCommand, vocabulary: Vocabulary): Buffer | undefined {
  switch (random.between(0, 9)) {
    case 0:
      return undefined
    case 1:
      return random.bytes(random.between(0, 300))
    case 2:
      return Buffer.from(JSON.stringify(randomJson(random, vocabulary, 4)))
    case 3:
      return Buffer.from(random.pick(['[', '{']).repeat(random.between(1, 50_000)))
    case 4:
      return Buffer.from(`${random.pick(strangeTexts)}=${random.pick(strangeTexts)}\n`)
    case 5:
      return randomBatch(random)
    default:
      return Buffer.from(JSON.stringify(damaged(random, plainBody(random, command, vocabulary), vocabulary)))
  }
}

/** What a client would send with a command whose body is JSON, with a value here and there that is something else. */
function damaged(random: SeededRandom, value: unknown, vocabulary: Vocabulary): unknown {
  if (random.chance(0.04)) return randomJson(random, vocabulary, 2)
  if (Array.isArray(value)) return value.map((each) => damaged(random, each, vocabulary))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, damaged(random, each, vocabulary)]))
}

function plainBody(random: SeededRandom, command: AnyCommand, { topics, groups }: Vocabulary): unknown {
  const topic = random.pick(topics)
  const group = random.pick(groups)
  const queue = { topic, brokerName: 'broker-a', queueId: random.between(0, 3) }
  const subscription = {
    topic,
    subString: random.pick(['*', 'A || B']),
    tagsSet: ['A', 'B'],
    codeSet: [65, 66],
    subVersion: random.between(0, 100),
    expressionType: 'TAG',
    classFilterMode: false,
  }
  const topicConfig = { topicName: topic, readQueueNums: 2, writeQueueNums: 2, perm: 6, attributes: {} }
  const groupConfig = { groupName: group, consumeEnable: true, retryQueueNums: 1, retryMaxTimes: 3, attributes: {} }
  switch (command.name) {
    case 'HEART_BEAT':
      return {
        clientID: `client-${random.between(0, 20)}`,
        producerDataSet: [{ groupName: group }],
        consumerDataSet: [
          {
            groupName: group,
            consumeType: random.pick(['CONSUME_ACTIVELY', 'CONSUME_PASSIVELY']),
            messageModel: random.pick(['CLUSTERING', 'BROADCASTING']),
            consumeFromWhere: 'CONSUME_FROM_LAST_OFFSET',
            subscriptionDataSet: [subscription],
            unitMode: false,
          },
        ],
        heartbeatFingerprint: random.between(0, 3),
        withoutSub: random.chance(0.2),
      }
    case 'LOCK_BATCH_MQ':
    case 'UNLOCK_BATCH_MQ':
      return { consumerGroup: group, clientId: 'client', mqSet: [queue], onlyThisBroker: false }
    case 'CHECK_CLIENT_CONFIG':
      return { clientId: 'client', group, subscriptionData: subscription, namespace: '' }
    case 'UPDATE_AND_CREATE_TOPIC_LIST':
      return { topicConfigList: [topicConfig, topicConfig] }
    case 'UPDATE_AND_CREATE_SUBSCRIPTIONGROUP':
      return groupConfig
    case 'UPDATE_AND_CREATE_SUBSCRIPTIONGROUP_LIST':
      return { groupConfigList: [groupConfig] }
    case 'QUERY_ASSIGNMENT':
      return { topic, consumerGroup: group, clientId: 'client', strategyName: 'AVG', messageModel: 'CLUSTERING' }
    case 'REGISTER_BROKER':
      return { topicConfigSerializeWrapper: { dataVersion: {}, topicConfigTable: { [topic]: topicConfig } } }
    default:
      return { topic, group, queue, subscription }
  }
}

/** JSON with the keys that bodies of the protocol have. */
function randomJson(random: SeededRandom, vocabulary: Vocabulary, depth: number): unknown {
  const keys = [
    'clientID',
    'groupName',
    'consumerGroup',
    'mqSet',
    'producerDataSet',
    'consumerDataSet',
    'subscriptionDataSet',
    'topicConfigList',
    'topicConfigTable',
    'topicName',
    'topic',
    'queueId',
    'brokerName',
    'readQueueNums',
    'writeQueueNums',
    'attributes',
    'retryMaxTimes',
    '__proto__',
  ]
  switch (random.between(depth > 0 ? 0 : 2, 6)) {
    case 0:
      return Object.fromEntries(
        Array.from({ length: random.between(0, 6) }, () => [
          random.pick(keys),
          randomJson(random, vocabulary, depth - 1),
        ]),
      )
    case 1:
      return Array.from({ length: random.between(0, 4) }, () => randomJson(random, vocabulary, depth - 1))
    case 2:
      return random.pick([...vocabulary.topics, ...vocabulary.groups])
    case 3:
      return random.between(-2, 100)
    case 4:
      return random.chance(0.5)
    case 5:
      return null
    default:
      return random.pick(strangeTexts)
  }
}

/** As a batch of messages is encoded, with a length that may lie. */
function randomBatch(random: SeededRandom): Buffer {
  const messages = Array.from({ length: random.between(1, 4) }, () => {
    const body = random.bytes(random.between(0, 40))
    const message = Buffer.alloc(22 + body.length)
    message.writeInt32BE(message.length, 0)
    message.writeInt32BE(body.length, 16)
    body.copy(message, 20)
    return message
  })
  const batch = Buffer.concat(messages)
  if (random.chance(0.5)) batch.writeInt32BE(random.between(-5, 1 << 30), random.pick([0, 16]))
  return batch
}

/** A frame with bytes changed, left out, put in or cut off. */
export function mutate(random: SeededRandom, frame: Buffer): Buffer {
  let bytes = Buffer.from(frame)
  for (let count = random.between(1, 4); count > 0; count--) {
    const at = random.between(0, Math.max(0, bytes.length - 1))
    switch (random.between(0, 4)) {
      case 0:
        bytes[at] = random.between(0, 255)
        break
      case 1:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + random.between(1, 8))])
        break
      case 2:
        bytes = Buffer.concat([bytes.subarray(0, at), random.bytes(random.between(1, 8)), bytes.subarray(at)])
        break
      case 3:
        bytes = bytes.subarray(0, at)
        break
      default:
        // The two lengths at the front are where the most harm can be done.
        if (bytes.length >= 8) bytes.writeInt32BE(random.between(-(2 ** 31), 2 ** 31 - 1), random.pick([0, 4]))
    }
  }
  return bytes
}
