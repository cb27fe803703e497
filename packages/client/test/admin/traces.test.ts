import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeTraces } from '../../src/index.ts'

const bornHost = '10.0.0.7:4711'
const decode = (...records: string[][]) =>
  decodeTraces({ bornHost, body: Buffer.from(records.map((fields) => `${fields.join('\u0001')}\u0002`).join('')) })

describe('traces', () => {
  test('tell who sent a message, with and without the id of its place', () => {
    const fields = [
      'Pub',
      '1700000000000',
      'region',
      'shop',
      'orders',
      'ID1',
      'new',
      'k1 k2',
      '10.0.0.1:10911',
      '5',
      '3',
      '0',
    ]
    const expected = {
      kind: 'sent',
      timestamp: 1_700_000_000_000,
      group: 'shop',
      topic: 'orders',
      messageId: 'ID1',
      tag: 'new',
      keys: 'k1 k2',
      clientHost: '10.0.0.7',
      storeHost: '10.0.0.1:10911',
      costMs: 3,
      succeeded: true,
    }
    expect(decode([...fields, 'OFFSETID', 'true'], [...fields, 'false'])).toMatchObject([
      expected,
      { ...expected, succeeded: false },
    ])
  })

  test('tell who received and handled it, joined by the request', () => {
    expect(
      decode(
        ['SubBefore', '1700000000000', 'null', 'mailer', 'R1', 'ID1', '2', 'null'],
        ['SubAfter', 'R1', 'ID1', '40', 'false', '', '4', '1700000000050', 'mailer'],
        ['SubAfter', 'R1', 'ID1', '40', 'true', ''],
      ),
    ).toMatchObject([
      { kind: 'received', group: 'mailer', requestId: 'R1', attempt: 3, keys: undefined },
      { kind: 'handled', group: 'mailer', requestId: 'R1', costMs: 40, succeeded: false, timestamp: 1_700_000_000_050 },
      { kind: 'handled', group: '', succeeded: true, timestamp: undefined },
    ])
  })

  test('tell of ends of transactions and of recalls, and pass over what nobody knows', () => {
    expect(
      decode(
        [
          'EndTransaction',
          '1',
          'r',
          'shop',
          'orders',
          'ID1',
          'null',
          'null',
          'h:1',
          '2',
          'TX',
          'COMMIT_MESSAGE',
          'false',
        ],
        ['Recall', '1', 'r', 'shop', 'orders', 'ID1', 'true'],
        ['Unheard', 'of'],
        [],
      ),
    ).toMatchObject([
      { kind: 'transactionEnded', transactionState: 'COMMIT_MESSAGE', tag: undefined },
      { kind: 'recalled', succeeded: true },
    ])
  })

  test('of any bytes can be read', () => {
    fc.assert(fc.property(fc.uint8Array(), (body) => void decodeTraces({ bornHost, body: Buffer.from(body) })))
    const words = fc.constantFrom('Pub', 'SubBefore', 'SubAfter', 'EndTransaction', 'Recall', '', 'null', '1', 'x')
    fc.assert(fc.property(fc.array(words), (fields) => void decode(fields)))
  })
})
