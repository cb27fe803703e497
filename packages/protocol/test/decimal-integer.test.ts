import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decimalInteger } from '../src/decimal-integer.ts'
import { commands, ProtocolError } from '../src/index.ts'

const longMax = 2n ** 63n - 1n
const longMin = -(2n ** 63n)

describe('a decimal integer', () => {
  test('is read from the text of every long, and clamped to what is safe', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: longMin, max: longMax }), (value) => {
        const clamped = Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, Number(value)))
        expect(decimalInteger(String(value))).toBe(clamped)
      }),
    )
  })

  test.each([
    ['-0', 0],
    ['+0', 0],
    ['+7', 7],
    ['007', 7],
    ['-007', -7],
    [`${'0'.repeat(100)}7`, 7],
    ['0'.repeat(100), 0],
    ['999999999999999', 999_999_999_999_999],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
    ['9007199254740992', Number.MAX_SAFE_INTEGER],
    ['-9007199254740992', Number.MIN_SAFE_INTEGER],
    ['9223372036854775807', Number.MAX_SAFE_INTEGER],
    ['-9223372036854775808', Number.MIN_SAFE_INTEGER],
  ])('%s is %d', (text, number) => {
    expect(decimalInteger(text)).toBe(number)
  })

  test.each([
    '',
    ' ',
    '-',
    '+',
    '--7',
    '+-7',
    ' 7',
    '7 ',
    '7\n',
    '\u00007',
    '0x10',
    '0b1',
    '0o7',
    '1e3',
    '1E3',
    '7.0',
    '7.',
    '.7',
    '1_000',
    '1,000',
    '7L',
    'NaN',
    'Infinity',
    'null',
    'true',
    '\u0667',
    '\uff17',
    '9223372036854775808',
    '-9223372036854775809',
    '00000000000000000000000000x',
    '1'.repeat(20),
  ])('is not %j', (text) => {
    expect(decimalInteger(text)).toBeNaN()
  })

  test('is what any text is that an integer prints as, and no other text', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 20 }), (text) => {
        expect(Number.isNaN(decimalInteger(text))).toBe(!/^[-+]?[0-9]+$/.test(text))
      }),
    )
  })
})

describe('an integer in a header', () => {
  const { requestCodec } = commands.getMaxOffset
  const pull = commands.updateConsumerOffset.requestCodec

  test.each(['2147483647', '-2147483648', '+7', '007'])('of 32 bits may be %s', (queueId) => {
    expect(requestCodec.decode({ topic: 'T', queueId }).queueId).toBe(Number(queueId))
  })

  test.each(['2147483648', '-2147483649', '9223372036854775807', '', ' 0', '0 ', '0x0', '0e0', '0.0', 'null'])(
    'of 32 bits is refused by its name when it is %j',
    (queueId) => {
      const decode = () => requestCodec.decode({ topic: 'T', queueId })
      expect(decode).toThrow(ProtocolError)
      expect(decode).toThrow(`the header field queueId is "${queueId}", it must be a 32-bit integer`)
    },
  )

  test.each(['9223372036854775808', '-9223372036854775809', '', ' 0', '0x0', '1e3'])(
    'of 64 bits is refused by its name when it is %j',
    (commitOffset) => {
      const decode = () => pull.decode({ consumerGroup: 'G', topic: 'T', queueId: '0', commitOffset })
      expect(decode).toThrow(`the header field commitOffset is "${commitOffset}", it must be a 64-bit integer`)
    },
  )
})
