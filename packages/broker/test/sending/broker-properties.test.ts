import { decodeMessageProperties } from '@rocketmq-ts/protocol'
import { expect, test } from 'vitest'
import { BrokerProperties } from '../../src/sending/broker-properties.ts'

const settings = { regionId: 'DefaultRegion', traceOn: true }
const added = [
  ['MSG_REGION', 'DefaultRegion'],
  ['TRACE_ON', 'true'],
  ['CLUSTER', 'c'],
] as const

test.each([
  ['', {}],
  ['KEYS\u0001k\u0002', { KEYS: 'k' }],
  ['KEYS\u0001k', { KEYS: 'k' }],
  ['KEYS\u0001CLUSTER\u0002MY_CLUSTER\u0001x\u0002', { KEYS: 'CLUSTER', MY_CLUSTER: 'x' }],
  ['CLUSTER\u0001forged\u0002TRACE_ON\u0001false\u0002TAGS\u0001t\u0002', { TAGS: 't' }],
])('%j gets the properties of the broker, in place of what was sent under their names', (text, others) => {
  const broker = new BrokerProperties('c')
  const properties = broker.addTo(broker.encode(text), settings)
  expect(decodeMessageProperties(properties.text)).toEqual(new Map([...Object.entries(others), ...added]))
})

test('they follow the settings', () => {
  const broker = new BrokerProperties('c')
  expect(broker.addTo(broker.encode(''), settings).text).toContain('DefaultRegion')
  expect(broker.addTo(broker.encode(''), { regionId: 'r2', traceOn: false }).text).toBe(
    'MSG_REGION\u0001r2\u0002TRACE_ON\u0001false\u0002CLUSTER\u0001c\u0002',
  )
})
