import { describe, expect, it } from 'vitest'
import { clusterRates, groupRates, namedRate, onlyKeys, sortedRoute, statusRates } from '../mqadmin/normalise.ts'

const status = [
  'brokerVersionDesc               : V5_5_0',
  'commitLogDirCapacity            : Total : 252.0 GiB, Free : 239.3 GiB.',
  'msgPutTotalTodayNow             : 6',
  'putTps                          : 0.0 0.29986006530285864 ',
  'runtime                         : [ 0 days, 0 hours, 0 minutes, 26 seconds ]',
].join('\n')

describe('the normalisation of what mqadmin prints', () => {
  it('sees no difference in rates, durations and sizes of the disk', () => {
    const later = status
      .replace('0.0 0.29986006530285864 ', '1.5  ')
      .replace('26 seconds', '3 seconds')
      .replace('239.3', '17.25')
    expect(later).not.toBe(status)
    expect(statusRates(later)).toBe(statusRates(status))
  })

  it('sees a missing key', () => {
    for (const line of status.split('\n')) {
      expect(statusRates(status.replace(line, ''))).not.toBe(statusRates(status))
    }
  })

  it('sees another count, and a rate or a duration of another form', () => {
    for (const [from, to] of [
      ['Now             : 6', 'Now             : 7'],
      ['0.0 0.29986006530285864 ', 'NaN'],
      ['26 seconds ]', '26 s ]'],
      ['GiB', 'GB'],
    ] as const) {
      const other = status.replace(from, to)
      expect(other).not.toBe(status)
      expect(statusRates(other)).not.toBe(statusRates(status))
    }
  })

  it('keeps version, queue loads, timer and activation of a row of clusterList', () => {
    const row =
      'DefaultCluster  broker-a  0  <broker-a>  V5_5_0  0.60(0,0ms)   12.75(0,0ms|0,0ms)  0-0(0.0w, 0.0, 0.0)   0  0.00  0.1400   true'
    expect(clusterRates(row.replace('0.60(', '113.20(').replace('0.1400', '0.9100'))).toBe(clusterRates(row))
    for (const [from, to] of [
      ['V5_5_0', 'V5_4_0'],
      ['true', 'false'],
      ['|0,0ms', ''],
      ['0-0(', '('],
    ] as const) {
      expect(clusterRates(row.replace(from, to))).not.toBe(clusterRates(row))
    }
  })

  it('hides the TPS of groups and topics, not what is beside it', () => {
    const row = 'compare-group  1  V5_5_0  PUSH  CLUSTERING      3        0'
    expect(groupRates(row.replace('      3 ', '      0 '))).toBe(groupRates(row))
    expect(groupRates(row.replace(/0$/, '5'))).not.toBe(groupRates(row))
    expect(namedRate('Consume TPS: 0.60\nConsume Diff Total: 0')).toBe('Consume TPS: <rate>\nConsume Diff Total: 0')
  })

  it('orders the brokers of a route and keeps all its fields', () => {
    const route = (names: string[], perm: number): string =>
      `{\n\t"brokerDatas":[${names.map((name) => `{"brokerAddrs":{\n0:"<${name}>"\n},"brokerName":"${name}"}`)}],\n\t"queueDatas":[${names.map((name) => `{"brokerName":"${name}","perm":${perm}}`)}]\n}`
    expect(sortedRoute(route(['a', 'b'], 6))).toBe(sortedRoute(route(['b', 'a'], 6)))
    expect(sortedRoute(route(['a', 'b'], 6))).not.toBe(sortedRoute(route(['a', 'b'], 4)))
    expect(sortedRoute(route(['a', 'b'], 6))).not.toBe(sortedRoute(route(['a'], 6)))
  })

  it('shows that a key of a configuration is missing', () => {
    const text = '====<broker-a>====\nbrokerId   =  0\nother  =  1'
    expect(onlyKeys('brokerId')(text)).toBe('====<broker-a>====\nbrokerId   =  0')
    expect(onlyKeys('brokerId', 'other')(text)).not.toBe(onlyKeys('brokerId')(text))
  })
})
