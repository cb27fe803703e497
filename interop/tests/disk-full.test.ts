import { commands, consumerOffsetsBody, responseCodes, topicConfigTableBody } from '@rocketmq-ts/protocol'
import { describe, expect, it } from 'vitest'
import { run, TestHost } from '../../packages/cli/test/cli-kit.ts'
import { BrokerClient } from '../crash/broker-client.ts'
import { Filling } from '../disk-full/filling.ts'
import { lacksSmallDisks } from '../disk-full/small-disk.ts'
import { type SmallDiskBroker, startOnSmallDisk } from '../disk-full/small-disk-broker.ts'
import { pollUntil } from '../targets/deadline.ts'

const mebibyte = 1024 * 1024
/** No message is refused before the disk has no byte left. */
const noRatios = {
  diskMaxUsedSpaceRatio: '95',
  diskSpaceCleanForciblyRatio: '100',
  diskSpaceWarningLevelRatio: '100',
}
const group = 'on-the-full-disk'

async function logged(broker: SmallDiskBroker, pattern: RegExp): Promise<string> {
  return pollUntil(`a log line like ${pattern}`, async () => {
    return broker.logLines(pattern)[0] ?? { notYet: broker.server.logTail(5) }
  })
}

async function takenAgain(filling: Filling): Promise<void> {
  await pollUntil('a message that is taken again', async () => {
    return (await filling.sendOne()) || { notYet: filling.refusals.at(-1)!.message }
  })
}

async function withBroker(
  label: string,
  ballastBytes: number,
  config: Record<string, string>,
  body: (broker: SmallDiskBroker, filling: Filling) => Promise<void>,
): Promise<void> {
  const broker = await startOnSmallDisk(label, { ballast: ballastBytes }, config)
  try {
    const filling = await Filling.open(broker.server.address)
    try {
      await body(broker, filling)
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${broker.server.logTail()}`, { cause: error })
    } finally {
      filling.close()
    }
  } finally {
    await broker.dispose()
  }
}

describe.skipIf(lacksSmallDisks())('a broker whose small disk fills up', () => {
  it('warns at the set ratios, refuses with code 14 above the last, and goes on when there is space', async () => {
    const ratios = {
      diskMaxUsedSpaceRatio: '50',
      diskSpaceCleanForciblyRatio: '60',
      diskSpaceWarningLevelRatio: '70',
    }
    await withBroker('disk-ratio', 28 * mebibyte, ratios, async (broker, filling) => {
      await filling.fill(() => broker.disk.usedRatio > 0.52)
      expect(filling.refusals).toEqual([])
      const clean = await logged(broker, / WARN .*full, which is above 50 % \(diskMaxUsedSpaceRatio\)/)
      expect(clean).toMatch(/Above 70 % \(diskSpaceWarningLevelRatio\) messages are refused\. Free space/)
      await filling.fill(() => broker.disk.usedRatio > 0.62)
      expect(filling.refusals).toEqual([])
      await logged(broker, / WARN .*full, which is above 60 % \(diskSpaceCleanForciblyRatio\)/)
      // Stops there by itself: how much is written between two looks at the disk depends on the machine.
      await filling.fill(() => broker.disk.usedRatio > 0.72)
      await logged(broker, / ERROR .*full, above 70 % \(diskSpaceWarningLevelRatio\)/)
      expect(await filling.sendOne()).toBe(false)
      const refusal = filling.refusals[0]!
      expect(refusal.code).toBe(responseCodes.SERVICE_NOT_AVAILABLE.code)
      expect(refusal.message).toMatch(
        /full, above 70 % \(diskSpaceWarningLevelRatio\): free space, lower fileReservedTime/,
      )
      // Refused at the ratio, not at the end of the disk.
      expect(broker.disk.usedRatio).toBeLessThan(0.99)
      expect(await filling.findLosses(broker.server.address)).toEqual([])
      expect(broker.logLines(/ WARN .*disk of the store/)).toHaveLength(2)

      broker.disk.removeBallast('ballast')
      await takenAgain(filling)
      await logged(broker, / INFO .*full, which is below [56]0 % \(.*Ratio\) again/)
      expect(await filling.findLosses(broker.server.address)).toEqual([])
    })
  })

  it('loses nothing that it acknowledged when there is no space at all, and goes on without a restart', async () => {
    await withBroker('disk-full', 16 * mebibyte, noRatios, async (broker, filling) => {
      const { disk, server } = broker
      const consumer = await BrokerClient.connect(server.address)
      await filling.sendOne()
      // The first pull makes the group.
      await consumer.pull({ group, topic: 'filled', queueId: 0, offset: 0, countMax: 1 })
      await consumer.commitOffset(group, 'filled', 0, 1)
      await savedOffset(broker, 1)
      const { pid } = server
      await filling.fill(() => false)
      // What the refused messages left is taken too: not a byte is free.
      disk.exhaust('rest')
      expect(filling.refusals[0]!.code).toBe(responseCodes.SERVICE_NOT_AVAILABLE.code)
      expect(filling.refusals[0]!.message).toMatch(/no space left: free space, or lower fileReservedTime/)
      expect(filling.acknowledged.length * 24 * 1024).toBeGreaterThan(30 * mebibyte)

      const host = new TestHost({ environment: { NAMESRV_ADDR: broker.nameServer } })
      const { exitCode, stdout } = await run(host, 'doctor', '--json', '--wait', '10ms')
      expect(exitCode).toBe(1)
      expect(JSON.parse(stdout)).toContainEqual(
        expect.objectContaining({ fault: 'disk-full', severity: 'error', subject: 'broker-a' }),
      )

      for (let send = 0; send < 50; send++) expect(await filling.sendOne()).toBe(false)
      for (const { code } of filling.refusals) expect(code).toBe(responseCodes.SERVICE_NOT_AVAILABLE.code)
      expect(await filling.findLosses(server.address)).toEqual([])

      await consumer.commitOffset(group, 'filled', 0, 7)
      await logged(broker, / ERROR .*consumerOffset\.json could not be written: it will be tried again/)
      expect(await consumer.committedOffset(group, 'filled', 0)).toBe(7)
      expect(offsetIn(broker)).toBe(1)
      // It may be refused or taken, but must not be half of each.
      const created = await consumer.call(commands.updateAndCreateTopic, {
        topic: 'made-on-the-full-disk',
        defaultTopic: 'TBW102',
        readQueueNums: 2,
        writeQueueNums: 2,
        perm: 6,
        topicFilterType: 'SINGLE_TAG',
        order: false,
        force: false,
      })
      expect([responseCodes.SUCCESS.code, responseCodes.SYSTEM_ERROR.code]).toContain(created.code)
      expect(topicsIn(broker)).toContain('filled')
      expect(await filling.sendOne()).toBe(false)
      expect(await filling.findLosses(server.address)).toEqual([])
      expect(() => process.kill(pid, 0)).not.toThrow()

      disk.removeBallast('rest')
      disk.removeBallast('ballast')
      await takenAgain(filling)
      await savedOffset(broker, 7)
      await pollUntil('the topic in its file', async () => {
        return topicsIn(broker).includes('made-on-the-full-disk') || { notYet: topicsIn(broker).join() }
      })
      let sent = 0
      await filling.fill(() => sent++ > 200)
      expect(server.pid).toBe(pid)
      expect(broker.logLines(/takes no more writes/)).toEqual([])

      consumer.close()
      await server.restart()
      expect(await filling.findLosses(server.address)).toEqual([])
      const again = await BrokerClient.connect(server.address)
      expect(await again.committedOffset(group, 'filled', 0)).toBe(7)
      expect([...(await again.topics()).topicConfigTable.keys()]).toContain('made-on-the-full-disk')
      expect(await again.findByKey('filled', 'key-3')).toHaveLength(1)
      again.close()
    })
  })

  it.each([
    ['killed', 'kill'],
    ['stopped', 'stop'],
  ] as const)(
    'comes up again on the full disk after it was %s, serves its consumers, and goes on when there is space',
    async (end, how) => {
      await withBroker(`disk-full-${end}`, 16 * mebibyte, noRatios, async (broker, filling) => {
        const { disk, server } = broker
        await filling.fill(() => false)
        disk.exhaust('rest')
        expect(await filling.sendOne()).toBe(false)
        await server[how]()
        await server.restart()
        expect(await filling.findLosses(server.address)).toEqual([])
        await filling.connect(server.address)
        expect(await filling.sendOne()).toBe(false)
        for (const { code } of filling.refusals) expect(code).toBe(responseCodes.SERVICE_NOT_AVAILABLE.code)
        disk.removeBallast('rest')
        disk.removeBallast('ballast')
        await takenAgain(filling)
        expect(await filling.findLosses(server.address)).toEqual([])
      })
    },
  )
})

function offsetIn(broker: SmallDiskBroker): number | undefined {
  const text = broker.configFile('consumerOffset.json')
  return text === undefined ? undefined : consumerOffsetsBody.parse(text).offsetTable.get(`filled@${group}`)?.get(0)
}

async function savedOffset(broker: SmallDiskBroker, offset: number): Promise<void> {
  await pollUntil(`offset ${offset} in consumerOffset.json`, async () => {
    const saved = offsetIn(broker)
    return saved === offset || { notYet: `it says ${saved}` }
  })
}

function topicsIn(broker: SmallDiskBroker): string[] {
  return [...topicConfigTableBody.parse(broker.configFile('topics.json') ?? '').topicConfigTable.keys()]
}
