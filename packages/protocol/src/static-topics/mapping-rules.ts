import type { LogicQueueMappingItem, TopicQueueMappingDetail } from '../bodies/index.ts'
import { logicalQueuesMax } from './logical-queues.ts'
import { endInMapping, isDecided, type LogicQueue, leaderItem } from './mapping-items.ts'

/** What is wrong with a list of items; undefined when it can be a logical queue. */
export function itemsProblem(items: LogicQueue): string | undefined {
  for (const [index, item] of items.entries()) {
    const problem = itemProblem(item)
    if (problem !== undefined) return `the item of generation ${item.gen} ${problem}`
    const next = items[index + 1]
    if (next === undefined) continue
    if (!isDecided(item))
      return `the item of generation ${item.gen} has no logicOffset, and only the last one may lack it`
    if (next.gen <= item.gen) return `generation ${next.gen} stands behind generation ${item.gen}: they must ascend`
    if (isDecided(next) && (next.logicOffset <= item.logicOffset || next.logicOffset <= endInMapping(item))) {
      return `the item of generation ${next.gen} begins at ${next.logicOffset}, where the one before it has not ended`
    }
  }
  return undefined
}

function itemProblem({ gen, queueId, bname, startOffset, endOffset }: LogicQueueMappingItem): string | undefined {
  if (gen < 0 || queueId < 0 || startOffset < 0) return 'has a number below 0'
  if (bname === undefined || bname === '') return 'names no broker'
  if (endOffset !== -1 && endOffset < startOffset) return `ends at ${endOffset}, before it starts at ${startOffset}`
  return undefined
}

/**
 * The mapping that a broker has after it was given another one. Logical queues that the other one does not name stay as
 * they were.
 * @param force whether an administrator wants the other one whatever the one before says
 * @returns what is wrong, as a text, when it may not take the place of the one before
 */
export function replacedMapping(
  next: TopicQueueMappingDetail,
  before: TopicQueueMappingDetail | undefined,
  force: boolean,
): TopicQueueMappingDetail | string {
  const { totalQueues } = next
  if (totalQueues < 0 || totalQueues > logicalQueuesMax)
    return `it has ${totalQueues} queues: ${logicalQueuesMax} may be`
  for (const [id, items] of next.hostedQueues) {
    if (id < 0 || id >= totalQueues) return `it has no logical queue ${id}: it says that there are ${totalQueues}`
    const problem = items.length === 0 ? 'there is no item' : itemsProblem(items)
    if (problem !== undefined) return `logical queue ${id}: ${problem}`
  }
  if (before === undefined) return sharingProblem(next.hostedQueues) ?? next
  const kept = force ? next : { ...next, hostedQueues: withDecided(next.hostedQueues, before.hostedQueues) }
  const merged = { ...kept, hostedQueues: new Map([...before.hostedQueues, ...kept.hostedQueues]) }
  const problem = sharingProblem(merged.hostedQueues) ?? (force ? undefined : successionProblem(kept, before))
  return problem ?? merged
}

/** Messages of two logical queues in one queue of a broker could not be told apart. */
function sharingProblem(hostedQueues: HostedQueues): string | undefined {
  const logicalIds = new Map<string, number>()
  for (const [id, items] of hostedQueues) {
    for (const { bname, queueId } of items) {
      const place = `${queueId} of ${bname}`
      const other = logicalIds.get(place) ?? id
      if (other !== id) return `the logical queues ${other} and ${id} share queue ${place}`
      logicalIds.set(place, id)
    }
  }
  return undefined
}

type HostedQueues = TopicQueueMappingDetail['hostedQueues']

/** Where an item begins stays decided: whoever repeats a move begins as if it was not. */
function withDecided(next: HostedQueues, before: HostedQueues): HostedQueues {
  return new Map(
    [...next].map(([id, items]) => [
      id,
      items.map((item) => {
        const known = isDecided(item) ? undefined : before.get(id)?.find(({ gen }) => gen === item.gen)
        return known === undefined ? item : { ...item, logicOffset: known.logicOffset }
      }),
    ]),
  )
}

function successionProblem(next: TopicQueueMappingDetail, before: TopicQueueMappingDetail): string | undefined {
  if (next.epoch < before.epoch) return `its epoch ${next.epoch} is below ${before.epoch}, which the broker has`
  if (next.scope !== before.scope) return `its scope ${next.scope} is not ${before.scope}, which the broker has`
  const isSameEpoch = next.epoch === before.epoch
  for (const [id, items] of before.hostedQueues) {
    const nextItems = next.hostedQueues.get(id)
    if (nextItems === undefined) {
      if (isSameEpoch) return `it lacks the logical queue ${id}, which the broker has in the same epoch`
      continue
    }
    const changed = items.find((item) => {
      const same = nextItems.find(({ gen }) => gen === item.gen)
      return same !== undefined && !isSameItem(same, item)
    })
    if (changed !== undefined) return `logical queue ${id}: the item of generation ${changed.gen} may not change`
    if (isSameEpoch && leaderItem(nextItems)?.gen !== leaderItem(items)?.gen) {
      return `logical queue ${id}: another broker or queue takes its messages, though the epoch is the same`
    }
  }
  return undefined
}

/** Where an item begins in the logical queue may be decided once. */
function isSameItem(next: LogicQueueMappingItem, before: LogicQueueMappingItem): boolean {
  return (
    next.bname === before.bname &&
    next.queueId === before.queueId &&
    next.startOffset === before.startOffset &&
    (next.logicOffset === before.logicOffset || !isDecided(before))
  )
}
