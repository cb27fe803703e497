import { type EncodedProperties, marksOf, ProtocolError, propertyName } from '@rocketmq-ts/protocol'

const timers = ['timerDelaySec', 'timerDelayMs', 'timerDeliverMs'] as const
const unservedMarks = marksOf('transactionPrepared', ...timers)

/**
 * Refuses the kinds of messages that are not served yet, which would otherwise be delivered as ordinary ones.
 * @throws ProtocolError
 */
export function refuseUnservedKinds(properties: EncodedProperties): void {
  // Most messages are of no such kind, which is quickly seen.
  if (!properties.hasAny(unservedMarks)) return
  if (properties.value('transactionPrepared') === 'true') {
    throw new ProtocolError('NO_PERMISSION', 'this broker does not serve transactional messages yet')
  }
  if (Number(properties.value('delayLevel') ?? 0) > 0) return
  const timer = timers.find((name) => properties.has(name))
  if (timer !== undefined) {
    const remark = `this broker does not serve messages of any delay (${propertyName[timer]}) yet: use one of the delay levels (DELAY)`
    throw new ProtocolError('MESSAGE_ILLEGAL', remark)
  }
}
