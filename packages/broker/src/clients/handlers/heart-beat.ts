import { type commands, heartbeatBody } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import type { ClientRegistry } from '../index.ts'

export interface HeartBeatParts {
  clients: Pick<ClientRegistry, 'heartbeat'>
}

/** HEART_BEAT: a client tells its groups and subscriptions. */
export function heartBeat(parts: HeartBeatParts): Handler<typeof commands.heartBeat> {
  return (_header, call) => {
    const { language, version } = call.request
    const source = { link: call.connection, language, version }
    const isChanged = parts.clients.heartbeat(heartbeatBody.decode(call.body), source)
    return { header: { IS_SUPPORT_HEART_BEAT_V2: true, IS_SUB_CHANGE: isChanged } }
  }
}
