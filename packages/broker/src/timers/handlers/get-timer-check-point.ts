import { type commands, ProtocolError } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'

export interface GetTimerCheckPointParts {
  /** Undefined when timers are switched off. */
  timers: { readonly checkpointBytes: Buffer } | undefined
}

/** GET_TIMER_CHECK_POINT: how far the timer got, as it is kept in the file config/timercheck. */
export function getTimerCheckPoint(parts: GetTimerCheckPointParts): Handler<typeof commands.getTimerCheckPoint> {
  return () => {
    if (parts.timers === undefined) throw new ProtocolError('SYSTEM_ERROR', timersAreOff)
    return { body: parts.timers.checkpointBytes }
  }
}

export const timersAreOff = 'messages of any delay are switched off (timerWheelEnable)'
