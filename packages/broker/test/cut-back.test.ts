import { type Network, silentLog } from '@rocketmq-ts/platform'
import { CrashableFileSystem, SeededRandom, SteppedClock } from '@rocketmq-ts/platform/test-kit'
import { EncodedProperties, encodeHost, timerTopic } from '@rocketmq-ts/protocol'
import { MessageStore, type PutOutcome } from '@rocketmq-ts/storage'
import { expect, test } from 'vitest'
import { createFeatures } from '../src/create-features.ts'
import { FeatureList } from '../src/feature.ts'
import { createFollowers, followerList } from '../src/followers.ts'
import { identityOf } from '../src/identity.ts'
import { readBrokerSettings } from '../src/index.ts'
import { createLiveSettings } from '../src/live-settings.ts'
import { storeOptions } from '../src/store-options.ts'
import { decodedRecord } from '../src/stored-message.ts'
import { TopicQueueTypes } from '../src/topics/index.ts'
import { ask } from './call-kit.ts'
import { settle } from './kept/config-kit.ts'

/** The features of a broker over a store that a test can cut back, as a replica does. */
function setUp(clock = new SteppedClock(), fileSystem = new CrashableFileSystem(() => clock.now())) {
  // Nothing is sent to anybody.
  const platform = { fileSystem, clock, network: {} as Network, random: new SeededRandom(1) }
  const environment = { hostName: 'h', localAddress: '127.0.0.1', homeFolder: '/', variables: {}, processors: 1 }
  const properties = {
    storePathRootDir: '/store',
    mappedFileSizeCommitLog: '65536',
    mappedFileSizeConsumeQueue: '2000',
  }
  const { values: settings } = readBrokerSettings(properties, { source: 'test', environment })
  const current = () => settings
  const followers = createFollowers(current, platform, silentLog)
  const queueTypes = new TopicQueueTypes(platform.fileSystem, settings.storePathRootDir)
  const options = storeOptions(settings, current, () => [], queueTypes, platform, silentLog, 1)
  const store = MessageStore.open({ ...options, followers: followerList(followers) })
  const features = new FeatureList()
  const { handlers } = createFeatures({
    features,
    platform: platform,
    log: silentLog,
    processId: 1,
    identity: identityOf(settings),
    liveSettings: createLiveSettings({ initial: settings, fileSystem, nowMs: clock.now() }),
    store,
    queueTypes,
    followers,
    waitingIn: () => 0,
  })
  const host = encodeHost('127.0.0.1', 1)
  const put = async (body: string, topic = 'TBW102', properties = ''): Promise<number> => {
    const putting = new Promise<PutOutcome>((resolve) => {
      const fixed = { flag: 0, sysFlag: 0, bornTimestamp: 1, reconsumeTimes: 0, preparedTransactionOffset: 0 }
      const content = { body: Buffer.from(body), properties: EncodedProperties.ofText(properties) }
      store.put([{ topic, queueId: 0, bornHost: host, storeHost: host, ...fixed, ...content }], resolve)
    })
    await settle(clock)
    const outcome = await putting
    if (outcome.kind !== 'stored') throw new Error(outcome.kind)
    return outcome.places[0]!.physicalOffset
  }
  const pull = (queueOffset: number) =>
    ask(handlers.pullMessage, {
      consumerGroup: 'g',
      topic: 'TBW102',
      queueId: 0,
      queueOffset,
      maxMsgNums: 32,
      sysFlag: 2 | 4,
      commitOffset: 0,
      suspendTimeoutMillis: 15_000,
      subscription: '*',
      subVersion: 0,
      expressionType: 'TAG',
    })
  const committed = async () =>
    (await ask(handlers.queryConsumerOffset, { consumerGroup: 'g', topic: 'TBW102', queueId: 0 })).header?.offset
  const commit = (commitOffset: number) =>
    ask(handlers.updateConsumerOffset, { consumerGroup: 'g', topic: 'TBW102', queueId: 0, commitOffset })
  /** Bodies of what was put into the topic, in its order. */
  const delivered = async (): Promise<string[]> => {
    const units = await store.units('TBW102', 0, 0, 100)
    const records = await Promise.all(units.map(({ physicalOffset }) => store.recordAt(physicalOffset)))
    return records.map((record) => decodedRecord(record)!.body.toString())
  }
  return { clock, fileSystem, store, features, put, pull, commit, committed, delivered }
}

test('when the log is cut back, held pulls behind its end are told where to go on, and offsets of groups go back for good', async () => {
  const { clock, fileSystem, store, put, pull, commit, committed } = setUp()
  const positions: number[] = []
  for (const body of ['a', 'b', 'c', 'd']) positions.push(await put(body))
  const held = pull(4)
  await commit(4)
  await settle(clock)
  const cutting = store.cutBackTo(positions[1]!)
  await settle(clock)
  await cutting
  expect(await held).toMatchObject({ code: 21, header: { nextBeginOffset: 1, maxOffset: 1 } })
  expect(fileSystem.readFile('/store/config/consumerOffset.json')!.toString()).toMatch(/"TBW102@g":\{\s*0:1\s*\}/)
  // What comes where cut messages were is given to the group.
  for (const body of ['B', 'C', 'D', 'E']) await put(body)
  expect(await committed()).toBe(1)
})

/** What a timed message has when it waits in the topic of the timer. */
const timed = (outMs: number) => `TIMER_OUT_MS\x01${outMs}\x02REAL_TOPIC\x01TBW102\x02REAL_QID\x010\x02`

async function pass(clock: SteppedClock, milliseconds: number): Promise<void> {
  for (let passed = 0; passed < milliseconds; passed += 250) {
    clock.advance(250)
    await settle(clock)
  }
}

test.each([
  ['goes on', false],
  ['loses its power', true],
])(
  'when the log is cut back and the broker %s, messages that wait there never come, and those in their places do once',
  async (_, losesPower) => {
    const { clock, fileSystem, store, features, put, delivered } = setUp()
    const starting = features.start()
    await settle(clock)
    await starting
    const startMs = clock.now() - (clock.now() % 1000)
    await put('early', timerTopic, timed(startMs + 4000))
    const position = await put('cut-1', timerTopic, timed(startMs + 5000))
    for (const body of ['cut-2', 'cut-3']) await put(body, timerTopic, timed(startMs + 6000))
    // So long that the files of the timer were synced.
    await pass(clock, 3000)
    const cutting = store.cutBackTo(position)
    await settle(clock)
    await cutting
    for (const body of ['newer-1', 'newer-2', 'newer-3']) await put(body, timerTopic, timed(startMs + 7000))
    if (!losesPower) {
      await pass(clock, 8000)
      expect(await delivered()).toEqual(['early', 'newer-1', 'newer-2', 'newer-3'])
      return
    }
    const syncing = store.syncLog()
    await settle(clock)
    await syncing
    fileSystem.crash(1)
    const again = setUp(clock, fileSystem)
    const startingAgain = again.features.start()
    await settle(clock)
    await startingAgain
    await pass(clock, 8000)
    expect(await again.delivered()).toEqual(['early', 'newer-1', 'newer-2', 'newer-3'])
  },
)
