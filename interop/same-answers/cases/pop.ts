import { decodeMessages } from '@rocketmq-ts/protocol'
import { type Case, type Difference, differs, type Server, type Step } from '../case.ts'
import { observe } from '../observation.ts'
import {
  by,
  consumerOffset,
  eventually,
  type Fields,
  heartbeat,
  makeGroup,
  makeTopic,
  reaches,
  request,
  send,
  sendRequest,
  textsOf,
} from '../steps.ts'

/** What acknowledges a message, as the answer to POP_MESSAGE tells it. */
interface Receipt {
  readonly consumerGroup: string
  readonly topic: string
  readonly queueId: string
  readonly offset: string
  readonly extraInfo: string
}

/** Receipts of each server, by the label of the request that gave them and the index of the message. */
const given = new WeakMap<Server, Map<string, Receipt>>()

function receiptsOf(server: Server): Map<string, Receipt> {
  const receipts = given.get(server) ?? new Map<string, Receipt>()
  given.set(server, receipts)
  return receipts
}

function popFields(topic: string, consumerGroup: string, fields: Fields): Fields {
  const whole = { consumerGroup, topic, queueId: 0, maxMsgNums: 32, invisibleTime: 60_000, pollTime: 0 }
  return { ...whole, bornTime: 0, initMode: 0, expType: 'TAG', exp: '*', order: false, ...fields }
}

/** POP_MESSAGE of one queue; the receipts are kept for later steps as `label.0`, `label.1` and so on. */
function pop(topic: string, group: string, fields: Fields = {}, label = ''): Step {
  return {
    what: `pop ${label} ${JSON.stringify(fields)}`,
    async run(server) {
      const outcome = await server.outcome({ code: 200050, fields: textsOf(popFields(topic, group, fields)) })
      if (typeof outcome === 'object' && outcome.code === 0 && outcome.body !== undefined) {
        const { popTime, invisibleTime, reviveQid, startOffsetInfo = '' } = outcome.extFields ?? {}
        const [, queueId = '', start] = startOffsetInfo.split(' ')
        for (const [index, { queueOffset }] of decodeMessages(outcome.body).entries()) {
          const extraInfo = [start, popTime, invisibleTime, reviveQid, 0, 'broker-a', queueId, queueOffset].join(' ')
          const receipt = { consumerGroup: group, topic, queueId, offset: String(queueOffset), extraInfo }
          receiptsOf(server).set(`${label}.${index}`, receipt)
        }
      }
      return observe(outcome, 'records')
    },
  }
}

/** A request with a receipt that was given before. */
function withReceipt(what: string, code: number, label: string, change: (receipt: Receipt) => Fields): Step {
  return {
    what: `${what} of ${label}`,
    run(server) {
      const receipt = receiptsOf(server).get(label)
      if (receipt === undefined) throw new Error(`no receipt was given as ${label}`)
      return server.request({ code, fields: textsOf({ ...receipt, ...change(receipt) }) })
    },
  }
}

const ack = (label: string, fields: Fields = {}): Step =>
  withReceipt(`acknowledge ${JSON.stringify(fields)}`, 200051, label, () => fields)

/** ACK_MESSAGE with a part of the receipt changed. */
const ackForged = (label: string, part: number, value: string): Step =>
  withReceipt(`acknowledge with part ${part} ${value}`, 200051, label, ({ extraInfo }) => ({
    extraInfo: extraInfo.split(' ').with(part, value).join(' '),
  }))

const change = (label: string, invisibleTime: number | string | undefined): Step =>
  withReceipt(`change to ${invisibleTime}`, 200053, label, () => ({ invisibleTime }))

const batchAck = (
  what: string,
  label: string,
  bits: readonly number[],
  changes: Record<string, unknown> = {},
): Step => ({
  what: `acknowledge together ${what}`,
  run(server) {
    const [so, pt, it, rq] = receiptsOf(server).get(label)!.extraInfo.split(' ').map(Number)
    const set = Buffer.alloc(8)
    for (const bit of bits) set[bit >> 3]! |= 1 << (bit & 7)
    const acks = [{ b: set.toString('base64'), c: 'g', it, pt, q: 0, r: '0', rq, so, t: 'T', ...changes }]
    return server.request({ code: 200151, body: JSON.stringify({ brokerName: 'broker-a', acks }) })
  },
})

const isRefused = (reason: string, official: number, ours: number): Difference => ({
  reason,
  official: { code: official },
  ours: { code: ours, hasRemark: true },
})

const isNoNumber = isRefused('a field that is missing or malformed is told by its name', 0, 29)
const neverGiven = isRefused('what acknowledges nothing is told so', 0, 13)
const notThere = isRefused('what acknowledges nothing is told so', 0, 208)
const isOver = isRefused('a receipt that is over ends nothing, and is told so', 0, 208)
const wouldNotLast = isRefused('what cannot be invisible for that long is told so', 0, 29)

const isToldWhy: Difference = {
  reason: 'who is refused is told why',
  official: { code: 208, hasRemark: false },
  ours: { code: 208, hasRemark: true },
}

/** A topic of two queues, the first of which has messages, and steps of a group of the same name. */
const withMessages = (name: string, bodies: readonly string[], properties: Record<string, string> = {}): Step[] => [
  makeTopic(name, { readQueueNums: 2, writeQueueNums: 2 }),
  makeGroup(name),
  ...bodies.map((body) => send(name, { body, properties })),
  reaches(name, bodies.length),
]

/** Checkpoints and acknowledgements stand between the messages that other cases send with a time. */
const harm = 'its records are in the queue of the timer'

/** Each request is of a group of its own. */
let groupCount = 0
const popAnew = (topic: string, fields: Fields): Step => pop(topic, `pop-fields-${groupCount++}`, fields)

const numbers = ['queueId', 'invisibleTime', 'pollTime', 'bornTime', 'initMode']

/** A request waits, what may be read by whom is changed, and a message comes. */
function whileWaiting(name: string, code: number, fields: Fields, changed: Step): Case {
  return {
    title: `${code} waits while ${name}`,
    steps: [
      makeTopic(name, { readQueueNums: 2, writeQueueNums: 2 }),
      makeGroup(name),
      {
        what: 'wait',
        async run(server) {
          const waiting = server.as('waiting').request({ code, fields: textsOf(fields) }, 'records')
          // It waits by now mostly. Otherwise it is refused when it comes, with the same answer.
          await reaches(name, 0).run(server)
          await changed.run(server)
          await server.request(sendRequest(name, { body: 'a', fields: { queueId: 1 } }))
          return waiting
        },
      },
    ],
  }
}

const ends: readonly (readonly [string, (name: string) => Step])[] = [
  ['its group may not consume any more', (name) => makeGroup(name, { consumeEnable: false })],
  ['its topic cannot be read any more', (name) => makeTopic(name, { readQueueNums: 2, writeQueueNums: 2, perm: 2 })],
  ['its queue cannot be read any more', (name) => makeTopic(name, { readQueueNums: 1, writeQueueNums: 2 })],
]

const waitingCases = ends.flatMap(([what, end], index): Case[] => {
  const pulled = { queueOffset: 0, sysFlag: 6, commitOffset: 0, suspendTimeoutMillis: 8000, subscription: '*' }
  const names = { pop: `pop-end-${index}`, pull: `pull-end-${index}` }
  return [
    whileWaiting(names.pop, 200050, popFields(names.pop, names.pop, { queueId: 1, pollTime: 8000 }), end(names.pop)),
    whileWaiting(
      names.pull,
      11,
      { ...popFields(names.pull, names.pull, { queueId: 1 }), ...pulled, subVersion: 0, expressionType: 'TAG' },
      end(names.pull),
    ),
  ].map((one) => ({ ...one, harm, title: `${one.title}: ${what}` }))
})

/** The group and the topic of a batch. */
const own = (name: string) => ({ c: name, t: name })

const assignment = (name: string, clientId: string, strategyName: string): Step => {
  const body = JSON.stringify({ topic: name, consumerGroup: name, clientId, strategyName, messageModel: 'CLUSTERING' })
  return request(`assignment of ${clientId} by ${strategyName}`, 400, {}, { body, answer: 'sets' })
}

const setMode = (topic: string, consumerGroup: string, fields: Record<string, unknown>): Step =>
  request(
    `mode ${JSON.stringify(fields)}`,
    401,
    {},
    {
      body: JSON.stringify({ topic, consumerGroup, mode: 'POP', popShareQueueNum: 0, ...fields }),
    },
  )

/** POP, and what belongs to it. */
export const popCases: readonly Case[] = [
  {
    title: 'a POP_MESSAGE with fields at their limits and beyond',
    harm,
    steps: [
      ...withMessages('pop-fields', ['a']),
      popAnew('pop-fields', {}),
      ...numbers.map((field) => differs(popAnew('pop-fields', { [field]: undefined }), isNoNumber)),
      ...numbers.map((field) => differs(popAnew('pop-fields', { [field]: 'x' }), isNoNumber)),
      ...['consumerGroup', 'topic'].flatMap((field) =>
        [undefined, ''].map((value) => popAnew('pop-fields', { [field]: value })),
      ),
      ...['exp', 'expType', 'order', 'attemptId'].flatMap((field) =>
        [undefined, '', 'x'].map((value) => popAnew('pop-fields', { [field]: value })),
      ),
      ...[-2_147_483_648, -2, -1, 0, 1, 2, 2_147_483_647].map((queueId) => popAnew('pop-fields', { queueId })),
      ...[1, 32, 33, -1].map((maxMsgNums) => popAnew('pop-fields', { maxMsgNums })),
      differs(popAnew('pop-fields', { maxMsgNums: 0 }), isRefused('none is asked for', 210, 29)),
      ...[1, 259_200_000].map((invisibleTime) => popAnew('pop-fields', { invisibleTime })),
      ...[0, -1, 259_200_001].map((invisibleTime) => differs(popAnew('pop-fields', { invisibleTime }), wouldNotLast)),
      ...[0, 1].map((initMode) => popAnew('pop-fields', { initMode })),
      ...[-1, 2].map((initMode) => differs(popAnew('pop-fields', { initMode }), isNoNumber)),
      ...['TAG', 'SQL92', 'NONE', 'tag'].flatMap((expType) =>
        ['*', '', '||', 'a || b', 'a > 1', 'a >', ' '].map((exp) => popAnew('pop-fields', { expType, exp })),
      ),
      ...['*', '', 'a || b'].map((exp) => popAnew('pop-fields', { expType: '', exp })),
      differs(popAnew('pop-fields', { expType: '', exp: '||' }), isRefused('an empty type is that of tags', 210, 23)),
    ],
  },
  {
    title: 'a NOTIFICATION, POLLING_INFO and PEEK_MESSAGE with fields at their limits',
    steps: [
      ...withMessages('pop-notes', ['a']),
      ...[-2, -1, 0, 1, 2].flatMap((queueId) => {
        const fields = { consumerGroup: 'pop-notes', topic: 'pop-notes', queueId }
        return [
          request(`notification ${queueId}`, 200054, { ...fields, pollTime: 0, bornTime: 0, order: false }),
          request(`polling info ${queueId}`, 200055, fields),
          request(`peek ${queueId}`, 200052, { ...fields, maxMsgNums: 1 }, { answer: 'records' }),
        ]
      }),
      ...['a > 1', 'a >', '*'].map((exp) =>
        request(`notification by ${exp}`, 200054, {
          ...{ consumerGroup: 'pop-notes', topic: 'pop-notes', queueId: -1, pollTime: 0, bornTime: 0, order: false },
          ...{ exp, expType: 'SQL92' },
        }),
      ),
      request('polling info without a topic', 200055, { consumerGroup: 'pop-notes', topic: 'PopNone', queueId: -1 }),
    ],
  },
  {
    title: 'receipts that are used twice, late, changed and forged',
    harm,
    steps: [
      ...withMessages('pop-acks', ['0', '1', '2', '3', '4']),
      pop('pop-acks', 'pop-acks', { maxMsgNums: 4 }, 'one'),
      ...['consumerGroup', 'topic', 'queueId', 'extraInfo', 'offset'].map((field) =>
        field === 'consumerGroup'
          ? differs(ack('one.0', { [field]: undefined }), isRefused('a missing field is told', 0, 29))
          : ack('one.0', { [field]: undefined }),
      ),
      differs(ack('one.0', { consumerGroup: 'pop-notes' }), neverGiven),
      ack('one.0', { topic: 'PopNone' }),
      differs(ack('one.0', { queueId: 1 }), notThere),
      ...[-1, 2].map((queueId) => ack('one.0', { queueId })),
      ack('one.0', { offset: -1 }),
      differs(ack('one.0', { offset: 5 }), notThere),
      differs(ack('one.0', { offset: 1 }), neverGiven),
      differs(ack('one.0', { extraInfo: 'x' }), isRefused('what is no receipt is told so', 1, 13)),
      ...(
        [
          [0, '1'],
          [1, '1'],
          [3, '8'],
          [5, 'broker-b'],
          [6, '1'],
        ] as const
      ).map(([part, value]) => differs(ackForged('one.0', part, value), part === 1 ? isOver : neverGiven)),
      ack('one.1'),
      ack('one.1'),
      ...[-1, 259_200_001].map((time) => differs(change('one.0', time), wouldNotLast)),
      ...['x', undefined].map((time) => change('one.0', time)),
      change('one.0', 30_000),
      differs(change('one.0', 30_000), neverGiven),
      differs(ack('one.0'), neverGiven),
      differs(change('one.1', 30_000), neverGiven),
      batchAck('of bits within and outside', 'one.2', [2, 3, 40], own('pop-acks')),
      batchAck('once more', 'one.2', [2, 3], own('pop-acks')),
      differs(batchAck('of bits outside', 'one.2', [40], own('pop-acks')), notThere),
      differs(request('acknowledge nothing together', 200151, {}, { body: '{}' }), isToldWhy),
      pop('pop-acks', 'pop-acks', {}, 'rest'),
    ],
  },
  {
    title: 'messages that are given in order',
    steps: [
      ...withMessages('pop-order', ['0', '1', '2', '3']),
      pop('pop-order', 'pop-order', { order: true, attemptId: 'a', maxMsgNums: 2 }, 'one'),
      pop('pop-order', 'pop-order', { order: true, attemptId: 'b', maxMsgNums: 2 }),
      pop('pop-order', 'pop-order', { order: true, maxMsgNums: 2 }),
      pop('pop-order', 'pop-order', { order: true, attemptId: 'a', maxMsgNums: 2 }, 'again'),
      differs(ack('one.0'), neverGiven),
      ack('again.1'),
      ack('again.1'),
      consumerOffset('pop-order', 'pop-order'),
      pop('pop-order', 'pop-order', { order: true, attemptId: 'b', maxMsgNums: 2 }),
      ack('again.0'),
      consumerOffset('pop-order', 'pop-order'),
      pop('pop-order', 'pop-order', { order: true, attemptId: 'b', maxMsgNums: 2 }, 'next'),
      batchAck('in order', 'next.0', [0, 1], own('pop-order')),
      consumerOffset('pop-order', 'pop-order'),
      pop('pop-order', 'pop-order', { order: true, attemptId: 'c', maxMsgNums: 2 }),
    ],
  },
  {
    title: 'a message that comes again by POP',
    harm,
    steps: [
      ...withMessages('pop-again', ['a'], { TAGS: 'A', KEYS: 'k', mine: 'm' }),
      pop('pop-again', 'pop-again', { queueId: -1, invisibleTime: 1000 }),
      eventually(pop('pop-again', 'pop-again', { queueId: -1 }), (text) => text.includes('"code":0'), 60_000),
    ],
  },
  ...waitingCases,
  {
    title: 'assignments of queues that are popped',
    steps: [
      ...[3, 5].flatMap((queues) => {
        const name = `pop-share-${queues}`
        return [
          makeTopic(name, { readQueueNums: queues, writeQueueNums: queues }),
          makeGroup(name),
          ...['a', 'b', 'c', 'd'].map((clientID) =>
            by(clientID, heartbeat(name, name, { subString: '*', codeSet: [], clientID })),
          ),
          ...[-1, 0, 1, 2, 3, 4].flatMap((popShareQueueNum) => [
            setMode(name, name, { popShareQueueNum }),
            ...['AVG', 'AVG_BY_CIRCLE'].flatMap((strategy) =>
              ['a', 'd', 'stranger'].map((client) => assignment(name, client, strategy)),
            ),
          ]),
        ]
      }),
      ...[{ topic: '%RETRY%pop-share-3' }, { topic: 'PopNone' }, { consumerGroup: 'a b' }, { mode: 'PULL' }].map(
        (one) => setMode('pop-share-3', 'pop-share-3', one),
      ),
      assignment('pop-share-3', 'a', 'AVG'),
    ],
  },
]
