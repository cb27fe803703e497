import { ProtocolError, propertiesBytesMax } from '@rocketmq-ts/protocol'

/** @throws ProtocolError MESSAGE_ILLEGAL naming the limit and what to do */
export function checkSizes(bodyBytes: number, bodyBytesMax: number, propertiesBytes: number): void {
  if (bodyBytes > bodyBytesMax) {
    const advice = 'send a smaller message, or raise maxMessageSize of the broker'
    throw new ProtocolError('MESSAGE_ILLEGAL', `a body of ${bodyBytes} bytes is over ${bodyBytesMax}: ${advice}`)
  }
  if (propertiesBytes > propertiesBytesMax) {
    const remark = `properties of ${propertiesBytes} bytes are over ${propertiesBytesMax}: send fewer or shorter ones`
    throw new ProtocolError('MESSAGE_ILLEGAL', remark)
  }
}
