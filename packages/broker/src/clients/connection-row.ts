import type { Connection } from '@rocketmq-ts/protocol'
import type { ClientConnection } from './index.ts'

/** A connection as administrators see it. */
export function connectionRow({ clientId, link, language, version }: ClientConnection): Connection {
  return { clientId, clientAddr: link.remoteAddress, language, version }
}
