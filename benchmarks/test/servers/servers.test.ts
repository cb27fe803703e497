import { expect, test } from 'vitest'
import { flagArguments } from '../../src/load/generator.ts'
import { parseProgramReport } from '../../src/measure/measure-official-program.ts'
import { officialHeapMb } from '../../src/servers/launch.ts'
import { parseProcessUsage, readProcessUsage } from '../../src/servers/process-usage.ts'
import { topicsText } from '../../src/servers/topics-file.ts'

test('processor time is read behind a process name with spaces and brackets', () => {
  const stat = '42 (a) b (c)) S 1 42 42 0 -1 4194560 100 0 0 0 250 75 0 0 20 0 11 0 100 1000 200'
  const status = 'Name:\tx\nVmRSS:\t   2048 kB\nRssAnon:\t    1024 kB\nRssFile:\t 1024 kB\n'
  expect(parseProcessUsage(stat, status)).toEqual({
    cpuSeconds: 3.25,
    rssBytes: 2048 * 1024,
    anonymousBytes: 1024 * 1024,
  })
})

test('a process that is not there has used nothing that is known', () => {
  expect(readProcessUsage(2 ** 30)).toBeUndefined()
})

test('topics of a set-up are numbered when there are several', () => {
  const text = topicsText(
    [
      { name: 'One', count: 1, queues: 4 },
      { name: 'Many', count: 2, queues: 8 },
    ],
    5,
  )
  const { topicConfigTable, dataVersion } = JSON.parse(text)
  expect(Object.keys(topicConfigTable)).toEqual(['One', 'Many0', 'Many1'])
  expect(topicConfigTable.Many1).toMatchObject({ topicName: 'Many1', readQueueNums: 8, writeQueueNums: 8, perm: 6 })
  expect(dataVersion.timestamp).toBe(5)
})

test('the official broker gets 4 GiB, and a third of a small machine', () => {
  expect([officialHeapMb(32e9), officialHeapMb(6 * 2 ** 30)]).toEqual([4096, 2048])
})

test('flags become arguments, those without a value alone', () => {
  expect(flagArguments({ topic: 'T', rate: 5, 'one-way': true })).toEqual(['-topic=T', '-rate=5', '-one-way'])
})

test('reports of the official programs are read, in messages also for batches', () => {
  const single =
    'Current Time: 2026-01-01 20:52:45,005 | Send TPS: 4444 | Max RT(ms): 289 | Average RT(ms):   0.224 | Send Failed: 3 | Response Failed: 0'
  const batch =
    'Current Time: 2026-01-01 20:53:02,001 | Send TPS: 2269 | Send MPS: 36311 | Max RT(ms): 425 | Average RT(ms):   0.454 | Average Message RT(ms):   0.028 | Send Failed: 0 | Send Message Failed: 0'
  expect(parseProgramReport(single)).toEqual({ messagesPerSecond: 4444, meanMs: 0.224, failed: 3 })
  expect(parseProgramReport(batch)).toEqual({ messagesPerSecond: 36311, meanMs: 0.454, failed: 0 })
  expect(parseProgramReport('topic: BenchmarkTest, threadCount: 1')).toBeUndefined()
})
