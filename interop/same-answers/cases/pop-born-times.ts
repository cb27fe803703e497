import type { Case, Step } from '../case.ts'
import { type Fields, makeGroup, makeTopic, reaches, send, textsOf } from '../steps.ts'

const codes = { pop: 200050, notification: 200054 } as const

/** Each request is of a group of its own. */
let groupCount = 0

/** A request that its client made so many milliseconds ago, by its own clock. */
function madeAgo(kind: keyof typeof codes, topic: string, agoMs: number, fields: Fields = {}): Step {
  const consumerGroup = `pop-born-${groupCount++}`
  const whole = { consumerGroup, topic, queueId: 0, pollTime: 0, order: false, exp: '*', expType: 'TAG' }
  const ofPop = { maxMsgNums: 1, invisibleTime: 60_000, initMode: 0 }
  return {
    what: `${kind} of ${agoMs} ms ago ${JSON.stringify(fields)}`,
    async run(server) {
      await makeGroup(consumerGroup).run(server)
      const bornTime = agoMs === Number.POSITIVE_INFINITY ? 0 : Date.now() - agoMs
      const all = { ...whole, ...(kind === 'pop' ? ofPop : {}), bornTime, ...fields }
      return server.request({ code: codes[kind], fields: textsOf(all) }, 'records')
    },
  }
}

/** Infinite where the client does not tell; what is late by little depends on the speed of the machine. */
const agesMs = [Number.POSITIVE_INFINITY, -3_600_000, -5000, 3000, 3_600_000]

/** Requests whose wait is over by the clock of their client. */
export const popBornTimeCases: readonly Case[] = [
  {
    title: 'requests by POP that were made long ago, or will be made',
    harm: 'its records are in the queue of the timer',
    steps: [
      makeTopic('pop-born', { readQueueNums: 2, writeQueueNums: 2 }),
      send('pop-born', { body: 'a' }),
      reaches('pop-born', 1),
      ...(['pop', 'notification'] as const).flatMap((kind) => [
        ...agesMs.flatMap((agoMs) => [
          madeAgo(kind, 'pop-born', agoMs),
          madeAgo(kind, 'pop-born', agoMs, { queueId: 1 }),
        ]),
        ...[-1, 1].map((bornTime) => madeAgo(kind, 'pop-born', 0, { bornTime })),
        ...[50_000, 70_000].map((agoMs) => madeAgo(kind, 'pop-born', agoMs, { pollTime: 60_000 })),
        madeAgo(kind, 'pop-born', 60_000, { queueId: 1, pollTime: 63_000 }),
        madeAgo(kind, 'pop-born', 3000, { topic: 'PopNone' }),
      ]),
    ],
  },
]
