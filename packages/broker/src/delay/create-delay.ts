import type { Identity } from '../identity.ts'
import type { MessageSink } from '../intake/intake.ts'
import { LateIntake, type LateIntakeParts } from '../intake/late-intake.ts'
import type { KeptFolder } from '../kept/index.ts'
import type { BrokerSettings } from '../settings/index.ts'
import type { Traces } from '../traces/create-traces.ts'
import { DelayProgress } from './delay-progress.ts'
import { type DelayedDeliveryParts, delayedDelivery } from './delayed-delivery.ts'

export interface DelayParts {
  config: KeptFolder
  identity: Identity
  settings(): BrokerSettings
  topics: LateIntakeParts['topics']
  store: DelayedDeliveryParts['store']
  sink: MessageSink
  counters: { deliveredFromLevel(level: number, byteCount: number): void }
  traces: Pick<Traces, 'stored'>
}

/** Delivering messages after the time of their delay level. */
export function createDelay({ config, identity, settings, topics, store, sink, traces, counters }: DelayParts) {
  const { clock, log } = config
  const { messageDelayLevel, flushDelayOffsetInterval } = settings()
  const progress = new DelayProgress({ config, flushIntervalMs: flushDelayOffsetInterval })
  const delivery = delayedDelivery({
    clock,
    log,
    store,
    sink,
    intake: new LateIntake('due', { topics, highestDelayLevel: messageDelayLevel.length }),
    progress,
    storeHost: identity.storeHost,
    onDelivered(message, place, level) {
      counters.deliveredFromLevel(level, place.totalSize)
      traces.stored(message, place, 'delayed')
    },
    delayLevelsMs: messageDelayLevel,
  })
  return {
    progress,
    arrived: (topic: string, queueId: number) => delivery.arrived(topic, queueId),
    start: () => delivery.start(),
    drain: () => delivery.drain(),
    close: () => progress.close(),
    stats: () => ({ levels: delivery.progress() }),
  }
}
