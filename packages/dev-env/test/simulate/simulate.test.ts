import { commands, decodeMessageProperties, encodeMessageProperties } from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import { describeViolations, type Rule } from '../../src/checkers/index.ts'
import type { Cluster } from '../../src/index.ts'
import { simulate } from '../../src/simulate/simulation-run.ts'
import { type Tampering, tamperedNetwork } from './tampered-network.ts'

const seeds = 6
const seedsMax = 40
/** Milliseconds: most of it is for machines that do other things. */
const timeout = 900_000
const always = { kind: 'lie', count: Number.POSITIVE_INFINITY, label: 'a planted defect' } as const

/** A defect between each broker and its disk. */
function lyingDisk(operation: 'write' | 'sync', path: RegExp) {
  return ({ brokers }: Cluster): void => {
    for (const { faults } of brokers) faults.add({ ...always, operation, path })
  }
}

/** A defect between servers and those who ask them. */
function tampered(servers: 'brokers' | 'nameServers', tampering: Tampering) {
  return (cluster: Cluster): void => {
    for (const machine of cluster[servers]) {
      machine.tamper = (platform) => ({ ...platform, network: tamperedNetwork(platform.network, tampering) })
    }
  }
}

function plusOne(fields: Record<string, string> | undefined, name: string): Record<string, string> {
  return { ...fields, [name]: String(Number(fields?.[name]) + 1) }
}

function twoSecondsEarlier(properties: string): string {
  const timed = decodeMessageProperties(properties)
  const deliverMs = timed.get('TIMER_DELIVER_MS')
  if (deliverMs === undefined) return properties
  timed.set('TIMER_DELIVER_MS', String(Number(deliverMs) - 2000))
  return encodeMessageProperties(timed)
}

/** Frames in which a field says something else, and the expression of a subscription with it. */
function withField<Frame extends { extFields?: Record<string, string> | undefined }>(
  frames: Frame[],
  name: string,
  from: string,
  to: string,
  subscription?: string,
): Frame[] {
  return frames.map((frame) => {
    if (frame.extFields?.[name] !== from) return frame
    const extFields = { ...frame.extFields, [name]: to, ...(subscription === undefined ? {} : { subscription }) }
    return { ...frame, extFields }
  })
}

const defects: { title: string; rules: Rule[]; plant(cluster: Cluster): void }[] = [
  {
    title: 'confirms before it has written',
    rules: ['acknowledged message lost', 'broker not serving'],
    plant: lyingDisk('write', /commitlog/),
  },
  {
    title: 'confirms before it has synced',
    rules: ['acknowledged message lost'],
    plant: lyingDisk('sync', /commitlog/),
  },
  {
    title: 'commits an older offset than it is told',
    rules: ['committed offset behind'],
    plant: tampered('brokers', {
      incoming: (frames) =>
        frames.map((frame) =>
          frame.code === commands.updateConsumerOffset.code
            ? { ...frame, extFields: { ...frame.extFields, commitOffset: '0' } }
            : frame,
        ),
    }),
  },
  {
    title: 'commits one offset further than it is told',
    rules: ['committed offset ahead'],
    plant: tampered('brokers', {
      incoming: (frames) =>
        frames.map((frame) =>
          frame.code === commands.updateConsumerOffset.code
            ? { ...frame, extFields: plusOne(frame.extFields, 'commitOffset') }
            : frame,
        ),
    }),
  },
  {
    title: 'answers one request with the answer to another one',
    rules: ['acknowledged place holds another message', 'acknowledged message lost'],
    plant: tampered('brokers', {
      outgoing: (frames) => {
        const answers = frames.filter(({ extFields }) => extFields?.msgId !== undefined)
        const [one, other] = answers
        if (one === undefined || other === undefined) return frames
        return frames.map((frame) =>
          frame === one ? { ...one, opaque: other.opaque } : frame === other ? { ...other, opaque: one.opaque } : frame,
        )
      },
    }),
  },
  {
    title: 'sends consumers past a message',
    rules: ['message not consumed'],
    plant: tampered('brokers', {
      outgoing: (frames) =>
        frames.map((frame) =>
          frame.extFields?.nextBeginOffset !== undefined && frame.code === 0
            ? { ...frame, extFields: plusOne(frame.extFields, 'nextBeginOffset') }
            : frame,
        ),
    }),
  },
  {
    title: 'delivers what is delayed too early',
    rules: ['delayed message early'],
    plant: ({ brokers }) => {
      for (const { settings } of brokers) settings.messageDelayLevel = '1s 1s'
    },
  },
  {
    title: 'delivers what waits for a time too early',
    rules: ['delayed message early'],
    plant: tampered('brokers', {
      incoming: (frames) =>
        frames.map((frame) => {
          const earlier = Object.entries(frame.extFields ?? {}).map(([name, text]) => [name, twoSecondsEarlier(text)])
          return { ...frame, extFields: Object.fromEntries(earlier) }
        }),
    }),
  },
  {
    title: 'forgets what waits for a time when it is killed',
    rules: ['delayed message not delivered'],
    plant: lyingDisk('write', /timerlog/),
  },
  {
    title: 'commits what is rolled back',
    rules: ['rolled back message is there'],
    plant: tampered('brokers', { incoming: (frames) => withField(frames, 'commitOrRollback', '12', '8') }),
  },
  {
    title: 'rolls back what is committed',
    rules: ['transaction lost'],
    plant: tampered('brokers', { incoming: (frames) => withField(frames, 'commitOrRollback', '8', '12') }),
  },
  {
    title: 'gives consumers more than their expression says',
    rules: ['message given that does not match'],
    plant: tampered('brokers', { incoming: (frames) => withField(frames, 'expressionType', 'SQL92', 'TAG', '*') }),
  },
  {
    title: 'gives consumers less than their expression says',
    rules: ['matching message not given'],
    plant: tampered('brokers', {
      incoming: (frames) => withField(frames, 'expressionType', 'SQL92', 'SQL92', 'lastDigit = 3'),
    }),
  },
  {
    title: 'says that it has taken an acknowledgement and has not',
    rules: ['acknowledged message came again'],
    plant: tampered('brokers', {
      // The answer to another question is success, too.
      incoming: (frames) =>
        frames.map((frame) =>
          frame.code === commands.ackMessage.code ? { ...frame, code: commands.getMaxOffset.code } : frame,
        ),
    }),
  },
  {
    title: 'takes a wish for more time as an acknowledgement',
    rules: ['message not popped'],
    plant: tampered('brokers', {
      incoming: (frames) =>
        frames.map((frame) =>
          frame.code === commands.changeMessageInvisibletime.code
            ? { ...frame, code: commands.ackMessage.code }
            : frame,
        ),
    }),
  },
  {
    title: 'forgets a route',
    rules: ['route not back'],
    plant: (cluster) =>
      tampered('nameServers', {
        incoming: (frames) =>
          frames.filter(({ code }) => code !== commands.registerBroker.code || cluster.simulation.monotonic() < 2500),
      })(cluster),
  },
]

describe('a cluster under random load and faults', () => {
  test('keeps its promises', { timeout }, async () => {
    for (let seed = 1; seed <= seeds; seed++) {
      const { violations } = await simulate({ seed })
      expect(describeViolations(violations), `again: npm run simulate -- --seed ${seed}`).toBe('')
    }
  })

  test('runs the same way again with the same seed', { timeout }, async () => {
    const [one, again, other] = [await simulate({ seed: 3 }), await simulate({ seed: 3 }), await simulate({ seed: 4 })]
    expect(again.hash).toBe(one.hash)
    expect(other.hash).not.toBe(one.hash)
  })
})

describe('the checkers find a server that', () => {
  test.each(defects)('$title', { timeout }, async ({ rules, plant }) => {
    for (let seed = 1; seed <= seedsMax; seed++) {
      const { violations } = await simulate({ seed, plant })
      if (violations.some(({ rule }) => rules.includes(rule))) return
    }
    expect.fail(`none of ${seedsMax} seeds found it`)
  })
})
