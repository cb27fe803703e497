import type { Admin, BrokerDescription, RocketMQError } from '@rocketmq-ts/client'

/** What a broker tells of itself, read out of its names. Undefined where it says nothing of the kind. */
export interface BrokerStatus {
  readonly version: string | undefined
  /** Messages a second, over the last minute. */
  readonly inRate: number | undefined
  readonly outRate: number | undefined
  readonly messagesToday: number | undefined
  /** How full the disk of the commit log is, from 0 to 1. */
  readonly diskUsed: number | undefined
  /** Milliseconds since 1970. */
  readonly startedAt: number | undefined
  /** Messages that wait to be written. */
  readonly queueSize: number | undefined
}

export interface AskedBroker {
  readonly broker: string
  readonly cluster: string
  readonly id: number
  readonly address: string
  /** Undefined when it does not answer. */
  readonly status: BrokerStatus | undefined
  /** All that it tells. */
  readonly table: ReadonlyMap<string, string> | undefined
  readonly error: RocketMQError | undefined
}

/**
 * Milliseconds for one broker: those that are gone must not keep the others from being shown. Official brokers take seconds
 * for this answer on a busy machine.
 */
const brokerTimeoutMs = 6000

/** Asks each broker that takes requests; those that do not answer are told as well. */
export async function askBrokers(admin: Admin, signal: AbortSignal): Promise<AskedBroker[]> {
  const brokers = await admin.brokers({ signal })
  const asked = brokers.flatMap((broker) => [...broker.addresses].map((at) => askBroker(admin, broker, at, signal)))
  return Promise.all(asked)
}

async function askBroker(
  admin: Admin,
  { name: broker, cluster }: BrokerDescription,
  [id, address]: readonly [id: number, address: string],
  signal: AbortSignal,
): Promise<AskedBroker> {
  const known = { broker, cluster, id, address }
  try {
    const table = await admin.brokerStatus(address, { signal, timeoutMs: brokerTimeoutMs })
    return { ...known, status: brokerStatus(table), table, error: undefined }
  } catch (error) {
    return { ...known, status: undefined, table: undefined, error: error as RocketMQError }
  }
}

function brokerStatus(table: ReadonlyMap<string, string>): BrokerStatus {
  return {
    version: table.get('brokerVersionDesc')?.replace(/^V/, '').replaceAll('_', '.'),
    inRate: firstNumber(table.get('putTps')),
    outRate: firstNumber(table.get('getTransferredTps')),
    messagesToday: difference(table.get('msgPutTotalTodayNow'), table.get('msgPutTotalTodayMorning')),
    diskUsed: firstNumber(table.get('commitLogDiskRatio')),
    startedAt: firstNumber(table.get('bootTimestamp')),
    queueSize: firstNumber(table.get('sendThreadPoolQueueSize')),
  }
}

/** Rates stand as `10s 1min 10min`. */
function firstNumber(text: string | undefined): number | undefined {
  const value = Number(text?.trim().split(' ')[0] || 'none')
  return Number.isFinite(value) ? value : undefined
}

function difference(now: string | undefined, before: string | undefined): number | undefined {
  const value = Number(now ?? 'none') - Number(before ?? 'none')
  return Number.isFinite(value) ? value : undefined
}

const unitsMs = [86_400_000, 3_600_000, 60_000, 1000]

/** What time its clock says, to a second: when it started, and `[ 0 days, 0 hours, 1 minutes, 3 seconds ]` since then. */
export function brokerNowMs(table: ReadonlyMap<string, string>): number | undefined {
  const startedMs = firstNumber(table.get('bootTimestamp'))
  const parts = table.get('runtime')?.match(/\d+/g)?.map(Number)
  if (startedMs === undefined || parts?.length !== unitsMs.length) return undefined
  return parts.reduce((sum, count, index) => sum + count * unitsMs[index]!, startedMs)
}
