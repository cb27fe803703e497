import { decodeMessageProperties, EncodedProperties } from '@rocketmq-ts/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { timedPlace, withShared } from '../../src/intake/timed-properties.ts'

/** So many that what was used lately is given up again and again. */
const placeArbitrary = fc.record({
  outMs: fc.integer({ min: 0, max: 40 }).map((second) => 1_700_000_000_000 + second * 1000),
  topic: fc.constantFrom('T', 'Orders', 'TIMER_OUT_MS', '订单'),
  queueId: fc.integer({ min: 0, max: 3 }),
})
const name = fc.constantFrom('KEYS', 'a', 'TIMER_OUT_MS', 'REAL_TOPIC', 'REAL_QID', 'XREAL_QID')
const pairArbitrary = fc.tuple(name, fc.constantFrom('1', 'x y', '订单')).map(([key, value]) => `${key}\u0001${value}`)
/** The separator behind the last one may be left out. */
const textArbitrary = fc
  .tuple(fc.array(pairArbitrary, { maxLength: 4 }), fc.constantFrom('\u0002', ''))
  .map(([pairs, end]) => (pairs.length === 0 ? '' : pairs.join('\u0002') + end))

test('a message says once where it belongs and when it is due, whatever it said before', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(textArbitrary, placeArbitrary), { maxLength: 20 }), (messages) => {
      for (const [text, { outMs, topic, queueId }] of messages) {
        const before = EncodedProperties.ofText(text)
        const { text: after } = withShared(before, timedPlace(outMs, topic, queueId))
        const expected = decodeMessageProperties(text)
        expected.set('TIMER_OUT_MS', String(outMs)).set('REAL_TOPIC', topic).set('REAL_QID', String(queueId))
        expect(decodeMessageProperties(after)).toEqual(expected)
        for (const once of ['TIMER_OUT_MS', 'REAL_TOPIC', 'REAL_QID']) {
          const said = after.split('\u0002').filter((pair) => pair.startsWith(`${once}\u0001`))
          expect(said).toHaveLength(1)
        }
        expect(before.text).toBe(text)
      }
    }),
  )
})
