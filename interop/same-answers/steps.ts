import type { Step } from './case.ts'
import { frameOfHeader, type RawRequest } from './frame.ts'
import type { BodyKind } from './observation.ts'

export type Fields = Record<string, string | number | boolean | undefined>
type Rest = Omit<RawRequest, 'code' | 'fields'>

/** A request with the given header fields; numbers and booleans are written as text, as clients do. */
export function request(what: string, code: number, fields: Fields, rest: Rest & { answer?: BodyKind } = {}): Step {
  const { answer, ...raw } = rest
  return { what, run: (server) => server.request({ code, fields: textsOf(fields), ...raw }, answer) }
}

export function textsOf(fields: Fields): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, value === undefined ? undefined : String(value)]),
  )
}

/** The official server does not hang up on all that it cannot read. */
const rubbishDeadlineMs = 4_000

/** A frame whose JSON header is the given text. */
export function header(what: string, text: string): Step {
  return { what, run: (server) => server.ask(frameOfHeader(text), 'ignored', rubbishDeadlineMs) }
}

export function makeTopic(topic: string, fields: Fields = {}, rest: Rest = {}): Step {
  const all = {
    topic,
    defaultTopic: 'TBW102',
    readQueueNums: 1,
    writeQueueNums: 1,
    perm: 6,
    topicFilterType: 'SINGLE_TAG',
    topicSysFlag: 0,
    order: false,
    ...fields,
  }
  return request(`topic ${topic} ${JSON.stringify(fields)}`, 17, all, rest)
}

export function topicConfig(topic: string): Step {
  return request(`configuration of ${topic}`, 351, { topic }, { answer: 'json' })
}

export interface Sent {
  readonly body?: string
  readonly properties?: Readonly<Record<string, string>>
  readonly fields?: Fields
  readonly rest?: Rest
}

const bornMs = 1_700_000_000_000

/** `name \x01 value \x02`, repeated. */
export function propertiesText(properties: Readonly<Record<string, string>>): string {
  return Object.entries(properties)
    .map(([name, value]) => `${name}\u0001${value}\u0002`)
    .join('')
}

/** SEND_MESSAGE, with long names. */
export function send(topic: string, sent: Sent = {}): Step {
  const { body = 'x', fields = {} } = sent
  const raw = sendRequest(topic, sent)
  return { what: `send ${body.slice(0, 20)} ${JSON.stringify(fields)}`, run: (server) => server.request(raw) }
}

/** The request of `send`. */
export function sendRequest(topic: string, { body = 'x', properties = {}, fields = {}, rest = {} }: Sent): RawRequest {
  const all: Fields = {
    producerGroup: 'producers',
    topic,
    defaultTopic: 'TBW102',
    defaultTopicQueueNums: 4,
    queueId: 0,
    sysFlag: 0,
    bornTimestamp: bornMs,
    flag: 0,
    properties: propertiesText(properties),
    reconsumeTimes: 0,
    unitMode: false,
    batch: false,
    ...fields,
  }
  return { code: 10, fields: textsOf(all), body, ...rest }
}

function letters(topic: string, properties: Readonly<Record<string, string>>, isBatch: boolean) {
  return {
    a: 'producers',
    b: topic,
    c: 'TBW102',
    d: 4,
    e: 0,
    f: 0,
    g: bornMs,
    h: 0,
    i: propertiesText(properties),
    j: 0,
    k: false,
    m: isBatch,
    n: 'broker-a',
  }
}

/** SEND_MESSAGE_V2, with letters; `fields` names letters. */
export function sendV2(topic: string, { body = 'x', properties = {}, fields = {}, rest = {} }: Sent = {}): Step {
  const all = { ...letters(topic, properties, false), ...fields }
  return request(`send V2 ${body.slice(0, 20)} ${JSON.stringify(fields)}`, 310, all, { body, ...rest })
}

/** One message of a batch: total 4 | magic 4 | crc 4 | flag 4 | bodyLength 4 | body | propertiesLength 2 | properties */
export function batched(body: string, properties: Readonly<Record<string, string>> = {}): Buffer {
  const bodyBytes = Buffer.from(body)
  const text = Buffer.from(propertiesText(properties))
  const head = Buffer.alloc(20)
  head.writeInt32BE(22 + bodyBytes.length + text.length, 0)
  head.writeInt32BE(bodyBytes.length, 16)
  const length = Buffer.alloc(2)
  length.writeInt16BE(text.length)
  return Buffer.concat([head, bodyBytes, length, text])
}

/** SEND_BATCH_MESSAGE. */
export function sendBatch(topic: string, messages: readonly Buffer[], sent: Omit<Sent, 'body'> = {}): Step {
  const { properties = {}, fields = {}, rest = {} } = sent
  const all = { ...letters(topic, properties, true), ...fields }
  const what = `send a batch of ${messages.length} ${JSON.stringify({ ...properties, ...fields })}`
  return request(what, 320, all, { body: Buffer.concat(messages), ...rest })
}

const subscriptionInHeader = 4

/** PULL_MESSAGE that does not wait. */
export function pull(topic: string, fields: Fields = {}, rest: Rest & { code?: number } = {}): Step {
  const { code = 11, ...raw } = rest
  const all = {
    consumerGroup: 'DEFAULT_CONSUMER',
    topic,
    queueId: 0,
    queueOffset: 0,
    maxMsgNums: 32,
    sysFlag: subscriptionInHeader,
    commitOffset: 0,
    suspendTimeoutMillis: 0,
    subscription: '*',
    subVersion: 0,
    expressionType: 'TAG',
    ...fields,
  }
  return request(`pull ${JSON.stringify(fields)}`, code, all, { answer: 'records', ...raw })
}

/** A pull by what the group's heartbeat subscribed to. */
export function pullSubscribed(topic: string, consumerGroup: string, fields: Fields = {}): Step {
  return pull(topic, { consumerGroup, sysFlag: 0, subscription: undefined, subVersion: 0, ...fields })
}

export interface Subscribed {
  readonly subString?: string | null | undefined
  readonly tagsSet?: readonly string[]
  readonly codeSet?: readonly number[]
  readonly expressionType?: string | null
  readonly classFilterMode?: boolean
  readonly consumerFields?: Readonly<Record<string, unknown>>
  readonly clientID?: string
}

/** HEART_BEAT of one member of a group that subscribes to one topic; what is undefined is not written. */
export function heartbeat(group: string, topic: string, subscribed: Subscribed): Step {
  const { consumerFields, clientID = `client-of-${group}`, ...subscription } = subscribed
  const body = JSON.stringify({
    clientID,
    consumerDataSet: [
      {
        consumeFromWhere: 'CONSUME_FROM_FIRST_OFFSET',
        consumeType: 'CONSUME_PASSIVELY',
        groupName: group,
        messageModel: 'CLUSTERING',
        subscriptionDataSet: [{ classFilterMode: false, expressionType: 'TAG', subVersion: 1, topic, ...subscription }],
        unitMode: false,
        ...consumerFields,
      },
    ],
    heartbeatFingerprint: 0,
    producerDataSet: [],
    withoutSub: false,
  })
  return request(`heartbeat ${JSON.stringify(subscribed)}`, 34, {}, { body })
}

export function makeGroup(groupName: string, fields: Record<string, unknown> = {}): Step {
  const body = JSON.stringify({
    attributes: {},
    brokerId: 0,
    consumeBroadcastEnable: true,
    consumeEnable: true,
    consumeFromMinEnable: true,
    consumeMessageOrderly: false,
    consumeTimeoutMinute: 15,
    groupName,
    groupSysFlag: 0,
    notifyConsumerIdsChangedEnable: true,
    retryMaxTimes: 16,
    retryQueueNums: 1,
    whichBrokerWhenConsumeSlowly: 1,
    ...fields,
  })
  return request(`group ${groupName} ${JSON.stringify(fields)}`, 200, {}, { body })
}

export function maxOffset(topic: string, queueId = 0, rest: Rest = {}): Step {
  return request(`max offset of queue ${queueId}`, 30, { topic, queueId }, rest)
}

/** GET_MAX_OFFSET until it is as expected: the official broker answers sends before its queues hold them. */
export function reaches(topic: string, offset: number, queueId = 0): Step {
  return eventually(maxOffset(topic, queueId), (text) => text.includes(`"offset":"${offset}"`))
}

export function consumerOffset(consumerGroup: string, topic: string, queueId = 0): Step {
  return request(`offset of ${consumerGroup}`, 14, { consumerGroup, topic, queueId, setZeroIfNotFound: false })
}

/** CONSUMER_SEND_MSG_BACK of the message at an offset of a queue, which is looked up first. */
export function sendBack(
  topic: string,
  queueOffset: number,
  group: string,
  fields: Fields = {},
  rest: Rest = {},
): Step {
  return {
    what: `send back ${JSON.stringify({ ...fields, version: rest.version })}`,
    async run(server) {
      const offset = await server.logOffset(topic, queueOffset)
      const all: Fields = { offset, group, delayLevel: 0, originTopic: topic, unitMode: false, ...fields }
      return request('', 36, all, rest).run(server)
    },
  }
}

/** A step of another client, which has a connection of its own. */
export function by(client: string, step: Step): Step {
  return { ...step, what: `${step.what} by ${client}`, run: (server) => step.run(server.as(client)) }
}

/** A step over a connection to another address of the server. */
export function over(host: string, step: Step): Step {
  return { ...step, what: `${step.what} over ${host}`, run: (server) => step.run(server.as(host, host)) }
}

/** The same request until its answer holds what is awaited: for what servers do in the background. */
export function eventually(step: Step, isThere: (text: string) => boolean, withinMs = 10_000): Step {
  return {
    what: step.what,
    async run(server) {
      const deadline = performance.now() + withinMs
      for (;;) {
        const seen = await step.run(server)
        if (isThere(JSON.stringify(seen)) || performance.now() > deadline) return seen
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    },
  }
}
