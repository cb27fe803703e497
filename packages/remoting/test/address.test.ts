import { expect, test } from 'vitest'
import { parseAddress } from '../src/index.ts'

test.each(['[]:1', ':1', 'host', 'host:', 'host:65536', 'host:1.5'])('%s is no address', (text) => {
  expect(() => parseAddress(text)).toThrow(/is not an address/)
})

test('a host in brackets is one of IPv6', () => {
  expect(parseAddress('[::1]:9876')).toEqual({ host: '::1', port: 9876 })
})
