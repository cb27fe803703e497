import type { commands } from '@rocketmq-ts/protocol'
import type { Handler } from '@rocketmq-ts/remoting'
import type { HeldPops } from '../held-pops.ts'
import { checkedTopic, type PopCheckParts } from '../pop-checks.ts'

export interface PollingInfoParts extends PopCheckParts {
  held: Pick<HeldPops, 'countOf'>
}

/** POLLING_INFO: how many POP requests of a group wait for messages of a topic, of one queue or, with -1, of any. */
export function pollingInfo(parts: PollingInfoParts): Handler<typeof commands.pollingInfo> {
  return (header) => {
    checkedTopic(header, parts)
    const { topic, consumerGroup, queueId } = header
    return { header: { pollingNum: parts.held.countOf(topic, consumerGroup, Math.max(-1, queueId)) } }
  }
}
