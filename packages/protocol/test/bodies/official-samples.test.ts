import { describe, expect, test } from 'vitest'
import { parseJson } from '../../src/json/index.ts'
import { liveSamples, serializedSamples, unorderedSample } from './official-samples.ts'

describe.each([
  ['serializers of the official jars', serializedSamples],
  ['live official servers', liveSamples],
])('bodies of the %s', (_, samples) => {
  test.each(samples)('$name is read whole and written byte for byte', ({ text, rewrite }) => {
    expect(rewrite(text)).toBe(text)
  })
})

test('the order of integer keys has no meaning', () => {
  const { text, rewrite } = unorderedSample
  expect(parseJson(rewrite(text))).toEqual(parseJson(text))
})
