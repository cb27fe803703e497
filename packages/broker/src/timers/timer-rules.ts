import type { Random } from '@rocketmq-ts/platform'
import { type EncodedProperties, ProtocolError, propertyName } from '@rocketmq-ts/protocol'

export interface TimerLimits {
  isEnabled: boolean
  precisionMs: number
  maxDelayMs: number
  /** Messages of one time up to which all are taken. */
  countMax: number
}

export interface TimerRulesParts {
  limits(): TimerLimits
  /** Messages that are due at a time. */
  countAt(timeMs: number): number
  nowMs(): number
  random: Random
}

const chances = 1000

/** Decides when a message is delivered whose sender names a time. */
export class TimerRules {
  readonly #parts: TimerRulesParts

  constructor(parts: TimerRulesParts) {
    this.#parts = parts
  }

  /**
   * The slot of a message: it is delivered once all of the slot has passed, which is never before the time that its
   * sender named.
   * @returns milliseconds since 1970; undefined when its time has come, so that it does not wait
   * @throws ProtocolError MESSAGE_ILLEGAL for a time that is none, or too far away; SYSTEM_ERROR when so many messages
   *   are due at that time that it is not taken, or timers are switched off
   */
  outMs(properties: EncodedProperties): number | undefined {
    const { nowMs, limits } = this.#parts
    const { isEnabled, precisionMs, maxDelayMs, countMax } = limits()
    if (!isEnabled) {
      throw new ProtocolError('SYSTEM_ERROR', 'messages of any delay are switched off (timerWheelEnable)')
    }
    const now = nowMs()
    const deliverMs = askedTime(properties, now)
    if (deliverMs <= now) {
      if (!properties.has('timerDeleteUniqueKey')) return undefined
      const remark = `the message that ${propertyName.timerDeleteUniqueKey} names is due: it cannot be taken back any more`
      throw new ProtocolError('MESSAGE_ILLEGAL', remark)
    }
    if (deliverMs - now > maxDelayMs) {
      const remark =
        `the message is due in ${deliverMs - now} ms, which is over ${maxDelayMs}: ` +
        'send it with a shorter delay, or raise timerMaxDelaySec of the broker'
      throw new ProtocolError('MESSAGE_ILLEGAL', remark)
    }
    const rest = deliverMs % precisionMs
    const outMs = deliverMs - (rest === 0 ? precisionMs : rest)
    this.#refuseCrowd(outMs, countMax)
    return outMs
  }

  /** The nearer a time is to twice the number that may be due at it, the fewer are taken. */
  #refuseCrowd(outMs: number, countMax: number): void {
    const count = this.#parts.countAt(outMs)
    if (count <= countMax) return
    const share = (2 * countMax - count) / Math.max(countMax, 1)
    if (count < 2 * countMax && this.#parts.random.below(chances) < share * chances) return
    const remark =
      `${count} messages are due at that time, more than ${countMax} (timerCongestNumEachSlot): ` +
      'send it with another delay'
    throw new ProtocolError('SYSTEM_ERROR', remark)
  }
}

/** What asks for a time: of several the first counts. */
function askedName(properties: EncodedProperties): 'timerDelaySec' | 'timerDelayMs' | 'timerDeliverMs' {
  if (properties.has('timerDelaySec')) return 'timerDelaySec'
  return properties.has('timerDelayMs') ? 'timerDelayMs' : 'timerDeliverMs'
}

function askedTime(properties: EncodedProperties, nowMs: number): number {
  const name = askedName(properties)
  const number = properties.integer(name)
  if (!Number.isSafeInteger(number)) {
    const remark = `the property ${propertyName[name]} is "${properties.value(name)!.slice(0, 64)}": it must be an integer`
    throw new ProtocolError('MESSAGE_ILLEGAL', remark)
  }
  if (name === 'timerDelaySec') return nowMs + number * 1000
  return name === 'timerDelayMs' ? nowMs + number : number
}
