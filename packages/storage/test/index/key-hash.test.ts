import { EncodedProperties, encodeMessageProperties } from '@rocketmq-ts/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { keyHash, keyHashesInto, tagHash, topicPrefixHash } from '../../src/index/key-hash.ts'

const prefix = topicPrefixHash('T')

function hashesOf(properties: Record<string, string>): number[] {
  const hashes = [7, 7, 7]
  keyHashesInto(hashes, prefix, EncodedProperties.ofText(encodeMessageProperties(Object.entries(properties))))
  return hashes
}

describe('what the index knows a message by', () => {
  test('is its unique id, each of its keys, and its tag', () => {
    expect(hashesOf({ UNIQ_KEY: 'id', KEYS: 'k1 k2', TAGS: 'a' })).toEqual([
      keyHash(prefix, 'id'),
      keyHash(prefix, 'k1'),
      keyHash(prefix, 'k2'),
      tagHash(prefix, 'a'),
    ])
    expect(hashesOf({})).toEqual([])
  })

  test('is each of them once', () => {
    expect(hashesOf({ KEYS: 'k k' })).toEqual([keyHash(prefix, 'k')])
    expect(hashesOf({ UNIQ_KEY: 'k', KEYS: 'k other k' })).toEqual([keyHash(prefix, 'k'), keyHash(prefix, 'other')])
  })

  test('is each of many keys once, in the order in which they come first', () => {
    const word = fc.stringMatching(/^[a-c]{1,3}$/)
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 60 }), (words) => {
        expect(hashesOf({ KEYS: words.join(' ') })).toEqual([...new Set(words.map((one) => keyHash(prefix, one)))])
      }),
    )
  })

  test('takes no time that grows with the square of the number of keys', () => {
    const words = Array.from({ length: 6_000 }, (_, index) => index.toString(36))
    const hashes: number[] = []
    const properties = EncodedProperties.ofText(encodeMessageProperties([['KEYS', words.join(' ')]]))
    let looks = 0
    const counted = new Proxy(hashes, {
      get: (target, name) => {
        looks++
        return Reflect.get(target, name)
      },
    })
    keyHashesInto(counted, prefix, properties)
    expect(hashes.length).toBe(new Set(words.map((one) => keyHash(prefix, one))).size)
    expect(looks).toBeLessThan(words.length * 20)
  })
})
