import { ProtocolError, propertyName, propertyReader } from '@rocketmq-ts/protocol'

const timerNames = [propertyName.timerDelaySec, propertyName.timerDelayMs, propertyName.timerDeliverMs] as const
const readKind = propertyReader([propertyName.transactionPrepared, propertyName.delayLevel, ...timerNames])

/**
 * Refuses the kinds of messages that are not served yet, which would otherwise be delivered as ordinary ones.
 * @throws ProtocolError
 */
export function refuseUnservedKinds(properties: string): void {
  // Most messages are of no such kind, which is quickly seen.
  if (!properties.includes('TRAN_MSG') && !properties.includes('TIMER_DEL')) return
  const [transactionPrepared, delayLevel, ...timers] = readKind(properties)
  if (transactionPrepared === 'true') {
    throw new ProtocolError('NO_PERMISSION', 'this broker does not serve transactional messages yet')
  }
  if (Number(delayLevel ?? 0) > 0) return
  const timer = timers.findIndex((value) => value !== undefined)
  if (timer >= 0) {
    const remark = `this broker does not serve messages of any delay (${timerNames[timer]}) yet: use one of the delay levels (DELAY)`
    throw new ProtocolError('MESSAGE_ILLEGAL', remark)
  }
}
