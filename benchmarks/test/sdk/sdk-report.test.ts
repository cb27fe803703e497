import { describe, expect, test } from 'vitest'
import { formatSdkMarkdown, type SdkRow } from '../../src/sdk/sdk-report.ts'

const machine = { processor: 'P', cores: 2, memoryGb: 24, system: 'S', node: 'v24', java: undefined, heapMb: 1 }
const one: SdkRow = {
  load: 'batched',
  bytes: 128,
  client: 'ours, our broker',
  rate: 320_000,
  p50Ms: 1,
  p99Ms: 6,
  clientMicros: 2,
  serverMicros: 3,
  clientMb: 100,
  serverMb: 200,
}
const other: SdkRow = { ...one, client: 'other', rate: 310_000, p99Ms: 5, clientMicros: 2 }

const verdict = (...rows: SdkRow[]): string => formatSdkMarkdown(machine, rows).split('Goals of ours:\n\n')[1]!

describe('goals of the SDK', () => {
  test('are met by the fastest, cheapest client with a p99 up to a fifth above the shortest', () => {
    expect(verdict(one, other)).toBe(
      '- batched, 128 B: rate 1.03x of the fastest other, at least 300000/s: met; client CPU 1.00x of the cheapest: met; p99 1.20x of the shortest: met\n',
    )
  })

  test('are missed by one that another one exceeds, each for itself', () => {
    const better = { ...other, client: 'third', rate: 330_000, clientMicros: 1.9, p99Ms: 4.9 }
    expect(verdict(one, other, better).match(/missed/g)).toHaveLength(3)
  })

  test('ask for a rate even where no other client comes near', () => {
    expect(verdict({ ...one, rate: 299_000 }, { ...other, rate: 1000 })).toContain('at least 300000/s: missed')
    expect(verdict({ ...one, bytes: 1024, rate: 2000 }, { ...other, bytes: 1024, rate: 1000 })).toContain('other: met')
  })

  test('are not judged without others', () => {
    expect(verdict(one)).toBe('')
  })
})
