import { describe, expect, test } from 'vitest'
import { ReceivedMemory } from '../../src/node/received-memory.ts'

const mb = 1024 * 1024

/** Buffers outside the heap, of which some are in use. */
class Memory {
  inUse = 20 * mb
  garbage = 0
  collections = 0
  readonly received = new ReceivedMemory({
    externalBytes: () => this.inUse + this.garbage,
    collect: () => {
      this.collections++
      this.garbage = 0
    },
  })

  read(bytes: number): void {
    this.garbage += bytes
    this.received.came(bytes)
  }
}

describe('the memory of what was received', () => {
  test('is freed before 7 MB of it are garbage, however small the reads are', () => {
    for (const bytes of [100, 64 * 1024, mb]) {
      const memory = new Memory()
      for (let total = 0; total < 100 * mb; total += bytes) {
        memory.read(bytes)
        expect(memory.garbage).toBeLessThan(7 * mb)
      }
      expect(memory.collections).toBeGreaterThan(10)
      expect(memory.collections).toBeLessThan(18)
    }
  })

  test('is left to V8 when that frees it by itself', () => {
    const memory = new Memory()
    for (let reads = 0; reads < 1000; reads++) {
      if (reads % 50 === 0) memory.garbage = 0
      memory.read(64 * 1024)
    }
    expect(memory.collections).toBe(0)
  })

  test('in use is no reason to collect again and again, and what is freed of it later counts anew', () => {
    const memory = new Memory()
    memory.read(mb)
    memory.inUse += 50 * mb
    memory.read(mb)
    expect(memory.collections).toBe(1)
    for (let reads = 0; reads < 5; reads++) memory.read(mb)
    expect(memory.collections).toBe(1)
    memory.inUse -= 50 * mb
    memory.read(mb)
    memory.read(5 * mb)
    expect(memory.collections).toBe(1)
    memory.read(mb)
    expect(memory.collections).toBe(2)
  })
})
