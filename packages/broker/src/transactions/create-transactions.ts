import type { CancelTimer, Clock, Log } from '@rocketmq-ts/platform'
import { type DecodedMessage, findMessageProperty, propertyName } from '@rocketmq-ts/protocol'
import type { ProducerRegistry } from '../clients/index.ts'
import type { Identity } from '../identity.ts'
import type { MessageSink } from '../intake/intake.ts'
import { LateIntake, type LateIntakeParts } from '../intake/late-intake.ts'
import type { TimerDecision } from '../intake/transforms.ts'
import type { KeptFolder } from '../kept/index.ts'
import type { BrokerSettings } from '../settings/index.ts'
import { realPlace } from '../stored-message.ts'
import type { TopicTable } from '../topics/index.ts'
import type { Traces } from '../traces/create-traces.ts'
import { CheckBack } from './check-back.ts'
import { sendCheck } from './check-request.ts'
import { endTransaction } from './handlers/end-transaction.ts'
import { resumeCheckHalfMessage } from './handlers/resume-check-half-message.ts'
import { loadTransactions, type TransactionStore } from './load-transactions.ts'
import { OpWriter } from './op-writer.ts'
import type { TransactionLog } from './transaction-log.ts'
import { TransactionMetrics } from './transaction-metrics.ts'
import { TransactionProgress, type TransactionProgressParts } from './transaction-progress.ts'

export interface TransactionsParts {
  clock: Clock
  log: Log
  config: KeptFolder
  identity: Identity
  settings(): BrokerSettings
  topics: LateIntakeParts['topics'] & Pick<TopicTable, 'onDelete'>
  producers: ProducerRegistry
  offsets: TransactionProgressParts['offsets']
  store: TransactionStore & TransactionProgressParts['store']
  sink: MessageSink
  transactions: TransactionLog
  traces: Traces
  timer: TimerDecision
}

/** Messages that are seen when their transaction is committed, and never when it is rolled back. */
export function createTransactions(parts: TransactionsParts) {
  const { clock, log, config, identity, settings, topics, producers, offsets, store, sink } = parts
  const { transactions, traces, timer } = parts
  const { brokerName, storeHost, storeHostHex } = identity
  const ends = { commit: 0, rollback: 0 }
  const ops = new OpWriter({ clock, log, sink, storeHost, settings })
  const progress = new TransactionProgress({ offsets, store, transactions })
  const metrics = new TransactionMetrics(config)
  topics.onDelete((topic) => metrics.remove(topic))
  const count = (half: DecodedMessage, change: number): void => {
    const place = realPlace(half)
    if (place !== undefined) metrics.add(place.topic, change)
  }
  const load = async (): Promise<void> => {
    const begins = () => metrics.beginCount()
    const { withoutOp, open } = await loadTransactions({ log, store, transactions, progress, begins })
    metrics.setCounted(open)
    for (const queueOffset of withoutOp) ops.ended(queueOffset)
  }
  transactions.onHalf((record, half) => {
    count(half, 1)
    const group = findMessageProperty(half.properties, propertyName.producerGroup)
    traces.stored({ ...half, properties: record.properties }, record, 'half', undefined, group)
  })
  let loading: Promise<void> | undefined
  const loaded = (): Promise<void> => {
    if (transactions.isLoaded) return done
    loading ??= load().finally(() => {
      loading = undefined
    })
    return loading
  }
  const checks = new CheckBack({
    clock,
    log,
    store,
    sink,
    topics,
    transactions,
    ops,
    storeHost,
    settings,
    loaded,
    gaveUp: (half) => count(half, -1),
    ask(half) {
      traces.transaction(half, 'UNKNOW', true)
      sendCheck(half, { log, producers, brokerName, storeHostHex })
    },
  })
  let stopNoting: CancelTimer = () => {}
  return {
    handlers: {
      endTransaction: endTransaction({
        clock,
        settings,
        store,
        sink,
        intake: new LateIntake('commit', { topics, highestDelayLevel: settings().messageDelayLevel.length, timer }),
        transactions,
        ops,
        storeHost,
        loaded,
        onCommitted(message, place, half) {
          const group = findMessageProperty(half.properties, propertyName.producerGroup)
          traces.stored(message, place, 'committed', half.storeTimestamp, group)
        },
        onEnd(kind, half, fromCheck) {
          ends[kind]++
          count(half, -1)
          traces.transaction(half, kind === 'commit' ? 'COMMIT_MESSAGE' : 'ROLLBACK_MESSAGE', fromCheck)
        },
      }),
      resumeCheckHalfMessage: resumeCheckHalfMessage({ store, sink, storeHost }),
    },
    start() {
      loaded().catch((err: unknown) => log.error({ err }, 'what is known of transactions could not be read'))
      checks.start()
      stopNoting = clock.every(settings().flushConsumerOffsetInterval, () => progress.note())
    },
    async drain() {
      stopNoting()
      await checks.drain()
    },
    // What was ended while others were drained is told by op messages, too.
    close() {
      ops.flush()
      metrics.close()
    },
    stats: () => ({
      open: transactions.slots.openCount,
      committed: ends.commit,
      rolledBack: ends.rollback,
      ...checks.counts,
      opsWaiting: ops.waitingCount,
    }),
  }
}

const done = Promise.resolve()
