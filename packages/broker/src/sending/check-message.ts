import { ProtocolError, propertiesBytesMax } from '@rocketmq-ts/protocol'

/** @throws ProtocolError MESSAGE_ILLEGAL naming the limit and what to do */
export function checkSizes(bodyBytes: number, bodyBytesMax: number, properties: string): void {
  if (bodyBytes > bodyBytesMax) {
    const advice = 'send a smaller message, or raise maxMessageSize of the broker'
    throw new ProtocolError('MESSAGE_ILLEGAL', `a body of ${bodyBytes} bytes is over ${bodyBytesMax}: ${advice}`)
  }
  // Properties are mostly ASCII: only when they could be too long are they measured exactly.
  if (properties.length * 3 <= propertiesBytesMax) return
  const propertiesBytes = Buffer.byteLength(properties, 'utf8')
  if (propertiesBytes > propertiesBytesMax) {
    const remark = `properties of ${propertiesBytes} bytes are over ${propertiesBytesMax}: send fewer or shorter ones`
    throw new ProtocolError('MESSAGE_ILLEGAL', remark)
  }
}
