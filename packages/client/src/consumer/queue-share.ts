import { evenRun } from '@rocketmq-ts/base'

/**
 * The queues of one member of a group. Every member works it out for itself, from the same lists in the same order, as
 * clients of every language do: neighbouring queues stay together, and the first members get one more when they do not
 * divide.
 * @param members client ids in the order of their code units
 * @returns undefined when the member is not in the list
 */
export function queueShare<Queue>(
  queues: readonly Queue[],
  members: readonly string[],
  member: string,
): Queue[] | undefined {
  const index = members.indexOf(member)
  return index < 0 ? undefined : evenRun(queues, index, members.length)
}
