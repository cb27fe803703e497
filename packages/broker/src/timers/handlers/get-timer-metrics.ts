import { type commands, ProtocolError, type TimerMetrics, timerMetricsBody } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import { timersAreOff } from './get-timer-check-point.ts'

export interface GetTimerMetricsParts {
  /** Undefined when timers are switched off. */
  metrics: { readonly body: TimerMetrics } | undefined
}

/** GET_TIMER_METRICS: how many messages of each topic wait for their time. */
export function getTimerMetrics({ metrics }: GetTimerMetricsParts): Handler<typeof commands.getTimerMetrics> {
  return () => {
    if (metrics === undefined) throw new ProtocolError('SYSTEM_ERROR', timersAreOff)
    return { body: timerMetricsBody.encode(metrics.body) }
  }
}
