import { describe, expect, test } from 'vitest'
import { TraceBatch, type TraceStep } from '../../src/index.ts'

function step(messageId: string, keys = ''): TraceStep {
  return { kind: 'handling', regionId: 'r', group: 'g', messageId, keys, requestId: 'q', retries: 0 }
}

describe('a batch of traces', () => {
  test('is found by the ids and keys of all its messages, each once', () => {
    const batch = new TraceBatch()
    batch.add(step('a', 'k1 k2'), 1)
    batch.add(step('a', 'k2'), 2)
    batch.add(step('b'), 3)
    const { body, keys } = batch.take()!
    expect(keys).toBe('a k1 k2 b')
    expect(body.split('\u0002')).toHaveLength(4)
    expect(batch.take()).toBeUndefined()
  })

  test('is given out before it is larger than a message of traces may be, and loses no step', () => {
    const batch = new TraceBatch()
    const given: string[] = []
    for (let number = 0; number < 5000; number++) {
      const full = batch.add(step(`id-${number}`, 'k'.repeat(30)), 1)
      if (full !== undefined) given.push(full.body)
    }
    given.push(batch.take()!.body)
    for (const body of given) expect(Buffer.byteLength(body)).toBeLessThanOrEqual(128_000)
    expect(given.join('').split('\u0002')).toHaveLength(5001)
  })

  test('has keys that properties can hold, whatever a message says of itself', () => {
    const batch = new TraceBatch()
    batch.add(step('a\u0001b', 'k1\u0002k2 \u0001'), 1)
    expect(batch.take()!.keys).toBe('a b k1 k2')
  })

  test('fits into properties when the keys of one message are as many as those may be', () => {
    // Three bytes a character.
    const many = Array.from({ length: 800 }, (_, number) => `${'\u4e00'.repeat(13)}${number}`)
    const batch = new TraceBatch()
    batch.add(step('the-id', many.join(' ')), 1)
    const { body, keys } = batch.take()!
    expect(keys).toMatch(/^the-id \u4e00{13}0 .*\u4e00{13}\d+$/)
    expect(Buffer.byteLength(keys)).toBeLessThanOrEqual(24_000)
    expect(Buffer.byteLength(keys)).toBeGreaterThan(23_900)
    expect(body.split('\u0002')).toHaveLength(2)
  })
})
