import { describe, expect, test } from 'vitest'
import { isLoopback, resolvedAddresses, resolveHost, warnOfAdvertised } from '../src/addresses.ts'
import { noProperties, withOverrides } from '../src/sourced-properties.ts'

const conf = (values: Record<string, string>) => withOverrides(noProperties, values, 'b.conf:1')

test.each([
  ['127.0.0.1', true],
  ['127.1.2.3', true],
  ['::1', true],
  ['localhost', true],
  ['127.example.org', false],
  ['192.0.2.1', false],
  ['0.0.0.0', false],
])('%s is for this machine alone: %s', (host, expected) => {
  expect(isLoopback(host)).toBe(expected)
})

test('a name becomes its address', async () => {
  expect(await resolveHost('localhost', '--host')).toBe('127.0.0.1')
  expect(await resolveHost('[::1]', '--host')).toBe('::1')
  await expect(resolveHost('nowhere.invalid', '--host')).rejects.toThrow(/^--host=nowhere.invalid is not possible/)
})

describe('the address given to clients', () => {
  test('is the one that belongs to the name in the file', async () => {
    expect(await resolvedAddresses(conf({ brokerIP1: ' localhost ', brokerName: 'a' }))).toEqual({
      brokerIP1: '127.0.0.1',
    })
  })

  test.each(['0.0.0.0', '::', '[::]'])('cannot be %s', async (brokerIP1) => {
    await expect(resolvedAddresses(conf({ brokerIP1 }))).rejects.toThrow(
      /^b.conf:1: brokerIP1=.* is not possible: clients cannot connect to it/,
    )
  })

  test('is warned of when the name server is elsewhere and the address is for this machine alone', async () => {
    expect(await warnOfAdvertised('127.0.0.1', '0.0.0.0', ['127.0.0.1:9876', '192.0.2.1:9876'])).toBe(
      'clients of 192.0.2.1:9876 are given brokerIP1=127.0.0.1, which is their own machine: set brokerIP1 to the address by which they reach this one',
    )
    expect(await warnOfAdvertised('127.0.0.1', '0.0.0.0', ['localhost:9876', '[::1]:9876'])).toBeUndefined()
    expect(await warnOfAdvertised('127.0.0.1', '0.0.0.0', ['nowhere.invalid:9876'])).toContain('nowhere.invalid')
    expect(await warnOfAdvertised('192.0.2.7', '0.0.0.0', ['192.0.2.1:9876'])).toBeUndefined()
  })

  test('is warned of when nobody listens there', async () => {
    expect(await warnOfAdvertised('192.0.2.7', '127.0.0.1', [])).toContain('listens at 127.0.0.1 only')
  })
})
