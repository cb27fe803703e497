import { SteppedClock } from '@rocketmq-ts/platform/test-kit'
import { describe, expect, test } from 'vitest'
import { SegmentSizeError } from '../../src/index.ts'
import { diskWith, open, storeFiles } from '../fuzz/store-snapshot.ts'

describe('a file of the log', () => {
  test.each(['commitlog/00010000000000049152', 'commitlog/99999999999999999999'])(
    'with a name beyond what can be counted exactly (%s) is left alone or refused, in bounded time',
    (name) => {
      const clock = new SteppedClock()
      const disk = diskWith([...storeFiles('closed'), [`/store/${name}`, Buffer.alloc(0)]], clock)
      try {
        expect(open(disk, clock).maxOffset('T', 0)).toBe(18)
      } catch (error) {
        expect(error).toBeInstanceOf(SegmentSizeError)
      }
    },
  )
})
