import { commands, ProtocolError } from '@rocketmq-ts/protocol'
import { describe, expect, test } from 'vitest'
import { type PullParts, pullMessage } from '../../src/reading/handlers/pull-message.ts'
import { ask } from '../call-kit.ts'

/** The broker's permission is the first thing that is looked at behind the fields. */
const permissionAsked = new ProtocolError('NO_PERMISSION', 'looked at')
const parts = {
  brokerPermission(): number {
    throw permissionAsked
  },
} as Partial<PullParts> as PullParts

const needed = { consumerGroup: 'G', topic: 'T', queueId: '0', queueOffset: '0', maxMsgNums: '1' }

function pull(fields: Record<string, string>) {
  return ask(pullMessage(parts), commands.pullMessage.requestCodec.decode({ ...needed, ...fields }))
}

describe('a pull', () => {
  test.each([
    ['commitOffset', { sysFlag: '1' }],
    ['commitOffset', { sysFlag: '3', suspendTimeoutMillis: '5' }],
    ['suspendTimeoutMillis', { sysFlag: '2' }],
    ['suspendTimeoutMillis', { sysFlag: '3', commitOffset: '5' }],
  ])('without %s is refused when its sysFlag asks for that: %j', async (field, fields) => {
    const remark = `the header field ${field} is missing: sysFlag asks for it`
    expect(await pull(fields)).toMatchObject({ code: 29, remark })
  })

  test.each<Record<string, string>>([
    { sysFlag: '0' },
    { sysFlag: '4' },
    { sysFlag: '3', commitOffset: '0', suspendTimeoutMillis: '0' },
  ])('is taken with %j', async (fields) => {
    expect(await pull(fields)).toMatchObject({ code: 16, remark: 'looked at' })
  })
})
