import { encodeHost } from '@rocketmq-ts/protocol'
import { parseAddress, type RemotingConnection } from '@rocketmq-ts/remoting'

const encodedHost = Symbol('encodedHost')

/** The peer's address as records hold it, worked out once a connection. */
export function bornHostOf(connection: RemotingConnection): Buffer {
  const known = connection.attributes.get(encodedHost)
  if (known !== undefined) return known as Buffer
  const { host, port } = parseAddress(connection.remoteAddress)
  const bytes = encodeHost(host, port)
  connection.attributes.set(encodedHost, bytes)
  return bytes
}
