import { silentLog } from '@rocketmq-ts/platform'
import { CrashableFileSystem, SteppedClock } from '@rocketmq-ts/platform/test-kit'
import { keyValueTableBody, parseJavaProperties } from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import { deleteExpiredCommitlog } from '../../src/administration/handlers/delete-expired-commitlog.ts'
import { getBrokerConfig } from '../../src/administration/handlers/get-broker-config.ts'
import { getBrokerRuntimeInfo } from '../../src/administration/handlers/get-broker-runtime-info.ts'
import { updateBrokerConfig } from '../../src/administration/handlers/update-broker-config.ts'
import { createLiveSettings } from '../../src/live-settings.ts'
import { readBrokerSettings } from '../../src/settings/index.ts'
import { BrokerStatistics } from '../../src/statistics/index.ts'
import { ask } from '../call-kit.ts'

/** What GET_BROKER_RUNTIME_INFO of an official broker 5.5.0 holds, but for the keys with a level or a path in them. */
const officialKeys: string[] = [
  'EndTransactionQueueSize',
  'EndTransactionThreadPoolQueueCapacity',
  'ackThreadPoolQueueCapacity',
  'ackThreadPoolQueueHeadWaitTimeMills',
  'ackThreadPoolQueueSize',
  'bootTimestamp',
  'brokerActive',
  'brokerVersionDesc',
  'commitLogDirCapacity',
  'commitLogDiskRatio',
  'commitLogMaxOffset',
  'commitLogMinOffset',
  'consumeQueueDiskRatio',
  'dispatchBehindBytes',
  'dispatchMaxBuffer',
  'earliestMessageTimeStamp',
  'getFoundTps',
  'getMessageEntireTimeMax',
  'getMissTps',
  'getTotalTps',
  'getTransferredTps',
  'litePullThreadPoolQueueCapacity',
  'litePullThreadPoolQueueHeadWaitTimeMills',
  'litePullThreadPoolQueueSize',
  'msgGetTotalTodayMorning',
  'msgGetTotalTodayNow',
  'msgGetTotalYesterdayMorning',
  'msgPutTotalTodayMorning',
  'msgPutTotalTodayNow',
  'msgPutTotalYesterdayMorning',
  'pageCacheLockTimeMills',
  'pullThreadPoolQueueCapacity',
  'pullThreadPoolQueueHeadWaitTimeMills',
  'pullThreadPoolQueueSize',
  'putLatency99',
  'putLatency999',
  'putMessageAverageSize',
  'putMessageDistributeTime',
  'putMessageEntireTimeMax',
  'putMessageFailedTimes',
  'putMessageSizeTotal',
  'putMessageTimesTotal',
  'putTps',
  'queryThreadPoolQueueCapacity',
  'queryThreadPoolQueueHeadWaitTimeMills',
  'queryThreadPoolQueueSize',
  'remainHowManyDataToFlush',
  'remainTransientStoreBufferNumbs',
  'runtime',
  'sendThreadPoolQueueCapacity',
  'sendThreadPoolQueueHeadWaitTimeMills',
  'sendThreadPoolQueueSize',
  'startAcceptSendRequestTimeStamp',
  'timerCongestNum',
  'timerDequeueTps',
  'timerEnqueueTps',
  'timerOffsetBehind',
  'timerReadBehind',
]

const startMs = 1_795_462_148_253

function open() {
  const clock = new SteppedClock(startMs)
  const environment = {
    hostName: 'machine-1',
    localAddress: '192.0.2.7',
    homeFolder: '/home/someone',
    variables: {},
    processors: 4,
  }
  const { values } = readBrokerSettings(
    { namesrvAddr: '127.0.0.1:9876', brokerName: 'broker-a' },
    { source: 'broker.conf', environment },
  )
  const fileSystem = new CrashableFileSystem()
  const liveSettings = createLiveSettings({ initial: values, fileSystem, nowMs: clock.now() })
  const statistics = new BrokerStatistics({
    clock,
    clusterName: 'DefaultCluster',
    isSystemTopic: () => false,
    countsLightQueues: () => false,
  })
  statistics.start()
  return { clock, log: silentLog, fileSystem, liveSettings, statistics }
}

describe('the settings of a running broker', () => {
  test('are shown as properties with their version', async () => {
    const { liveSettings } = open()
    const asked = await ask(getBrokerConfig({ liveSettings }), {})
    expect(asked.header).toEqual({ version: `{"counter":0,"stateVersion":0,"timestamp":${startMs}}` })
    const shown = parseJavaProperties(asked.body.toString())
    expect([shown.get('brokerName'), shown.get('autoCreateTopicEnable')]).toEqual(['broker-a', 'true'])
  })

  test('change, which raises the version, is told to those who listen, and is kept beside the data', async () => {
    const parts = open()
    const told: (readonly string[])[] = []
    parts.liveSettings.onChange((keys) => told.push(keys))
    parts.clock.advance(1000)
    const body = Buffer.from('brokerPermission=4\nautoCreateTopicEnable=true\n')
    expect(await ask(updateBrokerConfig(parts), {}, { body })).toMatchObject({ code: 0, remark: undefined })
    expect(parts.liveSettings.current.brokerPermission).toBe(4)
    expect(told).toEqual([['brokerPermission']])
    expect(parts.liveSettings.version).toEqual({ counter: 1, timestamp: startMs + 1000 })
    expect(parts.fileSystem.readFile('/home/someone/store/config/broker.properties')?.toString()).toBe(
      'brokerPermission=4\n',
    )
  })

  test('that need a restart are shown and kept, are not in force, and the remark says so', async () => {
    const parts = open()
    const asked = await ask(updateBrokerConfig(parts), {}, { body: Buffer.from('listenPort=1') })
    expect(asked).toMatchObject({ code: 0, remark: expect.stringMatching(/^listenPort=1: kept in .* the next start$/) })
    expect(parts.liveSettings.current.listenPort).toBe(10_911)
    const shown = parseJavaProperties((await ask(getBrokerConfig(parts), {})).body.toString())
    expect(shown.get('listenPort')).toBe('1')
  })

  test.each([
    ['brokerConfigPath=/x', 16, /^Can not update config in black list\. brokerConfigPath/],
    ['maxMessageSize=abc', 29, /^maxMessageSize=abc is not possible/],
    ['maxMesageSize=1', 29, /did you mean maxMessageSize\?$/],
    ['storePathRootDir=/x', 29, /the data of this broker is there/],
    ['mappedFileSizeCommitLog=4096', 29, /laid out by it/],
    ['enableCalcFilterBitMap=true', 29, /it would have no effect, since expressions are asked when messages are read/],
    ['useTLS=true', 29, /no effect, since connections are not encrypted/],
    ['useStaticSubscription=true', 29, /no effect here/],
    ['authenticationEnabled=true', 29, /open to everyone/],
    ['brokerId=3', 29, /brokerId=0, which is used/],
    ['maxMessageSize=2147483648', 29, /from 1 to 2147483647/],
  ])('stay as they are when the request says %s', async (line, code, remark) => {
    const parts = open()
    const before = parts.liveSettings.current
    const asked = await ask(updateBrokerConfig(parts), {}, { body: Buffer.from(`brokerPermission=4\n${line}\n`) })
    expect(asked).toMatchObject({ code, remark: expect.stringMatching(remark) })
    expect(parts.liveSettings.current).toBe(before)
    expect(parts.fileSystem.status('/home/someone/store/config/broker.properties')).toBeUndefined()
  })
})

describe('the state of a running broker', () => {
  const info = async (change: (parts: ReturnType<typeof open>) => void = () => {}) => {
    const parts = open()
    change(parts)
    const store = {
      positions: { min: 0, max: 9856, synced: 4941 },
      refusal: undefined,
      earliestTimestamp: () => 1_795_462_207_700,
      diskSpace: () => ({ totalBytes: 252 * 1024 ** 3, freeBytes: 216.72 * 1024 ** 3 }),
      maxOffset: () => 4,
    }
    const asked = await ask(
      getBrokerRuntimeInfo({
        ...parts,
        bootMs: startMs,
        store,
        delayProgress: { entries: () => [[1, 3]] },
        timerFigures: () => ({
          timerReadBehind: 0,
          timerOffsetBehind: 0,
          timerCongestNum: 0,
          timerEnqueueTps: '0.0',
          timerDequeueTps: '0.0',
        }),
        waitingIn: (lane) => (lane === 'send' ? 7 : 0),
        settings: () => parts.liveSettings.current,
      }),
      {},
    )
    return keyValueTableBody.decode(asked.body).table
  }

  test('has exactly the keys of the official broker', async () => {
    const keys = [...(await info()).keys()]
    expect(keys.filter((key) => !officialKeys.includes(key)).sort()).toEqual([
      'commitLogDiskRatio_/home/someone/store/commitlog',
      'scheduleMessageOffset_1',
    ])
    expect(officialKeys.filter((key) => !keys.includes(key))).toEqual([])
  })

  test('is written as the official broker writes it', async () => {
    const table = await info(({ clock }) => clock.advance(151_000))
    expect(Object.fromEntries(table)).toMatchObject({
      brokerActive: 'true',
      brokerVersionDesc: 'V5_5_0',
      bootTimestamp: String(startMs),
      runtime: '[ 0 days, 0 hours, 2 minutes, 31 seconds ]',
      commitLogDirCapacity: 'Total : 252.0 GiB, Free : 216.7 GiB.',
      commitLogDiskRatio: '0.14',
      commitLogMinOffset: '0',
      commitLogMaxOffset: '9856',
      earliestMessageTimeStamp: '1795462207700',
      remainHowManyDataToFlush: '4.8 KiB',
      scheduleMessageOffset_1: '3,4',
      sendThreadPoolQueueSize: '7',
      sendThreadPoolQueueCapacity: '10000',
      putTps: '0.0 0.0 ',
      getTotalTps: '0.0 0.0 0.0',
    })
  })

  test('counts messages, of which tools read the first of three rates', async () => {
    const table = await info(({ clock, statistics }) => {
      clock.advance(20_000)
      statistics.stored('T', 0, 18, 4928)
      statistics.got('g', 'T', 10, 1000)
      statistics.missed()
      clock.advance(1000)
    })
    expect(Object.fromEntries(table)).toMatchObject({
      putMessageTimesTotal: '18',
      putMessageSizeTotal: '4928',
      putMessageAverageSize: '273.77777777777777',
      msgPutTotalTodayNow: '18',
      msgGetTotalTodayNow: '10',
      putTps: '1.8  ',
      getTransferredTps: '1.0  ',
      getFoundTps: '0.1  ',
      getMissTps: '0.1  ',
      getTotalTps: '0.2 0.0 0.0',
      putMessageDistributeTime: 'null',
    })
  })
})

test('old files of the log are deleted when that is asked for', async () => {
  let asked = 0
  const store = { deleteOldFiles: () => void asked++ }
  expect((await ask(deleteExpiredCommitlog({ store }), {})).code).toBe(0)
  expect(asked).toBe(1)
})
