import { findMessageProperty, ProtocolError, propertyName } from '@rocketmq-ts/protocol'

const timerProperties = [propertyName.timerDelaySec, propertyName.timerDelayMs, propertyName.timerDeliverMs] as const

/**
 * Refuses the kinds of messages that are not served yet, which would otherwise be delivered as ordinary ones.
 * @throws ProtocolError
 */
export function refuseUnservedKinds(properties: string): void {
  if (findMessageProperty(properties, propertyName.transactionPrepared) === 'true') {
    throw new ProtocolError('NO_PERMISSION', 'this broker does not serve transactional messages yet')
  }
  if (Number(findMessageProperty(properties, propertyName.delayLevel) ?? 0) > 0) return
  const timer = timerProperties.find((name) => findMessageProperty(properties, name) !== undefined)
  if (timer !== undefined) {
    const remark = `this broker does not serve messages of any delay (${timer}) yet: use one of the delay levels (DELAY)`
    throw new ProtocolError('MESSAGE_ILLEGAL', remark)
  }
}
