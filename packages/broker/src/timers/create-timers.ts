import type { CancelTimer, FileSystem, Random } from '@rocketmq-ts/platform'
import { javaDouble, timerTopic } from '@rocketmq-ts/protocol'
import { type MessageStore, TimerStore } from '@rocketmq-ts/storage'
import type { Identity } from '../identity.ts'
import { Intake, type MessageSink } from '../intake/intake.ts'
import { LateIntake } from '../intake/late-intake.ts'
import type { KeptFolder } from '../kept/index.ts'
import type { BrokerSettings } from '../settings/index.ts'
import { logReservedMs } from '../store-options.ts'
import type { TopicTable } from '../topics/index.ts'
import { getTimerCheckPoint } from './handlers/get-timer-check-point.ts'
import { getTimerMetrics } from './handlers/get-timer-metrics.ts'
import { recallMessage } from './handlers/recall-message.ts'
import { RecentRate } from './recent-rate.ts'
import { TimerDelivery, type TimerDeliveryParts } from './timer-delivery.ts'
import { TimerFlush } from './timer-flush.ts'
import { isOfTimer, timedRecord } from './timer-message.ts'
import { TimerMetrics } from './timer-metrics.ts'
import { timerQueue } from './timer-queue.ts'
import { TimerRules } from './timer-rules.ts'

export interface TimersParts {
  fileSystem: FileSystem
  random: Random
  config: KeptFolder
  identity: Identity
  settings(): BrokerSettings
  topics: TopicTable
  store: MessageStore
  sink: MessageSink
  /** A message was put into its topic. */
  onDelivered: TimerDeliveryParts['onDelivered']
}

/** What a broker tells of its timer, under the names of the official one. */
export interface TimerFigures {
  timerReadBehind: number
  timerOffsetBehind: number
  timerCongestNum: number
  timerEnqueueTps: string
  timerDequeueTps: string
}

/** Delivering messages at the time that their senders name, and taking them back before. */
export function createTimers(parts: TimersParts) {
  const { random, config, identity, settings, topics, sink } = parts
  const { clock } = config
  const engine = settings().timerWheelEnable ? createEngine(parts) : undefined
  const rulesWith = (limits: { maxDelayMs(): number; countMax(): number; countAt(timeMs: number): number }) =>
    new TimerRules({
      random,
      nowMs: () => clock.now(),
      countAt: limits.countAt,
      limits: () => ({
        isEnabled: engine !== undefined,
        precisionMs: engine?.timers.precisionMs ?? 1,
        maxDelayMs: limits.maxDelayMs(),
        countMax: limits.countMax(),
      }),
    })
  const rules = rulesWith({
    maxDelayMs: () => settings().timerMaxDelaySec * 1000,
    countMax: () => settings().timerCongestNumEachSlot,
    countAt: (timeMs) => engine?.timers.countAt(timeMs) ?? 0,
  })
  const ownRules = rulesWith({
    maxDelayMs: () => Number.MAX_SAFE_INTEGER,
    countMax: () => Number.MAX_SAFE_INTEGER,
    countAt: () => 0,
  })
  const { storeHost, brokerName } = identity
  const recallIntake = new Intake('send', {
    topics,
    highestDelayLevel: settings().messageDelayLevel.length,
    timer: rules,
  })
  return {
    /** For whoever takes messages in. */
    rules,
    /** For messages of the broker's own, which nobody may refuse. */
    ownRules,
    figures: engine?.figures ?? idleFigures,
    /** How far it is. */
    progress: {
      precisionMs: settings().timerPrecisionMs,
      maxOffset: () => parts.store.maxOffset(timerTopic, 0),
      addedOffset: () => engine?.timers.queueOffset ?? 0,
      deliveredMs: () => engine?.deliveredMs() ?? 0,
    },
    handlers: {
      recallMessage: recallMessage({
        clock,
        brokerName,
        storeHost,
        topics,
        sink,
        intake: recallIntake,
        settings,
      }),
      getTimerCheckPoint: getTimerCheckPoint({ timers: engine?.timers }),
      getTimerMetrics: getTimerMetrics({ metrics: engine?.metrics }),
    },
    arrived: (topic: string) => {
      if (topic === timerTopic) engine?.arrived()
    },
    start: () => engine?.start(),
    drain: () => engine?.drain(),
    close: () => engine?.close(),
    stats: () => engine?.stats() ?? { waiting: 0, readBehindMs: 0, notAdded: 0 },
  }
}

/** Milliseconds by which a message may be later than the precision, for the sake of those that come with it. */
const gatherMs = 10

/** What runs when timers are switched on. */
function createEngine({ fileSystem, config, identity, settings, topics, store, sink, onDelivered }: TimersParts) {
  const { clock, log } = config
  const { storeHost } = identity
  const { timerPrecisionMs, timerRollWindowSlot, timerFlushIntervalMs, mappedFileSizeTimerLog } = settings()
  const timers = new TimerStore({
    fileSystem,
    log,
    rootPath: settings().storePathRootDir,
    precisionMs: timerPrecisionMs,
    logSegmentBytes: mappedFileSizeTimerLog,
    nowMs: clock.now(),
    commitLogEnd: store.positions.max,
    windowMs: () => windowMs(timerRollWindowSlot, timerPrecisionMs, logReservedMs(settings())),
    onFailure: (during, error) => store.failed(during, error),
  })
  const metrics = new TimerMetrics(config)
  const countPending = (): void => {
    if (timers.pendingByTopic !== undefined) metrics.setCounted(timers.pendingByTopic, topics.list().keys())
  }
  countPending()
  store.onCutBack(() => {
    timers.cutBackTo(store.positions.max)
    countPending()
  })
  topics.onDelete((topic) => metrics.remove(topic))
  const enqueued = new RecentRate(clock)
  const dequeued = new RecentRate(clock)
  const delivery = new TimerDelivery({
    clock,
    log,
    timers,
    metrics,
    store,
    sink,
    storeHost,
    onDelivered,
    intake: new LateIntake('due', { topics, highestDelayLevel: settings().messageDelayLevel.length }),
    isStopped: () => settings().timerStopDequeue,
    delivered(count) {
      dequeued.add(count)
      flush.soon()
    },
  })
  const queue = timerQueue({
    clock,
    log,
    store,
    timers,
    metrics,
    isStopped: () => settings().timerStopEnqueue,
    deliverNow: (messages) => delivery.deliverNow(messages),
    adding: (sentMs) => delivery.passEmptySlots(sentMs),
    added(count) {
      enqueued.add(count)
      delivery.added()
      flush.soon()
    },
    clockIsBehind: () => delivery.followClock(),
    caughtUp: () => delivery.open(),
  })
  const flush = new TimerFlush({ clock, log, timers, store, intervalMs: timerFlushIntervalMs })
  const readBehindMs = () => (timers.isWaiting ? Math.max(clock.now() - timers.readMs - 2 * timers.precisionMs, 0) : 0)
  const notAdded = () => store.maxOffset(timerTopic, 0) - timers.queueOffset
  let cancelGathering: CancelTimer | undefined
  return {
    timers,
    metrics,
    /** Messages came to the timer's topic. They are added some at a time, since each step is written to the files. */
    arrived() {
      cancelGathering ??= clock.after(gatherMs, () => {
        cancelGathering = undefined
        queue.arrived(timerTopic, 0)
      })
    },
    async start() {
      await goOnBehindOfficial(timers, store)
      flush.soon()
      queue.start()
      // What is due is delivered in the order of time: what was sent before comes into the wheel first.
      if (notAdded() <= 0) delivery.open()
    },
    async drain() {
      cancelGathering?.()
      await queue.drain()
      await delivery.drain()
      await flush.drain()
    },
    async close() {
      metrics.close()
      // What is noted as delivered has to be there after a failure of the power.
      if (await store.syncLog()) timers.finish(clock.now())
      else timers.close()
    },
    deliveredMs: () => (timers.isWaiting ? timers.readMs : Number.POSITIVE_INFINITY),
    figures: (): TimerFigures => ({
      timerReadBehind: Math.floor(readBehindMs() / 1000),
      timerOffsetBehind: notAdded(),
      timerCongestNum: metrics.total(),
      timerEnqueueTps: javaDouble(enqueued.perSecond()),
      timerDequeueTps: javaDouble(dequeued.perSecond()),
    }),
    stats: () => ({ waiting: metrics.total(), readBehindMs: readBehindMs(), notAdded: notAdded() }),
  }
}

/** A message has to be there when it is due: it goes around before its part of the log is deleted by its age. */
function windowMs(slots: number, precisionMs: number, logReservedMs_: number): number {
  const safeMs = Math.floor((logReservedMs_ * 3) / 4 / precisionMs) * precisionMs
  return Math.max(Math.min(slots * precisionMs, safeMs), 2 * precisionMs)
}

/** An official broker may have added messages that it had not noted yet: those of them that are in the log of units. */
async function goOnBehindOfficial(timers: TimerStore, store: MessageStore): Promise<void> {
  const last = timers.lastOfOfficial
  if (last === undefined) return
  const [record] = await store.recordsAt([last])
  const message = timedRecord(record, true)
  if (message !== undefined && isOfTimer(message)) timers.queueOffset = message.layout.queueOffset + 1
}

const idleFigures = (): TimerFigures => ({
  timerReadBehind: 0,
  timerOffsetBehind: 0,
  timerCongestNum: 0,
  timerEnqueueTps: '0.0',
  timerDequeueTps: '0.0',
})
