import { expect, test } from 'vitest'
import { errorFacts, errorFromFacts } from '../src/cluster/broker-thread-messages.ts'
import { describeError, explainListenError } from '../src/describe-error.ts'
import { UserError } from '../src/user-error.ts'

test('an error made for the user is its message alone', () => {
  expect(describeError(new UserError('choose another port'))).toBe('choose another port')
})

test('any other error comes with its stack and its causes', () => {
  const text = describeError(new Error('broke', { cause: new TypeError('inner') }))
  expect(text).toMatch(/^Error: broke\n +at .*caused by TypeError: inner\n/s)
})

test('an error keeps on another thread what the user reads', () => {
  const passed = errorFromFacts(structuredClone(errorFacts(new UserError('choose another port'))))
  expect(describeError(passed)).toBe('choose another port')
})

test.each([
  ['EADDRINUSE', 'port 9876 is taken by another program; choose another with -p'],
  ['EACCES', 'port 9876 may not be opened by this user; choose another with -p'],
])('%s names the port and the option', (code, message) => {
  const error = explainListenError(Object.assign(new Error('listen'), { code }), 9876, 'choose another with -p')
  expect(error).toBeInstanceOf(UserError)
  expect((error as Error).message).toBe(message)
})

test('other errors of a start stay what they are', () => {
  const error = Object.assign(new Error('disk full'), { code: 'ENOSPC' })
  expect(explainListenError(error, 9876, '')).toBe(error)
})
