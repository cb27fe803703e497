import { type Case, type Difference, differs, type Step } from '../case.ts'
import { consumerOffset, eventually, makeGroup, makeTopic, pull, request, send } from '../steps.ts'

interface Reset {
  queueId?: number | undefined
  offset?: number | string | undefined
  timestamp?: number | string | undefined
  isForce?: boolean | undefined
}

/** INVOKE_BROKER_TO_RESET_OFFSET, and what the next pull is told. */
const reset = (name: string, fields: Reset, difference: Difference | undefined): Step[] => {
  const all = { group: name, topic: name, timestamp: 0, isForce: true, ...fields }
  const step = request(`reset ${JSON.stringify(fields)}`, 222, all, { answer: 'json' })
  // What the group is given afterwards follows from the difference.
  if (difference !== undefined) return [differs(step, difference)]
  return [step, pull(name, { consumerGroup: name, queueOffset: 1, maxMsgNums: 1 }), consumerOffset(name, name)]
}

const pastTheEnd: Difference = {
  reason: 'a message that is not there yet is not skipped',
  official: { code: 0 },
  ours: { code: 1, hasRemark: true },
}
const noQueue: Difference = { reason: 'the topic has no such queue', official: { code: 0 }, ours: { code: 29 } }
const noTime: Difference = {
  reason: 'a group is not sent back to its beginning for want of a time',
  official: { code: 0 },
  ours: { code: 29 },
}

const resets: readonly (Reset & { difference?: Difference })[] = [
  { queueId: -1, offset: -1, timestamp: -1 },
  { queueId: -1, offset: -1, timestamp: 0 },
  { queueId: -1, timestamp: -1 },
  { queueId: -1, timestamp: -2 },
  { queueId: -1, timestamp: 4_000_000_000_000 },
  { queueId: -1, offset: 1, timestamp: -1 },
  { queueId: -1, offset: -3, timestamp: -1 },
  { queueId: undefined, offset: 1, timestamp: 0 },
  { queueId: 0, offset: undefined, timestamp: -1 },
  { queueId: 0, offset: undefined, timestamp: 0 },
  { queueId: 0, offset: -1, timestamp: -1 },
  { queueId: 0, offset: -1, timestamp: 0 },
  { queueId: 0, offset: -2, timestamp: -1 },
  { queueId: 0, offset: -3, timestamp: -1 },
  { queueId: 0, offset: -3, timestamp: 0 },
  { queueId: 0, offset: '-9223372036854775808', timestamp: 0 },
  { queueId: 0, offset: 0, timestamp: -1 },
  { queueId: 0, offset: 1, timestamp: -1 },
  { queueId: 0, offset: 3, timestamp: -1 },
  { queueId: 0, offset: 4, timestamp: -1, difference: pastTheEnd },
  { queueId: 0, offset: 5, timestamp: -1 },
  { queueId: 0, offset: '9223372036854775807', timestamp: -1 },
  { queueId: 1, offset: 0, timestamp: -1 },
  { queueId: 2, offset: 0, timestamp: -1, difference: noQueue },
  { queueId: 2, timestamp: -1, difference: noQueue },
  { queueId: -2, offset: 1, timestamp: -1 },
  { queueId: 0, offset: 1, timestamp: undefined },
  { queueId: 0, timestamp: undefined, difference: noTime },
  { queueId: -1, timestamp: -1, isForce: undefined },
  { queueId: -1, timestamp: -1, isForce: false },
]

export const offsetCases: readonly Case[] = [
  ...resets.map(({ difference, ...fields }, index) => {
    const name = `reset-${index}`
    return {
      title: `offsets reset by ${JSON.stringify(fields)}`,
      steps: [
        makeTopic(name, { readQueueNums: 2, writeQueueNums: 2 }),
        makeGroup(name),
        ...['first', 'second', 'third'].map((body) => send(name, { body })),
        eventually(pull(name), (text) => text.includes('third')),
        ...reset(name, fields, difference),
      ],
    }
  }),
  {
    title: 'offsets reset of what is not there',
    steps: [
      makeTopic('ResetKnown'),
      makeGroup('reset-known'),
      request('no topic', 222, {
        group: 'reset-known',
        topic: 'ResetNone',
        queueId: -1,
        offset: -1,
        timestamp: 0,
        isForce: true,
      }),
      request('no group', 222, {
        group: 'reset-none',
        topic: 'ResetKnown',
        queueId: -1,
        offset: -1,
        timestamp: 0,
        isForce: true,
      }),
    ],
  },
]
