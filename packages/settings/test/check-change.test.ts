import { checkChange, readSettings } from '@rocketmq-ts/settings'
import { describe, expect, test } from 'vitest'
import { exampleEnvironment, exampleRules, exampleTable } from './example-table.ts'

const { values } = readSettings(exampleTable, {}, { source: 'test', environment: exampleEnvironment })
const before = { current: values, next: values }

function check(body: string, from = before) {
  return checkChange(exampleRules, from, Buffer.from(body))
}

function taken(body: string, from = before) {
  const change = check(body, from)
  if (change.outcome !== 'taken') throw new Error(change.remark)
  return change
}

describe('a change', () => {
  test('of a live key is in force, and leaves the old values as they are', () => {
    const change = taken('deleteWhen=7')
    expect(change).toMatchObject({ changedKeys: ['deleteWhen'], restartKeys: [], notes: [] })
    expect(change.values).toEqual({
      current: { ...values, deleteWhen: [7] },
      next: { ...values, deleteWhen: [7] },
    })
    expect(change.given).toEqual(new Map([['deleteWhen', '07']]))
    expect(values.deleteWhen).toEqual([4])
  })

  test('of a key that needs a restart is not in force before it', () => {
    const change = taken('listenPort=1\ntraceOn=false')
    expect(change).toMatchObject({ changedKeys: ['listenPort', 'traceOn'], restartKeys: ['listenPort'] })
    expect(change.values.current).toEqual({ ...values, traceOn: false })
    expect(change.values.next).toEqual({ ...values, traceOn: false, listenPort: 1 })
  })

  test('back to what is in force waits for nothing any more', () => {
    const first = taken('listenPort=1')
    const back = taken('listenPort=10911', first.values)
    expect(back).toMatchObject({ changedKeys: ['listenPort'], restartKeys: [], values: before })
  })

  test('to the same value changes nothing, and is given all the same', () => {
    const change = taken('listenPort=10911')
    expect(change).toMatchObject({ changedKeys: [], restartKeys: [] })
    expect([...change.given]).toEqual([['listenPort', '10911']])
  })

  test('of a key without effect to the value that it has is no change', () => {
    expect([...taken('popPollingSize=1024\nuseTLS=false\nfileSize=1000\nbrokerName=machine-1').given]).toEqual([])
  })

  test('beyond a limit that is taken instead says so', () => {
    const change = taken('registerNameServerPeriod=5')
    expect(change.values.current.registerNameServerPeriod).toBe(10_000)
    expect(change.notes).toEqual([expect.stringContaining('registerNameServerPeriod=5 is beyond what is allowed')])
  })

  test('is settled as at a start, and says so', () => {
    const change = taken('ratio=0.95')
    expect([change.values.current.ratio, change.notes]).toEqual([0.9, ['ratio=0.95: 0.9 is used']])
    expect(change.given.get('ratio')).toBe('0.9')
  })

  test('that is settled back to what it was is refused', () => {
    const { values: settled } = taken('ratio=0.9')
    expect(check('ratio=0.95', settled)).toMatchObject({
      outcome: 'refused',
      remark: 'ratio=0.95 is not possible: ratio=0.95: 0.9 is used',
    })
  })
})

describe('refused, with key, value and what is allowed, and with it the whole change, is', () => {
  test.each([
    ['traceOn=no', 'traceOn=no is not possible: allowed is true or false'],
    ['traceOm=false', 'traceOm=false is not possible: there is no setting of this name; did you mean traceOn?'],
    ['xyzzyplugh=1', 'xyzzyplugh=1 is not possible: there is no setting of this name; getBrokerConfig and getNamesrv'],
    ['constructor=1', 'constructor=1 is not possible: there is no setting of this name'],
    ['__proto__=1', '__proto__=1 is not possible: there is no setting of this name'],
    ['popPollingSize=9', 'popPollingSize=9 is not possible: it would have no effect, since POP is not served yet'],
    ['useTLS=true', 'useTLS=true is not possible: it is a setting of RocketMQ that has no effect here'],
    ['fileSize=9', 'fileSize=9 is not possible: the files are laid out by it'],
    ['brokerName=b', 'brokerName=b is not possible: --name decides about it at each start'],
    ['role=SLAVE', 'role=SLAVE is not possible (replication is not served yet): allowed is one of ASYNC_MASTER'],
    ['listenPort=', 'listenPort= is not possible: allowed is a whole number from 0 to 65535'],
    ['listenPort', 'listenPort= is not possible'],
    ['listenPort=65536', 'listenPort=65536 is not possible'],
    ['listenPort=-1', 'listenPort=-1 is not possible'],
    ['listenPort=1e3', 'listenPort=1e3 is not possible'],
    ['listenPort=0x10', 'listenPort=0x10 is not possible'],
    ['listenPort=１', 'listenPort=１ is not possible'],
    ['listen Port=1', 'listen=Port=1 is not possible: there is no setting of this name'],
    ['listen\\ Port=1', 'listen Port=1 is not possible: there is no setting of this name; did you mean listenPort?'],
    ['=1', 'line 1 has no key: a change is written key=value'],
    ['listenPort=1\nlistenPort=2', 'listenPort=1 and listenPort=2 are given: name each key once'],
    ['note=\\u12', 'the body is not a .properties text'],
    ['note=a\\nb', 'note=a\\u000ab is not possible: allowed is text on one line, without control characters'],
    ['note=\\ud800', 'note=\\ud800 is not possible'],
    [`note\u001b[31m=${'x'.repeat(100_000)}`, 'note\\u001b[31m=xxx'],
    [`${'x'.repeat(100_000)}=1`, 'xxx'],
    ['x'.repeat(300_000), 'the body has 300013 bytes: a change of settings has at most 262144'],
    [Array.from({ length: 1001 }, (_, each) => `k${each}=1`).join('\n'), '1002 keys are given'],
  ])('%#: %.40s', (body, remark) => {
    const change = check(`deleteWhen=7\n${body}`)
    expect(change).toMatchObject({ outcome: 'refused', code: 'INVALID_PARAMETER' })
    if (change.outcome !== 'refused') return
    expect(change.remark.replace(/^line 2/, 'line 1')).toContain(remark.slice(0, 100))
    expect(change.remark.length).toBeLessThan(700)
  })

  test('a key on the black list', () => {
    expect(check('storePath=/x\ntraceOn=false')).toMatchObject({ outcome: 'refused', code: 'NO_PERMISSION' })
  })

  test('a hundred thousand keys, at once', () => {
    const body = Array.from({ length: 100_000 }, (_, each) => `key${each}=1`).join('\n')
    expect(check(body)).toMatchObject({ outcome: 'refused', remark: expect.stringContaining('bytes') })
  })

  test('the first few problems of many', () => {
    const change = check(Array.from({ length: 900 }, (_, each) => `key${each}=1`).join('\n'))
    expect(change.outcome === 'refused' && change.remark.split('; ').length).toBeLessThan(12)
  })
})

test('values are read as .properties have them: escapes, CRLF, letters of any language', () => {
  expect(taken('note = \\u8ba2 单\r\n  traceOn:FALSE\r\n').values.current).toMatchObject({
    note: '订 单',
    traceOn: false,
  })
})
