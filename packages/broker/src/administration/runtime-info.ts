import type { Clock } from '@rocketmq-ts/platform'
import { javaDouble, protocolVersionName, scheduleTopic } from '@rocketmq-ts/protocol'
import type { LogPositions } from '@rocketmq-ts/storage'
import type { BrokerSettings } from '../settings/index.ts'
import type { BrokerStatistics } from '../statistics/index.ts'
import type { TimerFigures } from '../timers/create-timers.ts'

export interface RuntimeInfoParts {
  clock: Clock
  bootMs: number
  statistics: BrokerStatistics
  store: {
    readonly positions: LogPositions
    readonly refusal: string | undefined
    earliestTimestamp(): number | undefined
    diskSpace(): { totalBytes: number; freeBytes: number }
    maxOffset(topic: string, queueId: number): number
  }
  /** Delay levels in use with the offset that is delivered next. */
  delayProgress: { entries(): Iterable<readonly [level: number, offset: number]> }
  timerFigures(): TimerFigures
  /** Requests of a lane that wait for their answer. */
  waitingIn(lane: 'send' | 'pull' | 'lite-pull' | 'query' | 'ack' | 'transaction'): number
  settings(): BrokerSettings
}

/** Acknowledgements that may wait. */
const ackQueueCapacity = 100_000
const unlimited = 2_147_483_647

/** What a broker tells of its state, under the names of the official one. What it has no equivalent for is 0. */
export function runtimeInfo(parts: RuntimeInfoParts): Map<string, string> {
  const values = {
    ...identity(parts),
    ...messageTotals(parts),
    ...rates(parts),
    ...putTimes(parts),
    ...queues(parts),
    ...storeState(parts),
    ...parts.timerFigures(),
  }
  const table = new Map(Object.entries(values).map(([key, value]) => [key, String(value)]))
  for (const [level, offset] of parts.delayProgress.entries()) {
    table.set(`scheduleMessageOffset_${level}`, `${offset},${parts.store.maxOffset(scheduleTopic, level - 1)}`)
  }
  return table
}

function identity({ clock, bootMs, store, settings }: RuntimeInfoParts) {
  return {
    brokerActive: store.refusal === undefined,
    brokerVersionDesc: protocolVersionName,
    bootTimestamp: bootMs,
    runtime: uptimeText(clock.now() - bootMs),
    startAcceptSendRequestTimeStamp: settings().startAcceptSendRequestTimeStamp,
  }
}

function messageTotals({ statistics }: RuntimeInfoParts) {
  const put = statistics.atMidnights('put')
  const got = statistics.atMidnights('got')
  return {
    msgPutTotalYesterdayMorning: put.yesterdayMorning,
    msgPutTotalTodayMorning: put.todayMorning,
    msgPutTotalTodayNow: statistics.totals.putOfUsers,
    msgGetTotalYesterdayMorning: got.yesterdayMorning,
    msgGetTotalTodayMorning: got.todayMorning,
    msgGetTotalTodayNow: statistics.totals.gotOfUsers,
  }
}

function rates({ statistics }: RuntimeInfoParts) {
  const found = statistics.rates.rates('found')
  const missed = statistics.rates.rates('missed')
  const total = found.map((rate, index) => (rate ?? 0) + (missed[index] ?? 0))
  return {
    putTps: rateText(statistics.rates.rates('put')),
    getFoundTps: rateText(found),
    getMissTps: rateText(missed),
    getTotalTps: rateText(total),
    getTransferredTps: rateText(statistics.rates.rates('transferred')),
  }
}

function putTimes({ statistics }: RuntimeInfoParts) {
  const { totals, putLatencies } = statistics
  return {
    putMessageTimesTotal: Math.max(totals.put, 1),
    putMessageFailedTimes: totals.putFailed,
    putMessageSizeTotal: totals.putBytes,
    putMessageAverageSize: javaDouble(totals.putBytes / Math.max(totals.put, 1)),
    putMessageDistributeTime: putLatencies.distribution() ?? 'null',
    putMessageEntireTimeMax: putLatencies.maxMs,
    putLatency99: putLatencies.percentileMs(0.99).toFixed(2),
    putLatency999: putLatencies.percentileMs(0.999).toFixed(2),
    getMessageEntireTimeMax: Math.floor(statistics.getMsMax),
    pageCacheLockTimeMills: 0,
  }
}

function queues({ waitingIn, settings }: RuntimeInfoParts) {
  const {
    sendThreadPoolQueueCapacity,
    pullThreadPoolQueueCapacity,
    queryThreadPoolQueueCapacity,
    endTransactionPoolQueueCapacity,
  } = settings()
  return {
    ...queue('send', waitingIn('send'), sendThreadPoolQueueCapacity),
    ...queue('pull', waitingIn('pull'), pullThreadPoolQueueCapacity),
    ...queue('litePull', waitingIn('lite-pull'), pullThreadPoolQueueCapacity),
    ...queue('query', waitingIn('query'), queryThreadPoolQueueCapacity),
    ...queue('ack', waitingIn('ack'), ackQueueCapacity),
    EndTransactionQueueSize: waitingIn('transaction'),
    EndTransactionThreadPoolQueueCapacity: endTransactionPoolQueueCapacity,
  }
}

function queue(name: string, size: number, capacity: number): Record<string, number> {
  return {
    [`${name}ThreadPoolQueueSize`]: size,
    [`${name}ThreadPoolQueueCapacity`]: capacity,
    [`${name}ThreadPoolQueueHeadWaitTimeMills`]: 0,
  }
}

function storeState({ store, settings }: RuntimeInfoParts) {
  const { totalBytes, freeBytes } = store.diskSpace()
  const usedRatio = javaDouble(Math.round((1 - freeBytes / totalBytes) * 100) / 100)
  const { min, max, synced } = store.positions
  return {
    commitLogMinOffset: min,
    commitLogMaxOffset: max,
    earliestMessageTimeStamp: store.earliestTimestamp() ?? -1,
    commitLogDirCapacity: `Total : ${sizeText(totalBytes)}, Free : ${sizeText(freeBytes)}.`,
    commitLogDiskRatio: usedRatio,
    [`commitLogDiskRatio_${settings().storePathCommitLog}`]: usedRatio,
    consumeQueueDiskRatio: usedRatio,
    remainHowManyDataToFlush: sizeText(max - synced),
    remainTransientStoreBufferNumbs: unlimited,
    dispatchBehindBytes: 0,
    dispatchMaxBuffer: 0,
  }
}

function rateText(values: readonly (number | undefined)[]): string {
  return values.map((rate) => (rate === undefined ? '' : javaDouble(rate))).join(' ')
}

function uptimeText(elapsedMs: number): string {
  const seconds = Math.floor(elapsedMs / 1000)
  const [days, hours, minutes] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60,
  ]
  return `[ ${days} days, ${hours} hours, ${minutes} minutes, ${seconds % 60} seconds ]`
}

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const

function sizeText(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  return unit === 0 ? `${value} B` : `${value.toFixed(1)} ${units[unit]}`
}
