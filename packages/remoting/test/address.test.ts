import { expect, test } from 'vitest'
import { formatAddress, parseAddress } from '../src/index.ts'

test.each(['[]:1', ':1', 'host', 'host:', 'host:65536', 'host:1.5'])('%s is no address', (text) => {
  expect(() => parseAddress(text)).toThrow(/is not an address/)
})

test('a host in brackets is one of IPv6', () => {
  expect(parseAddress('[::1]:9876')).toEqual({ host: '::1', port: 9876 })
})

test.each([
  [{ host: '127.0.0.1', port: 9876 }, '127.0.0.1:9876'],
  [{ host: 'a.example', port: 1 }, 'a.example:1'],
  [{ host: '::1', port: 9876 }, '[::1]:9876'],
  [{ host: 'fe80::1%eth0', port: 9876 }, '[fe80::1%eth0]:9876'],
])('%j is written as %s, and read again from it', (address, text) => {
  expect(formatAddress(address)).toBe(text)
  expect(parseAddress(text)).toEqual(address)
})
