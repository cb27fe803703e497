import { SteppedClock, temporaryFolder } from '@rocketmq-ts/platform/test-kit'
import type { commands, DecodedMessage, RequestOf } from '@rocketmq-ts/protocol'
import type { Handler, RemotingConnection } from '@rocketmq-ts/remoting'
import { describe, expect, test } from 'vitest'
import { type Feature, FeatureList } from '../src/feature.ts'
import { InternalConsumer } from '../src/internal-consumer/internal-consumer.ts'

import { type KeptFolder, KeptState } from '../src/kept/index.ts'
import { decodedRecord } from '../src/stored-message.ts'
import { ask } from './call-kit.ts'
import { FakeLink } from './clients/fake-link.ts'
import { FakeInternalStore } from './internal-consumer/fake-internal-store.ts'
import { keptAt, settle } from './kept/config-kit.ts'

function recorded(name: string, said: string[], fails: readonly string[] = []): Feature {
  const say = (what: string) => () => {
    said.push(`${name} ${what}`)
    if (fails.includes(what)) throw new Error(`${name} cannot ${what}`)
  }
  return { start: say('start'), disconnected: say('disconnected'), drain: say('drain'), close: say('close') }
}

describe('features', () => {
  test('are started in order, and drained and closed backwards', async () => {
    const said: string[] = []
    const features = new FeatureList()
    for (const name of ['a', 'b']) features.add(recorded(name, said))
    features.add({})
    await features.start()
    features.disconnected(new FakeLink() as unknown as RemotingConnection, 'closed')
    await features.drain()
    await features.close()
    expect(said).toEqual([
      ...['a start', 'b start', 'a disconnected', 'b disconnected'],
      ...['b drain', 'a drain', 'b close', 'a close'],
    ])
  })

  test('are all closed when one of them cannot be, and that is told', async () => {
    const said: string[] = []
    const features = new FeatureList()
    features.add(recorded('a', said))
    features.add(recorded('b', said, ['close']))
    await expect(features.close()).rejects.toThrow('b cannot close')
    expect(said).toEqual(['b close', 'a close'])
  })
})

/** A feature as one would add it: it counts what it reads of a topic of its own, and tells and keeps the count. */
function createTallies({ config, store }: { config: KeptFolder; store: FakeInternalStore }) {
  const tally = { messages: 0, nextOffset: 0 }
  const kept = new KeptState<typeof tally>(config, {
    file: 'tallies.json',
    parse: (text) => JSON.parse(text),
    pieces: () => [JSON.stringify(tally)],
    intervalMs: 100,
    isProgress: true,
  })
  Object.assign(tally, kept.content)
  const consumer = new InternalConsumer({
    clock: config.clock,
    log: config.log,
    store,
    topic: 'TALLIES',
    queueCount: 1,
    progress: {
      offset: () => tally.nextOffset,
      setOffset(_queueId, offset) {
        tally.nextOffset = offset
        kept.later()
      },
      goBack(_queueId, offset) {
        tally.nextOffset = offset
        kept.flush()
      },
    },
    decode: decodedRecord,
    async handle(messages: readonly DecodedMessage[]) {
      tally.messages += messages.length
    },
  })
  const queryTallies: Handler<typeof commands.getMaxOffset> = () => ({ header: { offset: tally.messages } })
  return {
    arrived: (topic: string, queueId: number) => consumer.arrived(topic, queueId),
    handlers: { getMaxOffset: queryTallies },
    start: () => consumer.start(),
    drain: () => consumer.drain(),
    close: () => kept.close(),
    stats: () => ({ ...tally }),
  }
}

test('a feature is a folder, its handlers, and a line where the features are made', async () => {
  using folder = temporaryFolder()
  const clock = new SteppedClock()
  const config = keptAt(`${folder.path}/tallies.json`, { clock })
  const store = new FakeInternalStore('TALLIES', 1)
  const live = async (bodies: string[]) => {
    const features = new FeatureList()
    const tallies = features.add(createTallies({ config, store }))
    await features.start()
    for (const body of bodies) store.add(0, body)
    tallies.arrived('TALLIES', 0)
    await settle(clock)
    const header = {} as RequestOf<typeof commands.getMaxOffset>
    const answer = await ask(tallies.handlers.getMaxOffset, header)
    await features.drain()
    await features.close()
    return { told: answer.header, stats: tallies.stats() }
  }
  expect(await live(['a', 'b'])).toEqual({ told: { offset: 2 }, stats: { messages: 2, nextOffset: 2 } })
  expect(await live(['c'])).toEqual({ told: { offset: 3 }, stats: { messages: 3, nextOffset: 3 } })
})
