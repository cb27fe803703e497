import { EncodedProperties } from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import { placedByPriority, priorityIn } from '../../src/sending/priority.ts'

const priority = (value: string) => `_SYS_MSG_PRIORITY_\u0001${value}\u0002`

function placed(text: string, queueNums = 4, isRetry = false) {
  const { queueId, properties } = placedByPriority(EncodedProperties.ofText(text), queueNums, isRetry)
  return { queueId, text: properties.text }
}

describe('a priority', () => {
  test.each([
    ['0', 0],
    ['3', 3],
    ['4', 3],
    ['2147483647', 3],
  ])('of %s has the queue %i of four', (value, queueId) => {
    expect(placed(priority(value))).toEqual({ queueId, text: priority(value) })
  })

  test.each(['-1', 'x', '1.5', '2147483648'])('of %s is none', (value) => {
    expect(placed(priority(value)).queueId).toBeUndefined()
    expect(priorityIn(priority(value))).toBeUndefined()
  })

  test.each(['DELAY\u00011', 'TIMER_DELAY_SEC\u00011', 'TRAN_MSG\u0001true', '__SHARDINGKEY\u0001k'])(
    'of a message that is of another kind (%s) goes',
    (kind) => {
      expect(placed(`${priority('2')}${kind}\u0002`)).toEqual({ queueId: undefined, text: `${kind}\u0002` })
    },
  )

  test('of a redelivery stays, though that is delayed', () => {
    const text = `${priority('2')}DELAY\u00013\u0002`
    expect(placed(text, 4, true)).toEqual({ queueId: 2, text })
  })

  test('changes nothing where there is no queue to write to', () => {
    expect(placed(priority('2'), 0).queueId).toBeUndefined()
  })
})
