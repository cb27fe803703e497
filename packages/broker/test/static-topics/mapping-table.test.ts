import { CrashableFileSystem, SteppedClock } from '@rocketmq-ts/platform/test-kit'
import { ProtocolError, type TopicQueueMappingDetail } from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import { MappingTable } from '../../src/static-topics/mapping-table.ts'
import { keptAt, recordingLog, settle } from '../kept/config-kit.ts'

const path = '/config/topicQueueMapping.json'

/** As an official broker of 5.5.0 wrote it. */
const officialFile = `{
	"dataVersion":{
		"counter":2,
		"stateVersion":0,
		"timestamp":1795817686499
	},
	"topicQueueMappingInfoMap":{
		"Static":{
			"bname":"broker-a",
			"currIdMap":{},
			"dirty":false,
			"epoch":1795817686469,
			"hostedQueues":{
				0:[
					{
						"bname":"broker-a",
						"endOffset":-1,
						"gen":0,
						"logicOffset":0,
						"queueId":0,
						"startOffset":0,
						"timeOfEnd":-1,
						"timeOfStart":-1
					}
				],
				1:[
					{
						"bname":"broker-a",
						"endOffset":-1,
						"gen":0,
						"logicOffset":0,
						"queueId":1,
						"startOffset":0,
						"timeOfEnd":-1,
						"timeOfStart":-1
					},
					{
						"bname":"broker-b",
						"endOffset":-1,
						"gen":1,
						"logicOffset":10000,
						"queueId":4,
						"startOffset":0,
						"timeOfEnd":-1,
						"timeOfStart":-1
					}
				]
			},
			"scope":"__global__",
			"topic":"Static",
			"totalQueues":2
		}
	}
}`

function open(disk = new CrashableFileSystem(), text?: string) {
  const clock = new SteppedClock(1_800_000_000_000)
  const { log, lines } = recordingLog()
  if (text !== undefined) {
    disk.makeFolder('/config')
    disk.syncFolder('/')
    const file = disk.open(path, 'create')
    file.write(Buffer.from(text), 0)
    file.close()
  }
  const table = new MappingTable(keptAt(path, { clock, log, disk }), 'broker-a')
  const content = () => disk.readFile(path)?.toString('utf8')
  return { table, clock, lines, disk, content }
}

describe('the mappings of a broker', () => {
  test('are read from the file of an official broker, and written as it writes them', () => {
    const { table, content } = open(undefined, officialFile)
    expect(table.size).toBe(1)
    const topic = table.get('Static')!
    expect(topic.led(0)).toHaveLength(1)
    expect(() => topic.led(1)).toThrow(ProtocolError)
    expect(topic.logicalPlace(1, 7)).toEqual({ queueId: 1, queueOffset: 7 })
    table.set('Static', topic.detail)
    table.close()
    const written = officialFile.replace('"counter":2', '"counter":3').replace('1795817686499', '1800000000000')
    expect(content()).toBe(written)
  })

  test('survive a failure of the power once they are secured', async () => {
    const { table, clock, disk } = open(undefined, officialFile)
    const { detail } = table.get('Static')!
    const next: TopicQueueMappingDetail = { ...detail, epoch: detail.epoch + 1000 }
    table.set('Static', table.accepted('Static', next, false))
    const secured = table.secured()
    for (let turn = 0; turn < 20; turn++) {
      clock.advance(50)
      await settle(clock)
    }
    await secured
    disk.crash(7)
    expect(open(disk).table.get('Static')!.detail).toEqual(next)
  })

  test('of topics that do not exist are dropped, and told', () => {
    const { table, lines } = open(undefined, officialFile)
    table.dropUnknown((topic) => topic === 'Static')
    expect(table.isEmpty).toBe(false)
    table.dropUnknown(() => false)
    expect(table.isEmpty).toBe(true)
    expect(lines.map(({ message }) => message).join()).toContain('there is no such topic')
  })

  test('of a damaged file are refused, and the broker does not start with none', () => {
    expect(() => open(undefined, '{"topicQueueMappingInfoMap":{"Static":{"hostedQueues":7}}}')).toThrow(/hostedQueues/)
  })
})
