import { applyUpdate, type Properties, readSettings } from '@rocketmq-ts/settings'
import { expect, test } from 'vitest'
import { exampleEnvironment, exampleTable } from './example-table.ts'

const { values } = readSettings(exampleTable, {}, { source: 'test', environment: exampleEnvironment })

function update(changes: Properties) {
  return applyUpdate(exampleTable, values, changes, { blackList: values.configBlackList })
}

test('a live key changes the values and leaves the old ones as they are', () => {
  const result = update({ deleteWhen: '7' })
  expect(result).toMatchObject({ outcome: 'updated', changedKeys: ['deleteWhen'], restartKeys: [], warnings: [] })
  expect(result.outcome === 'updated' && result.values).toEqual({ ...values, deleteWhen: [7] })
  expect(values.deleteWhen).toEqual([4])
})

test('a key that acts at a restart is named', () => {
  expect(update({ listenPort: '1', traceOn: 'false' })).toMatchObject({
    outcome: 'updated',
    changedKeys: ['listenPort', 'traceOn'],
    restartKeys: ['listenPort'],
  })
})

test('a value equal to the present one is no change', () => {
  expect(update({ listenPort: '10911' })).toMatchObject({ outcome: 'updated', changedKeys: [], restartKeys: [] })
})

test('one black-listed key rejects the whole update', () => {
  expect(update({ storePath: '/x', traceOn: 'false' })).toMatchObject({
    outcome: 'black-listed',
    keys: ['storePath'],
  })
})

test('one bad value rejects the whole update, and the message says what is allowed', () => {
  expect(update(new Map([['traceOn', 'no']]))).toEqual({
    outcome: 'bad-values',
    keys: ['traceOn'],
    message: 'traceOn=no is not possible: allowed is true or false',
  })
})

test('keys without effect are warned of, and the values keep the known ones', () => {
  const result = update({ popPollingSize: '9', traceOm: 'false' })
  expect(result).toMatchObject({ outcome: 'updated', changedKeys: ['popPollingSize'], restartKeys: [] })
  expect(result.outcome === 'updated' && result.warnings).toEqual([
    'update: traceOm is not a known setting and has no effect; did you mean traceOn?',
    'update: popPollingSize=9 has no effect: POP is not served yet',
  ])
})
