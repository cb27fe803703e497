import { encodeHost, recordPosition, sysFlag } from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import { isRecordAt } from '../../src/log/stretch.ts'

/** The smallest record that there is: IPv4 hosts, no body, no properties. */
function smallestRecord(): Buffer {
  const bytes = Buffer.alloc(91)
  bytes.writeInt32BE(bytes.length, recordPosition.totalSize)
  bytes.writeInt32BE(0xdaa320a7 | 0, recordPosition.magic)
  encodeHost('127.0.0.1', 10911).copy(bytes, recordPosition.bornHost)
  return bytes
}

describe('bytes of the log', () => {
  test('are a record when all lengths fit', () => {
    expect(isRecordAt(smallestRecord(), 0)).toBe(true)
  })

  test.each([
    ['the host it was born at', sysFlag.bornHostV6],
    ['both hosts', sysFlag.bornHostV6 | sysFlag.storeHostV6],
  ])('are none when, by damaged flags, the addresses of %s lead out of them', (_, flags) => {
    const bytes = smallestRecord()
    bytes.writeInt32BE(flags, recordPosition.sysFlag)
    expect(isRecordAt(bytes, 0)).toBe(false)
  })
})
