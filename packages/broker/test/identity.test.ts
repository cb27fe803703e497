import { expect, test } from 'vitest'
import { identityOf } from '../src/identity.ts'
import { readBrokerSettings } from '../src/index.ts'

function identity(brokerIP1: string) {
  const environment = { hostName: 'h', localAddress: '127.0.0.1', homeFolder: '/', variables: {}, processors: 1 }
  return identityOf(readBrokerSettings({ brokerIP1 }, { source: 'test', environment }).values)
}

test('an IPv6 address stands in brackets before the port, as clients split it at the last colon or by them', () => {
  expect(identity('192.0.2.1')).toMatchObject({ brokerAddress: '192.0.2.1:10911', storeHostHex: 'C000020100002A9F' })
  expect(identity('2001:db8::1')).toMatchObject({
    brokerAddress: '[2001:db8::1]:10911',
    storeHostHex: '20010DB800000000000000000000000100002A9F',
  })
})
