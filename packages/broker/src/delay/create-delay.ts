import type { ConfigFolder } from '../configuration/index.ts'
import type { Identity } from '../identity.ts'
import type { MessageSink } from '../intake/intake.ts'
import type { BrokerSettings } from '../settings/index.ts'
import { DelayProgress } from './delay-progress.ts'
import { DelayedDelivery, type DelayStore } from './delayed-delivery.ts'

export interface DelayParts {
  config: ConfigFolder
  identity: Identity
  settings(): BrokerSettings
  store: DelayStore
  sink: MessageSink
}

/** Delivering messages after the time of their delay level. */
export function createDelay({ config, identity, settings, store, sink }: DelayParts) {
  const { clock, log } = config
  const { messageDelayLevel, flushDelayOffsetInterval } = settings()
  const progress = new DelayProgress(config.file('delayOffset.json'), () => clock.now())
  const delivery = new DelayedDelivery({
    clock,
    log,
    store,
    sink,
    progress,
    storeHost: identity.storeHost,
    delayLevelsMs: messageDelayLevel,
  })
  const cancelSave = clock.every(flushDelayOffsetInterval, () => void progress.trySaveLater(log))
  return {
    progress,
    /** Messages arrived in a queue of the topic of delayed messages. */
    arrived: (queueId: number) => delivery.arrived(queueId),
    start: () => delivery.start(),
    drain: () => delivery.close(),
    close: () => {
      cancelSave()
      progress.save()
    },
    stats: () => ({ nextOffsets: new Map(progress.entries()) }),
  }
}
