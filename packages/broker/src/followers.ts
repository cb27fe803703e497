import type { Log, Platform } from '@rocketmq-ts/platform'
import type { Follower } from '@rocketmq-ts/storage'
import { ProducerLog } from './idempotence/producer-log.ts'
import type { BrokerSettings } from './settings/index.ts'
import { TransactionLog } from './transactions/transaction-log.ts'

/** What the features of a broker make of the log, besides queues and index. */
export interface BrokerFollowers {
  readonly transactions: TransactionLog
  /** Undefined when no producer's messages are stored once. */
  readonly producers: ProducerLog | undefined
}

/** Made before the store is opened, which gives them its records. */
export function createFollowers(
  settings: () => BrokerSettings,
  { fileSystem, clock }: Platform,
  log: Log,
): BrokerFollowers {
  const { idempotentProducerEnable, idempotentProducerWindow, idempotentProducersMax, storePathRootDir } = settings()
  const limits = {
    count: idempotentProducerWindow,
    producersMax: idempotentProducersMax,
    silenceMsMax: () => settings().idempotentProducerSilence,
  }
  const path = `${storePathRootDir}/config/producerSequences.json`
  return {
    transactions: new TransactionLog(),
    producers: idempotentProducerEnable ? new ProducerLog({ fileSystem, clock, log, path, limits }) : undefined,
  }
}

/** In the order in which each record is given to them. */
export function followerList({ transactions, producers }: BrokerFollowers): readonly Follower[] {
  return producers === undefined ? [transactions] : [transactions, producers]
}
