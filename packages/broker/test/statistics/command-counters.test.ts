import { expect, test } from 'vitest'
import { CommandCounters } from '../../src/statistics/command-counters.ts'

test('requests are counted by the name of their command, with those that nobody knows as one', () => {
  const counters = new CommandCounters()
  expect(counters.figures()).toEqual({})
  counters.observer(310, 0, 2, 100, 50)
  counters.observer(310, 13, 5, 10, 20)
  for (const code of [-1, 65_535, Number.NaN]) counters.observer(code, 3, 1, 1, 1)
  expect(counters.figures()).toEqual({
    SEND_MESSAGE_V2: { requests: 2, refusals: 1, durationMs: 7, durationMsMax: 5, bytesIn: 110, bytesOut: 70 },
    unknown: { requests: 3, refusals: 3, durationMs: 3, durationMsMax: 1, bytesIn: 3, bytesOut: 3 },
  })
})
