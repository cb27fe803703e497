/** Transactional messages. */
import { defineCommand } from '../define-command.ts'
import { bool, i32, i64, optional, rpcFields, str, withDefault } from '../fields.ts'

export const checkTransactionState = defineCommand({
  code: 39,
  name: 'CHECK_TRANSACTION_STATE',
  from: ['broker'],
  to: ['client'],
  request: {
    topic: optional(str),
    tranStateTableOffset: i64,
    commitLogOffset: i64,
    msgId: optional(str),
    transactionId: optional(str),
    offsetMsgId: optional(str),
    ...rpcFields,
  },
  response: {},
  requestBody: 'half message as one commit-log record (real topic restored)',
})

export const endTransaction = defineCommand({
  code: 37,
  name: 'END_TRANSACTION',
  from: ['client'],
  to: ['broker'],
  request: {
    topic: optional(str),
    producerGroup: str,
    tranStateTableOffset: i64,
    commitLogOffset: i64,
    commitOrRollback: i32,
    fromTransactionCheck: withDefault(bool, false),
    msgId: str,
    transactionId: optional(str),
    ...rpcFields,
  },
  response: {},
})

export const resumeCheckHalfMessage = defineCommand({
  code: 323,
  name: 'RESUME_CHECK_HALF_MESSAGE',
  from: ['admin'],
  to: ['broker'],
  request: { topic: optional(str), msgId: optional(str) },
  response: {},
})
