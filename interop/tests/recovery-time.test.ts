import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BrokerClient } from '../crash/broker-client.ts'
import { AcknowledgedMessages } from '../recovery/acknowledged.ts'
import { pretendPowerFailure, syncedPosition } from '../recovery/power-failure.ts'
import { RecoveryLoad } from '../recovery/recovery-load.ts'
import { type Recovery, timedRestart } from '../recovery/timed-restart.ts'
import { type Cluster, startCluster } from '../targets/cluster.ts'
import { targetName } from '../targets/target.ts'

const mebibyte = 1024 * 1024
/** `INTEROP_RECOVERY_MB=2048` is the full size. */
const megabytes = Number(process.env.INTEROP_RECOVERY_MB ?? 256)
/** `INTEROP_RECOVERY_QUEUES=100000` shows what many queues cost. */
const queues = Number(process.env.INTEROP_RECOVERY_QUEUES ?? 24)
/** `INTEROP_RECOVERY_BODY=128` shows what many small messages cost. */
const bodyBytes = Number(process.env.INTEROP_RECOVERY_BODY ?? 1024)
const fullMegabytes = 2048
const promisedMs = 3000
/** Queue units and keys may lag behind the log by so much, and by what comes until that is seen the next time. */
const readAgainBytesMax = (128 + 64) * mebibyte
/** Number of a message, and a queue offset, that no run comes to. */
const neverSent = 2 ** 40
const farBehindTheEnd = 10_000_000
const timeoutMs = 60_000 + megabytes * 400 + queues * 4

const describeRecovery = (kind: string, { portMs, acceptedMs, from, end, replayed }: Recovery): string =>
  `${kind}: port open after ${portMs.toFixed(0)} ms, a message accepted after ${acceptedMs.toFixed(0)} ms; ` +
  `${((end - from) / mebibyte).toFixed(0)} of ${(end / mebibyte).toFixed(0)} MiB read again, ${replayed} messages`

describe.skipIf(targetName() !== 'ours')(`a log of ${megabytes} MB in ${queues} queues`, () => {
  let cluster: Cluster | undefined
  let acknowledgedBytes: number
  let problemsAfterKill: string[]
  let problemsAfterPowerFailure: string[]
  let problemsPlanted: string[]
  let syncedBeforePowerFailure: number
  let killed: Recovery
  let powerFailed: Recovery

  beforeAll(async () => {
    cluster = await startCluster({
      label: 'recovery-time',
      target: 'ours',
      config: {
        // Queues are not synced while the test lasts: a power failure cannot make more work than then.
        flushConsumeQueueThoroughInterval: '3600000',
        // How far they lag is looked at so often that the load cannot send much meanwhile, however fast the machine is.
        flushIntervalConsumeQueue: '100',
        maxTransferCountOnMessageInMemory: '256',
        enableSplitRegistration: 'true',
      },
    })
    const broker = cluster.brokers[0]!
    const storeFolder = join(cluster.target.workFolder, 'stores', broker.name)
    const load = new RecoveryLoad({ address: broker.address, queues, bodyBytes })
    const problems = async (messages: AcknowledgedMessages): Promise<string[]> => {
      const client = await BrokerClient.connect(broker.address)
      try {
        return await messages.problems(client)
      } finally {
        client.close()
      }
    }
    await load.prepare()
    await load.run(megabytes * mebibyte, timeoutMs, () => broker.kill())
    acknowledgedBytes = load.acknowledgedBytes
    killed = await timedRestart(broker, () => load.tryOnce())
    console.info(describeRecovery('killed', killed))
    problemsAfterKill = await problems(load.acknowledged)
    await broker.kill()
    pretendPowerFailure(storeFolder)
    syncedBeforePowerFailure = syncedPosition(storeFolder)
    powerFailed = await timedRestart(broker, () => load.tryOnce())
    console.info(describeRecovery('as after a power failure', powerFailed))
    problemsAfterPowerFailure = await problems(load.acknowledged)
    const planted = new AcknowledgedMessages()
    planted.add(neverSent, 'recovery-0', 0, 0)
    planted.add(neverSent + 1, 'recovery-0', 0, farBehindTheEnd)
    problemsPlanted = await problems(planted)
  }, 4 * timeoutMs)

  afterAll(() => cluster?.dispose())

  it('is read again in part only after a kill, however large it is', () => {
    expect(killed.end).toBeGreaterThan(acknowledgedBytes)
    expect(killed.end - killed.from).toBeLessThanOrEqual(readAgainBytesMax)
    expect(readAgainBytesMax).toBeLessThan(acknowledgedBytes)
  })

  it('has every acknowledged message after a kill, at its place and by its key', () => {
    expect(problemsAfterKill, cluster?.logTails()).toEqual([])
  })

  // A bound on time says nothing on a machine that others use.
  it.skipIf(process.env.CI === 'true' || megabytes < fullMegabytes)('takes messages again in less than 3 s', () => {
    expect(killed.acceptedMs).toBeLessThan((promisedMs * megabytes) / fullMegabytes)
  })

  it('is read again from where queues and keys were synced last when the machine went down', () => {
    expect(powerFailed.from).toBe(syncedBeforePowerFailure)
    expect(powerFailed.end).toBeGreaterThanOrEqual(killed.end)
  })

  it('has every acknowledged message after the machine went down, at its place and by its key', () => {
    expect(problemsAfterPowerFailure, cluster?.logTails()).toEqual([])
  })

  it('is checked by a reader that finds another message, a missing one and a missing key', () => {
    expect(problemsPlanted).toHaveLength(3)
    expect(problemsPlanted[0]).toContain('at 0, not 00000000000000000000010000000000')
    expect(problemsPlanted[1]).toContain('nothing at 10000000')
    expect(problemsPlanted[2]).toContain('finds nothing')
  })
})
