import { ProtocolError } from '@rocketmq-ts/protocol'

/** @throws ProtocolError for subscriptions that are not by tags, which an empty type stands for too */
export function refuseUnservedFilter(expressionType: string): void {
  if (expressionType === 'TAG' || expressionType === '') return
  const remark = 'The broker does not support consumer to filter message by SQL92: subscribe by tags'
  throw new ProtocolError('SYSTEM_ERROR', remark)
}
