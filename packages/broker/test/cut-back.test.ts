import { type Network, silentLog } from '@rocketmq-ts/platform'
import { CrashableFileSystem, SeededRandom, SteppedClock } from '@rocketmq-ts/platform/test-kit'
import { EncodedProperties, encodeHost } from '@rocketmq-ts/protocol'
import { MessageStore, type PutOutcome } from '@rocketmq-ts/storage'
import { expect, test } from 'vitest'
import { createFeatures } from '../src/create-features.ts'
import { FeatureList } from '../src/feature.ts'
import { createFollowers, followerList } from '../src/followers.ts'
import { identityOf } from '../src/identity.ts'
import { readBrokerSettings } from '../src/index.ts'
import { createLiveSettings } from '../src/live-settings.ts'
import { storeOptions } from '../src/store-options.ts'
import { ask } from './call-kit.ts'
import { settle } from './kept/config-kit.ts'

/** The features of a broker over a store that a test can cut back, as a replica does. */
function setUp() {
  const clock = new SteppedClock()
  const fileSystem = new CrashableFileSystem(() => clock.now())
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
  const options = storeOptions(settings, current, () => [], platform, silentLog, 1)
  const store = MessageStore.open({ ...options, followers: followerList(followers) })
  const { handlers } = createFeatures({
    features: new FeatureList(),
    platform: platform,
    log: silentLog,
    processId: 1,
    identity: identityOf(settings),
    liveSettings: createLiveSettings({ initial: settings, fileSystem, nowMs: clock.now() }),
    store,
    followers,
    waitingIn: () => 0,
  })
  const host = encodeHost('127.0.0.1', 1)
  const put = async (body: string): Promise<number> => {
    const putting = new Promise<PutOutcome>((resolve) => {
      const fixed = { flag: 0, sysFlag: 0, bornTimestamp: 1, reconsumeTimes: 0, preparedTransactionOffset: 0 }
      const content = { body: Buffer.from(body), properties: EncodedProperties.ofText('') }
      store.put([{ topic: 'TBW102', queueId: 0, bornHost: host, storeHost: host, ...fixed, ...content }], resolve)
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
  return { clock, fileSystem, store, put, pull, commit, committed }
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
